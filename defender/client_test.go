package defender_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
)

func TestNewRefuses(t *testing.T) {
	tokens := tokensOf(t, canned(200, `{}`), time.Now)
	for name, cfg := range map[string]defender.Config{
		"no address":  {Tokens: tokens, Now: time.Now},
		"no scheme":   {BaseURL: "api.security.microsoft.com", Tokens: tokens, Now: time.Now},
		"other":       {BaseURL: "ftp://api.example", Tokens: tokens, Now: time.Now},
		"password":    {BaseURL: "https://u:" + clientSecret + "@api.example", Tokens: tokens, Now: time.Now},
		"unreadable":  {BaseURL: "https://u:" + clientSecret + "@api.example:x%", Tokens: tokens, Now: time.Now},
		"query":       {BaseURL: "https://api.example?a=b", Tokens: tokens, Now: time.Now},
		"fragment":    {BaseURL: "https://api.example#a", Tokens: tokens, Now: time.Now},
		"no tokens":   {BaseURL: "https://api.example", Now: time.Now},
		"no clock":    {BaseURL: "https://api.example", Tokens: tokens},
		"only a host": {BaseURL: "https:///api", Tokens: tokens, Now: time.Now},
	} {
		if _, err := defender.New(cfg); err == nil {
			t.Errorf("%s: New takes it", name)
		} else {
			leaksNothing(t, err)
		}
	}
}

// TestReadyFails says why there is no token, and that nothing was sent.
func TestReadyFails(t *testing.T) {
	description := "AADSTS7000215: Invalid client secret provided: " + clientSecret + "\r\nTrace ID: 1"
	body := strings.Replace(refusalOfToken("invalid_client", description), "\r", "", 1)
	c, err := defender.New(defender.Config{
		BaseURL: "http://defender.invalid", Now: time.Now,
		Tokens: tokensOf(t, canned(http.StatusUnauthorized, body), time.Now),
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	err = c.Ready(t.Context())
	failed(t, err, defender.NotSent)
	e, ok := errors.AsType[*defender.TokenError](err)
	if !ok || e.AADSTS != "AADSTS7000215" || e.Code != "invalid_client" || e.Status != http.StatusUnauthorized {
		t.Errorf("error = %#v", e)
	}
	_, err = c.Device(t.Context(), device40)
	failed(t, err, defender.NotSent)
	_, err = c.Start(t.Context(), order(t, "collect", device40))
	failed(t, err, defender.NotSent)
}

// TestUnauthenticatedDiscards gives up a token once, however often it was refused.
func TestUnauthenticatedDiscards(t *testing.T) {
	r := setup(t, answers(http.StatusUnauthorized, refusal("Unauthorized", "expired")))
	_, err := r.Start(t.Context(), order(t, "collect", device40))
	failed(t, err, defender.Unauthenticated)
	if _, ok := r.tokens.Current(); ok {
		t.Error("the refused token is still in hand")
	}
}

// TestLicenceToken asks for no new token where the token is not the reason.
func TestLicenceToken(t *testing.T) {
	r := setup(t, answers(http.StatusUnauthorized, refusal("Unauthorized", "reason of failure: No Tvm license")))
	_, err := r.Device(t.Context(), device40)
	failed(t, err, defender.Licence)
	if _, ok := r.tokens.Current(); !ok {
		t.Error("the token is gone")
	}
}

// TestMissingRoleOldToken makes a role that was granted meanwhile work soon, and
// asks for no token again and again while it is not.
func TestMissingRoleOldToken(t *testing.T) {
	for age, want := range map[time.Duration]bool{time.Minute: true, 6 * time.Minute: false} {
		c := newClock()
		r := setup(t, answers(http.StatusForbidden, refusal("Forbidden", "Missing application roles. API required roles: A.B.")))
		r.connect(t, defender.Config{BaseURL: r.server.URL, Now: c.Now})
		c.Advance(age)
		_, err := r.Device(t.Context(), device40)
		failed(t, err, defender.MissingRole)
		if _, ok := r.tokens.Current(); ok != want {
			t.Errorf("a token %v old: in hand %v, want %v", age, ok, want)
		}
	}
}

// TestReadsEnd ends a read with its context.
func TestReadsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := setup(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := r.DevicesNamed(ctx, "web1")
	failed(t, err, defender.OutcomeUnknown)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not say that it was cancelled", err)
	}
}

// TestReadsBounded reads no more than it can hold.
func TestReadsBounded(t *testing.T) {
	r := setup(t, answers(http.StatusOK, `{"value":[{"id":"`+strings.Repeat("x", 9<<20)+`"}]}`))
	_, err := r.DevicesNamed(t.Context(), "web1")
	failed(t, err, defender.BadAnswer)
}
