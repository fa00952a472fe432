package app

import (
	"errors"
	"slices"
	"strings"

	"defenderbot/defender"
)

// credential takes the first of the three ways to prove who the bot is, and warns where
// there is more than one: the platform may set one by itself, as the webhook of AKS does,
// and what was meant is used then only by its place in the order.
func (r *reader) credential(e Env) defender.Credential {
	kinds := []struct{ variable, value string }{
		{"AZURE_CLIENT_SECRET", e.ClientSecret},
		{"AZURE_CLIENT_SECRET_FILE", e.ClientSecretFile},
		{"AZURE_CLIENT_CERTIFICATE_PATH", e.ClientCertificate},
		{"AZURE_FEDERATED_TOKEN_FILE", e.FederatedTokenFile},
	}
	var set []string
	for _, k := range kinds {
		if k.value != "" {
			set = append(set, k.variable)
		}
	}
	if len(set) == 0 {
		r.wrong(kinds[0].variable, "is required, or one of AZURE_CLIENT_SECRET_FILE, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE")
		return defender.Credential{}
	}
	others := slices.DeleteFunc(slices.Clone(set[1:]), func(s string) bool { return s == "AZURE_CLIENT_SECRET_FILE" }) // both: an error
	if len(others) > 0 {
		r.warn(set[0], "is used; also set, but ignored: %s; keep only one of them", strings.Join(others, ", "))
	}
	switch set[0] {
	case "AZURE_CLIENT_CERTIFICATE_PATH":
		return r.usable(set[0], defender.Certificate(e.ClientCertificate))
	case "AZURE_FEDERATED_TOKEN_FILE":
		return r.usable(set[0], defender.FederatedTokenFile(e.FederatedTokenFile))
	}
	secret := r.secret("AZURE_CLIENT_SECRET", e.ClientSecret, e.ClientSecretFile)
	if guid.MatchString(secret) { // https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials
		r.warn(set[0], "is a GUID, as the id of a secret is; the bot needs its value, which Entra shows only once, when the secret is created")
	}
	return defender.Secret(secret)
}

// usable takes a credential whose file holds what it should. It is read again for
// each token, because it is replaced while the program runs.
func (r *reader) usable(name string, c defender.Credential) defender.Credential {
	if err := c.Check(r.now); err != nil {
		r.wrong(name, "%v", errors.Unwrap(err)) // without its path
	}
	return c
}
