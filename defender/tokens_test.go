package defender_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// refusalOfToken is an error as the token endpoint writes it.
func refusalOfToken(code, description string) string {
	b, err := json.Marshal(map[string]any{"error": code, "error_description": description, "error_codes": []int{1}})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// issuer is a token endpoint that numbers its tokens.
type issuer struct {
	mu      sync.Mutex
	asked   []time.Time
	life    string // the JSON of expires_in
	failing bool
	slow    time.Duration // how long an answer takes, in a bubble's time
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.asked = append(i.asked, time.Now())
	n, life, failing, slow := len(i.asked), i.life, i.failing, i.slow
	i.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if failing {
		return canned(503, "")(r)
	}
	return canned(200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":%s,"access_token":"t%d"}`, life, n))(r)
}

// fail switches failing on or off.
func (i *issuer) fail(on bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failing = on
}

// since is when each request came, counted from a moment.
func (i *issuer) since(start time.Time) []time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	var all []time.Duration
	for _, at := range i.asked {
		all = append(all, at.Sub(start))
	}
	return all
}

// TestTokenRequest holds the wire to Microsoft's page.
func TestTokenRequest(t *testing.T) {
	var got url.Values
	var address string
	tokens := tokensOf(t, trip(func(r *http.Request) (*http.Response, error) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if got, err = url.ParseQuery(string(b)); err != nil {
			return nil, err
		}
		address = r.Method + " " + r.URL.String() + " " + r.Header.Get("Content-Type") + r.Header.Get("Authorization")
		return canned(200, `{"token_type":"Bearer","expires_in":3599,"access_token":"t1"}`)(r)
	}), time.Now)
	access, err := tokens.Get(t.Context())
	if err != nil || access != "t1" {
		t.Fatalf("Get = %q, %v", access, err)
	}
	want := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"client"}, "client_secret": {clientSecret},
		"scope": {"https://api.example/.default"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	if want := "POST https://login.example/tenant/oauth2/v2.0/token application/x-www-form-urlencoded"; address != want {
		t.Errorf("request = %s, want %s", address, want)
	}
}

// running runs the tokens until stop is called.
func running(t *testing.T, tokens *defender.Tokens) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tokens.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// TestDiscard leads to one fresh token for each token refused, at once.
func TestDiscard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, i := time.Now(), &issuer{life: "3600"}
		tokens := tokensOf(t, i, time.Now)
		stop := running(t, tokens)
		synctest.Wait()
		time.Sleep(time.Minute)
		for range 3 {
			tokens.Discard("t1")
			tokens.Discard("")
			tokens.Discard("another")
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		stop()
		if diff := cmp.Diff([]time.Duration{0, time.Minute}, i.since(start)); diff != "" {
			t.Errorf("asked at (-want +got):\n%s", diff)
		}
		if access, ok := tokens.Current(); !ok || access != "t2" {
			t.Errorf("Current = %q, %v", access, ok)
		}
	})
}

// TestGetShared makes one request for all who ask at once; one of them gives up early
// and takes nothing from the others.
func TestGetShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, i := time.Now(), &issuer{life: "3600", slow: 10 * time.Second}
		tokens := tokensOf(t, i, time.Now)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		gaveUp := make(chan error, 1)
		go func() {
			_, err := tokens.Get(impatient)
			gaveUp <- err
		}()
		synctest.Wait() // It is the impatient one whose request all share.
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if access, err := tokens.Get(t.Context()); err != nil || access != "t1" {
					t.Errorf("Get = %q, %v", access, err)
				}
			})
		}
		wg.Wait()
		if err := <-gaveUp; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the impatient one got %v", err)
		}
		if diff := cmp.Diff([]time.Duration{0}, i.since(start)); diff != "" {
			t.Errorf("asked at (-want +got):\n%s", diff)
		}
	})
}

// TestTokenLimit gives up on an endpoint that never answers.
func TestTokenLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		tokens := tokensOf(t, &issuer{life: "3600", slow: time.Hour}, time.Now)
		_, err := tokens.Get(t.Context())
		if err == nil || time.Since(start) != 15*time.Second {
			t.Errorf("Get = %v after %v, want an error after 15s", err, time.Since(start))
		}
		synctest.Wait()
	})
}

// TestTokenErrors says what Microsoft says, and no secret.
func TestTokenErrors(t *testing.T) {
	long := "AADSTS70011: The provided value for scope is not valid. " + strings.Repeat("x", 1000)
	for _, tt := range []struct {
		name string
		via  http.RoundTripper
		want string
	}{
		{"refused", canned(400, refusalOfToken("invalid_scope", "AADSTS70011: not valid\r\nTrace ID: 1")), "no token: HTTP 400 invalid_scope: AADSTS70011: not valid Trace ID: 1"},
		{"echo", canned(401, refusalOfToken("invalid_client", "AADSTS7000215: "+clientSecret)), "no token: HTTP 401 invalid_client: AADSTS7000215: [redacted]"},
		{"long", canned(400, refusalOfToken("invalid_scope", long)), "no token: HTTP 400 invalid_scope: " + long[:500] + "…"},
		{"success that is none", canned(200, refusalOfToken("unauthorized_client", "AADSTS700016: no")), "no token: HTTP 200 unauthorized_client: AADSTS700016: no"},
		{"redirect", canned(307, clientSecret), "no token: HTTP 307"},
		{"down", canned(503, "<html>"+clientSecret), "no token: HTTP 503"},
		{"network", trip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }), "no token: no route"},
		{"no token", canned(200, `{}`), "no token: oauth2: server response missing access_token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tokensOf(t, tt.via, time.Now).Get(t.Context())
			if err == nil || err.Error() != tt.want {
				t.Fatalf("Get = %v\nwant %s", err, tt.want)
			}
			leaksNothing(t, err)
		})
	}
}

// TestTokensString prints tokens in every way.
func TestTokensString(t *testing.T) {
	tokens := tokensOf(t, canned(200, `{"expires_in":3599,"access_token":"`+accessToken+`"}`), time.Now)
	if _, err := tokens.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "tokens", tokens)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "tokens", tokens)
	fmt.Fprintf(&b, "%v %+v %#v %s %d %x", tokens, tokens, tokens, tokens, tokens, tokens)
	if s := b.String(); strings.Contains(s, accessToken) || strings.Contains(s, clientSecret) {
		t.Errorf("it leaks: %s", s)
	}
	if got := fmt.Sprint(tokens); got != "tokens by client secret" {
		t.Errorf("printed %q", got)
	}
}

// TestTokenErrorSays tells trouble of the login service from a credential that it
// refuses or that cannot be used.
func TestTokenErrorSays(t *testing.T) {
	for _, tt := range []struct {
		err     defender.TokenError
		passing bool
		want    string
	}{
		{defender.TokenError{Status: 401, Code: "invalid_client", AADSTS: "AADSTS7000222"}, false, "the client secret has expired (AADSTS7000222)"},
		{defender.TokenError{Status: 400, Code: "invalid_scope", AADSTS: "AADSTS70011"}, false, "invalid_scope AADSTS70011"},
		{defender.TokenError{Status: 307}, true, "HTTP 307"},
		{defender.TokenError{Status: 404}, true, "HTTP 404"},
		{defender.TokenError{Status: 503}, true, "HTTP 503"},
		{defender.TokenError{Status: 429, Code: "x"}, true, "x"},
		{defender.TokenError{Status: 400, Code: "temporarily_unavailable"}, true, "temporarily_unavailable"},
		{defender.TokenError{Err: context.DeadlineExceeded}, true, "no answer in time"},
		{defender.TokenError{Err: &net.DNSError{}}, true, "its host name cannot be looked up"},
		{defender.TokenError{Unusable: true, Err: errors.New("key.pem: it has no private key")}, false, "key.pem: it has no private key"},
	} {
		if tt.err.Passing() != tt.passing || tt.err.Says() != tt.want {
			t.Errorf("%v: passing %t, says %q; want %t, %q", &tt.err, tt.err.Passing(), tt.err.Says(), tt.passing, tt.want)
		}
	}
}

func TestNewTokensRefuses(t *testing.T) {
	whole := defender.TokenConfig{TokenURL: "u", ClientID: "c", Scope: "s", Credential: defender.Secret("x"), Now: time.Now}
	for name, change := range map[string]func(*defender.TokenConfig){
		"address":    func(c *defender.TokenConfig) { c.TokenURL = "" },
		"client":     func(c *defender.TokenConfig) { c.ClientID = "" },
		"scope":      func(c *defender.TokenConfig) { c.Scope = "" },
		"credential": func(c *defender.TokenConfig) { c.Credential = defender.Credential{} },
		"clock":      func(c *defender.TokenConfig) { c.Now = nil },
	} {
		cfg := whole
		change(&cfg)
		if _, err := defender.NewTokens(cfg); err == nil {
			t.Errorf("no %s: NewTokens takes it", name)
		}
	}
}

func TestTokenURL(t *testing.T) {
	want := "https://login.microsoftonline.us/a%2Fb/oauth2/v2.0/token"
	if got := defender.TokenURL("https://login.microsoftonline.us/", "a/b"); got != want {
		t.Errorf("TokenURL = %s, want %s", got, want)
	}
}

func TestRoles(t *testing.T) {
	token := func(claims string) string { return "h." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s" }
	for access, want := range map[string]struct {
		roles    []string
		readable bool
	}{
		token(`{"roles":["Machine.Read.All","Alert.ReadWrite.All"]}`): {[]string{"Machine.Read.All", "Alert.ReadWrite.All"}, true},
		token(`{"aud":"x"}`): {nil, true}, token(`{`): {}, "opaque": {}, "a.*.b": {}, "": {},
	} {
		roles, readable := defender.Roles(access)
		if diff := cmp.Diff(want.roles, roles); diff != "" || readable != want.readable {
			t.Errorf("Roles(%s) is readable %v, want %v (-want +got):\n%s", access, readable, want.readable, diff)
		}
	}
}

// TestTokenRequestRedirect keeps the secret from going to another place.
func TestTokenRequestRedirect(t *testing.T) {
	asked := 0
	tokens := tokensOf(t, trip(func(r *http.Request) (*http.Response, error) {
		asked++
		resp, err := canned(http.StatusTemporaryRedirect, "")(r)
		resp.Header.Set("Location", "https://u:p@elsewhere.example/login?code="+clientSecret+"#"+clientSecret)
		return resp, err
	}), time.Now)
	_, err := tokens.Get(t.Context())
	if err == nil || asked != 1 {
		t.Fatalf("Get = %v after %d requests, want an error after 1", err, asked)
	}
	leaksNothing(t, err)
	const target = "https://elsewhere.example/login"
	e, is := errors.AsType[*defender.TokenError](err)
	if !is || e.Says() != "HTTP 307, which leads to "+target || err.Error() != "no token: HTTP 307: it leads to "+target+", and redirects are not followed" {
		t.Errorf("Get = %v, and says %q", err, e.Says())
	}
}
