package defender_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

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
