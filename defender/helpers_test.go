package defender_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"defenderbot/defender"
	"defenderbot/internal/testclock"
)

// The secrets of these tests. None of them may ever be in an error.
const (
	accessToken  = "access.token-that-must-not-get.out"
	clientSecret = "client-secret-that-must-not-get-out"
)

// The devices of the two examples on the vendor's pages.
const (
	device40 = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	device32 = "fb9ab6be3965095a09c057be7c90f0a2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seen is one request as a server got it.
type seen struct {
	Method, Path, Query, Body, Proto string
	Header                           http.Header
}

// rig is a client with a token in hand, and the server it speaks to.
type rig struct {
	*defender.Client
	tokens *defender.Tokens
	server *httptest.Server

	mu       sync.Mutex
	requests []seen
}

// setup starts a server that answers with the handler, and a client for it.
func setup(t *testing.T, handler http.HandlerFunc) *rig {
	t.Helper()
	r := &rig{}
	r.server = httptest.NewServer(r.recording(handler))
	t.Cleanup(r.server.Close)
	r.connect(t, defender.Config{BaseURL: r.server.URL, Now: time.Now})
	return r
}

// recording keeps each request before it is answered.
func (r *rig) recording(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		r.mu.Lock()
		r.requests = append(r.requests, seen{req.Method, req.URL.EscapedPath(), req.URL.RawQuery, string(body), req.Proto, req.Header})
		r.mu.Unlock()
		next(w, req)
	}
}

// all returns the requests so far.
func (r *rig) all() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]seen(nil), r.requests...)
}

// connect makes the client, with a token in hand.
func (r *rig) connect(t *testing.T, cfg defender.Config) {
	t.Helper()
	r.tokens = tokensOf(t, canned(200, `{"token_type":"Bearer","expires_in":3599,"access_token":"`+accessToken+`"}`), cfg.Now)
	cfg.Tokens, cfg.UserAgent = r.tokens, "defenderbot/test"
	c, err := defender.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r.Client = c
	if err := c.Ready(t.Context()); err != nil {
		t.Fatalf("Ready: %v", err)
	}
}

// order is a valid order that may be sent for an hour.
func order(t *testing.T, action, device string) defender.Order {
	t.Helper()
	a, ok := defender.Actions().Named(action)
	if !ok {
		t.Fatalf("no action %q", action)
	}
	return defender.Order{Action: a, DeviceID: device, Comment: "why", NotAfter: time.Now().Add(time.Hour)}
}

// answers is a handler with one answer for everything.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// trip is a transport made of a function.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// canned is a transport with one answer for everything.
func canned(status int, body string) trip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			Status: http.StatusText(status), StatusCode: status, Request: r,
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

// tokensOf makes tokens from a transport.
func tokensOf(t *testing.T, via http.RoundTripper, now func() time.Time) *defender.Tokens {
	t.Helper()
	tokens, err := defender.NewTokens(defender.TokenConfig{
		TokenURL:   defender.TokenURL("https://login.example", "tenant"),
		ClientID:   "client",
		Scope:      "https://api.example/.default",
		Credential: defender.Secret(clientSecret),
		Now:        now,
		Transport:  via,
	})
	if err != nil {
		t.Fatalf("NewTokens: %v", err)
	}
	return tokens
}

// failed checks the cause of an error, and that it leaks nothing.
func failed(t *testing.T, err error, want defender.Cause) *defender.Error {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v", want)
	}
	leaksNothing(t, err)
	if got := defender.CauseOf(err); got != want {
		t.Errorf("cause of %v = %v, want %v", err, got, want)
	}
	e, ok := errors.AsType[*defender.Error](err)
	if !ok {
		t.Fatalf("error is %T, want *defender.Error", err)
	}
	return e
}

// leaksNothing prints an error and all below it in every way and looks for secrets.
func leaksNothing(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		encoded, jsonErr := json.Marshal(e)
		if jsonErr != nil {
			t.Fatalf("marshal %T: %v", e, jsonErr)
		}
		for _, text := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), string(encoded)} {
			for _, secret := range []string{accessToken, clientSecret, "$filter", "sig=", "eyJ"} {
				if strings.Contains(text, secret) {
					t.Errorf("%T leaks %q: %s", e, secret, text)
				}
			}
		}
	}
}

// row is a device in a list.
func row(id, name, lastSeen string) string {
	return fmt.Sprintf(`{"id":%q,"computerDnsName":%q,"lastSeen":%q}`, id, name, lastSeen)
}

// newClock starts at a fixed time.
func newClock() *testclock.Clock { return testclock.New(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) }

// clientTransport is the transport that trusts the test server.
func clientTransport(t *testing.T, s *httptest.Server) *http.Transport {
	t.Helper()
	transport, ok := s.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the test server's client has another transport")
	}
	return transport.Clone()
}

// refusal writes a body as the vendor's page on errors has it.
func refusal(code, message string) string {
	fields := map[string]string{"code": code, "message": message, "target": "43f4cb08-8fac-4b65-9db1-745c2ae65f3a"}
	b, err := json.Marshal(map[string]any{"error": fields})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// startedCollection has the fields of a real answer, with its 7 digits of a second.
const startedCollection = `{
	"@odata.context": "https://api.securitycenter.microsoft.com/api/$metadata#MachineActions/$entity",
	"id": "92452beb-ef01-42df-852d-84b34ef83425",
	"type": "CollectInvestigationPackage",
	"title": null,
	"requestor": "defenderbot",
	"requestorComment": "why",
	"status": "Pending",
	"machineId": "fb9ab6be3965095a09c057be7c90f0a2",
	"computerDnsName": "desktop-test",
	"creationDateTimeUtc": "2024-01-24T01:36:28.7283693Z",
	"lastUpdateDateTimeUtc": "2024-01-24T01:36:28.7283702Z",
	"cancellationRequestor": null,
	"cancellationComment": null,
	"cancellationDateTimeUtc": null,
	"errorHResult": 0,
	"scope": null,
	"externalId": null,
	"requestSource": "PublicApi",
	"relatedFileInfo": null,
	"commands": [],
	"troubleshootInfo": null
}`

// cut answers and ends the connection in the middle of the body.
func cut(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// redirect leads back to the same server, where it would be seen.
func redirect(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/api/elsewhere", status) }
}
