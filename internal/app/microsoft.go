package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"defenderbot/defender"
)

// meetMicrosoft makes what speaks to Entra and Defender. It asks nobody.
func (a *App) meetMicrosoft(p *parts) (err error) {
	c, clock := a.config, a.options.Clock
	p.tokens, err = defender.NewTokens(defender.TokenConfig{
		TokenURL: defender.TokenURL(c.Cloud.Authority, c.Tenant), ClientID: c.ClientID, Scope: c.Cloud.Scope,
		Credential: c.Credential, Now: clock, Log: a.options.Log, Observe: a.watch.traffic.entraAsked,
	})
	if err != nil {
		return fmt.Errorf("tokens: %w", err)
	}
	p.client, err = defender.New(defender.Config{
		BaseURL: c.Cloud.BaseURL, Tokens: p.tokens, Now: clock, UserAgent: "defenderbot/" + a.options.Version,
		Observe: a.watch.traffic.defenderAsked,
	})
	if err != nil {
		return fmt.Errorf("defender: %w", err)
	}
	return nil
}

// entraStands is an error where Entra does not take what the bot proves itself with, or has
// not answered yet. That Entra cannot be reached keeps nobody from asking and deciding: calls
// wait for it.
func entraStands(tokens *defender.Tokens) (detail string, err error) {
	err = tokens.Standing()
	if refused, is := errors.AsType[*defender.TokenError](err); is && refused.Passing() {
		return "no token, so calls wait: " + cmp.Or(refused.Says(), "Entra cannot be reached"), nil
	}
	return "", err
}

const (
	mendEntra = "check that this host can reach AZURE_AUTHORITY_HOST (through HTTPS_PROXY, if that is set), and whether Entra is up"
	mendProof = "check that AZURE_TENANT_ID, AZURE_CLIENT_ID and the credential belong to the same app registration in Entra"
)

// mendToken is what an operator does where there is no token; empty: err is about something
// else. The numbers are Microsoft's
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func mendToken(err error) string {
	refused, is := errors.AsType[*defender.TokenError](err)
	switch {
	case !is:
		return ""
	case refused.Unusable:
		return "fix the file; the bot reads it again for each token, so no restart is needed"
	case refused.Status == http.StatusTooManyRequests:
		return "wait: Entra has been asked too often; the bot asks again as soon as it may"
	case refused.Passing():
		return mendEntra
	}
	return cmp.Or(mendsByNumber()[refused.AADSTS], mendProof)
}

// mendsByNumber are what an operator does about the numbers that a set-up meets.
func mendsByNumber() map[string]string {
	federated := "check that issuer, subject and audience of the app registration's federated credential match the token's"
	return map[string]string{
		"AADSTS7000215": "put the value of a client secret (not its id) into AZURE_CLIENT_SECRET or its file, and restart",
		"AADSTS7000222": "make a new client secret in Entra, put it into AZURE_CLIENT_SECRET or its file, and restart",
		"AADSTS700016":  "check that AZURE_CLIENT_ID is the application (client) id, and AZURE_TENANT_ID the tenant that it is registered in",
		"AADSTS90002":   "check that AZURE_TENANT_ID is right, and that DEFENDER_CLOUD or AZURE_AUTHORITY_HOST is the tenant's cloud",
		"AADSTS700027":  "upload the certificate to the app registration, or give the bot one that is registered there",
		"AADSTS700024":  "synchronise this host's clock (NTP): by Entra's, the assertion is not valid yet or no longer",
		"AADSTS70021":   federated,
		"AADSTS700213":  federated,
		"AADSTS70025":   "add a federated credential to the app registration",
		"AADSTS70011":   "check that DEFENDER_SCOPE and DEFENDER_CLOUD are those of the tenant's cloud",
		"AADSTS500011":  "check that DEFENDER_SCOPE and DEFENDER_CLOUD are those of the tenant's cloud, and that the tenant has Defender for Endpoint",
	}
}
