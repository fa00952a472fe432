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
	"slices"
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

// TestTokenTimes reads lives as they come, and uses a token only while it lasts.
func TestTokenTimes(t *testing.T) {
	for life, last := range map[string]time.Duration{
		"3599": 3599*time.Second - 30*time.Second, `"3600"`: time.Hour - 30*time.Second, "8": 6 * time.Second,
		"0": 270 * time.Second, "-1": 270 * time.Second, "null": 270 * time.Second, "999999999": 24*time.Hour - 30*time.Second,
	} {
		c := newClock()
		tokens := tokensOf(t, &issuer{life: life}, c.Now)
		if _, ok := tokens.Current(); ok {
			t.Errorf("%s: a token in hand before any was asked for", life)
		}
		if _, err := tokens.Get(t.Context()); err != nil {
			t.Errorf("%s: %v", life, err)
			continue
		}
		c.Advance(last - time.Nanosecond)
		if access, ok := tokens.Current(); !ok || access != "t1" {
			t.Errorf("%s: Current just before its last use = %q, %v", life, access, ok)
		}
		c.Advance(time.Nanosecond)
		if _, ok := tokens.Current(); ok {
			t.Errorf("%s: still in hand %v after it came", life, last)
		}
		if access, err := tokens.Get(t.Context()); err != nil || access != "t2" {
			t.Errorf("%s: Get = %q, %v, want a fresh one", life, access, err)
		}
	}
}

// TestRun renews at 5 minutes before the end, or at half its life.
func TestRun(t *testing.T) {
	for life, every := range map[string]time.Duration{"3600": 55 * time.Minute, "60": 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			start, i := time.Now(), &issuer{life: life}
			tokens := tokensOf(t, i, time.Now)
			stop := running(t, tokens)
			time.Sleep(2*every + time.Second)
			stop()
			if diff := cmp.Diff([]time.Duration{0, every, 2 * every}, i.since(start)); diff != "" {
				t.Errorf("%s: asked at (-want +got):\n%s", life, diff)
			}
			if access, ok := tokens.Current(); !ok || access != "t3" {
				t.Errorf("%s: Current = %q, %v", life, access, ok)
			}
		})
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

// TestRunBackOff keeps the old token in use while no new one comes.
func TestRunBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, i := time.Now(), &issuer{life: "3600"}
		tokens := tokensOf(t, i, time.Now)
		stop := running(t, tokens)
		synctest.Wait()
		i.fail(true)
		time.Sleep(58 * time.Minute)
		if access, ok := tokens.Current(); !ok || access != "t1" {
			t.Errorf("Current = %q, %v, want the old token", access, ok)
		}
		i.fail(false)
		time.Sleep(5 * time.Minute)
		stop()
		var got []time.Duration
		for _, at := range i.since(start)[1:] {
			got = append(got, at-55*time.Minute)
		}
		want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}
		for k := range want {
			want[k] *= time.Second
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("asked after 55 minutes and (-want +got):\n%s", diff)
		}
	})
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

// TestGetAfterFailure: whoever wants a token after a request for one failed gets that
// error, and Entra is left alone for as long as it says, or longer each time.
func TestGetAfterFailure(t *testing.T) {
	for _, tt := range []struct {
		name       string
		via        http.RoundTripper
		retryAfter string
		want       []time.Duration
	}{
		{"a refusal", canned(401, refusalOfToken("invalid_client", "AADSTS7000222: expired")), "", []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}},
		{"too many", canned(429, ""), "20", []time.Duration{0, 20 * time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, asked := time.Now(), []time.Duration(nil)
				tokens := tokensOf(t, trip(func(r *http.Request) (*http.Response, error) {
					asked = append(asked, time.Since(start))
					resp, err := tt.via.RoundTrip(r)
					resp.Header.Set("Retry-After", tt.retryAfter)
					return resp, err
				}), time.Now)
				for range 8 * 30 { // eight calls that each want one every second
					if _, err := tokens.Get(t.Context()); err == nil {
						t.Fatal("got a token")
					}
					time.Sleep(time.Second / 8)
				}
				if diff := cmp.Diff(tt.want, asked); diff != "" {
					t.Errorf("asked at (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestDiscardAgainAndAgain: where Defender refuses every token, not each refusal leads
// to a fresh one.
func TestDiscardAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, i := time.Now(), &issuer{life: "3600"}
		tokens := tokensOf(t, i, time.Now)
		for range 60 * 10 { // a read every second, each refused
			access, err := tokens.Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tokens.Discard(access)
			time.Sleep(time.Second)
		}
		want := []time.Duration{0, 1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
		got := i.since(start)
		if len(got) > 12 || len(got) < 6 || !slices.Equal(got[:6], want) {
			t.Errorf("asked at %v, want at %v and not often", got, want)
		}
		time.Sleep(time.Hour)
		access, err := tokens.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			tokens.Discard(access)
			again, err := tokens.Get(t.Context())
			if err != nil || again == access {
				t.Errorf("an hour later a refusal of %q leads to %q, %v", access, again, err)
			}
			access = again
			time.Sleep(time.Second)
		}
	})
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

// TestRunLogs says in the log that a token is not renewed.
func TestRunLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tokens, err := defender.NewTokens(defender.TokenConfig{
			TokenURL: "https://login.example/x", ClientID: "client", Scope: "s", Credential: defender.Secret(clientSecret), Now: time.Now,
			Transport: canned(401, refusalOfToken("invalid_client", "AADSTS7000215: "+clientSecret)), Log: slog.New(slog.NewTextHandler(&b, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		stop := running(t, tokens)
		synctest.Wait()
		stop()
		if s := b.String(); !strings.Contains(s, "AADSTS7000215") || strings.Contains(s, clientSecret) {
			t.Errorf("log = %s", s)
		}
	})
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
	for access, want := range map[string][]string{
		token(`{"roles":["Machine.Read.All","Alert.ReadWrite.All"]}`): {"Machine.Read.All", "Alert.ReadWrite.All"},
		token(`{"aud":"x"}`): nil, token(`{`): nil, "opaque": nil, "a.*.b": nil, "": nil,
	} {
		if diff := cmp.Diff(want, defender.Roles(access)); diff != "" {
			t.Errorf("Roles(%s) (-want +got):\n%s", access, diff)
		}
	}
}

// TestTokenRequestRedirect keeps the secret from going to another place.
func TestTokenRequestRedirect(t *testing.T) {
	asked := 0
	tokens := tokensOf(t, trip(func(r *http.Request) (*http.Response, error) {
		asked++
		resp, err := canned(http.StatusTemporaryRedirect, "")(r)
		resp.Header.Set("Location", "https://elsewhere.example/")
		return resp, err
	}), time.Now)
	if _, err := tokens.Get(t.Context()); err == nil || asked != 1 {
		t.Errorf("Get = %v after %d requests, want an error after 1", err, asked)
	}
}
