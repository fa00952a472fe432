package app_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// canaryPlace is a place with a secret of each kind in use: a request was carried out, and
// its package fetched.
func canaryPlace(t *testing.T, proof func(*sandbox.Place, *app.Env)) (*sandbox.Place, *scan) {
	t.Helper()
	mini := redistest.Mini(t)
	const password = "password-of-redis"
	mini.RequireAuth(password)
	p := open(t, mini.Addr(), nil)
	env := p.Env()
	env.RedisURL = "redis://:" + password + "@" + mini.Addr()
	proof(p, &env)
	run(t, p, env, app.Options{})
	_, c := pending(t, p, "collect "+sandbox.Laptop+" odd logins at 3")
	click(t, p, sandbox.Grace, c, "approve")
	c = card(t, p, "Succeeded")
	click(t, p, sandbox.Ada, c, "package")
	toldWith(t, p, sandbox.Ada, "Download the package")
	return p, scanOf(p)
}

func bySecret(*sandbox.Place, *app.Env) {}

// TestCanaries: after a whole life there is a secret of each kind, and none of them is
// where it must not be. Every other test of this package looks for them, too, at its end.
func TestCanaries(t *testing.T) {
	t.Parallel()
	of := defenderfake.App{ID: defenderfake.DefaultClientID, Name: defenderfake.DefaultAppName, Roles: defenderfake.DefaultRoles()}
	pair := certificate(t, time.Now().Add(time.Hour))
	token := "eyJ.eyJ." + rand.Text()
	for name, tt := range map[string]struct {
		proof func(*sandbox.Place, *app.Env)
		kinds []string
	}{
		"client secret": {bySecret, []string{"client secret"}},
		"certificate": {func(p *sandbox.Place, e *app.Env) {
			of.Certificates, of.Federated = []*x509.Certificate{certificateIn(t, pair)}, nil
			p.Defender.SetApp(of)
			e.ClientSecret, e.ClientCertificate = "", pair
		}, []string{"assertion", "key of a certificate"}},
		"federated token": {func(p *sandbox.Place, e *app.Env) {
			of.Certificates, of.Federated = nil, []string{token}
			p.Defender.SetApp(of)
			e.ClientSecret, e.FederatedTokenFile = "", file(t, token)
		}, []string{"assertion", "federated token"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := canaryPlace(t, tt.proof)
			if found := s.findings(); len(found) > 0 {
				t.Errorf("found %q", found)
			}
			var kinds []string
			for _, c := range s.canaries() {
				kinds = append(kinds, c.What)
			}
			slices.Sort(kinds)
			want := append(tt.kinds, "Redis password", "access token", "app token", "bot token", "package link", "response_url", "ticket of a socket")
			slices.Sort(want)
			if kinds = slices.Compact(kinds); !slices.Equal(kinds, want) {
				t.Errorf("secrets of these kinds: %q, want %q", kinds, want)
			}
			for _, where := range []string{inLog, inMetrics, inProbe, inSlack, inPrivate, inRedis, inCommand, inAudit, inDefender} {
				if s.heard(where) == "" {
					t.Errorf("nothing was looked at in %s", where)
				}
			}
			if !strings.Contains(s.heard(inPrivate), linkIn(p)) {
				t.Error("the link was not heard in the private answer either: the scan is deaf")
			}
		})
	}
}

// certificateIn is the certificate in a PEM file.
func certificateIn(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest := pem.Decode(text) // the key
	block, _ := pem.Decode(rest)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// linkIn is the package link that the tenant gave out.
func linkIn(p *sandbox.Place) string {
	all := p.Defender.Secrets()
	i := slices.IndexFunc(all, func(s defenderfake.Secret) bool { return s.What == defenderfake.PackageLink })
	return all[i].Text
}

// TestCanariesPlanted: a secret of each kind is found in each place, so that a scan that
// finds nothing means something.
func TestCanariesPlanted(t *testing.T) {
	t.Parallel()
	p, s := canaryPlace(t, bySecret)
	s.planted = true
	for _, c := range s.canaries() {
		s.forget()
		slog.New(s.listen(slog.DiscardHandler)).Debug("dialled", "address", "wss://x/"+c.Text+"&y")
		_ = s.ended(errors.New("dial " + core(c.Text)))
		wants(t, s, c.What, inLog, inError)
	}
	token := p.Slack.BotToken()
	s.forget()
	id, m := pending(t, p, "collect "+sandbox.Server+" "+token)
	click(t, p, sandbox.Grace, m, "approve")
	card(t, p, id, "Succeeded")
	s.bots[0].Refused(token)
	wants(t, s, "bot token", inCommand, inDefender, inAudit, inRedis, inSlack, inMetrics)
	if text := s.heard(inLog); strings.Contains(text, token) {
		t.Errorf("the log has a comment: %s", text)
	}
}

// TestCanariesLink: a link to a package may be told to one person, and to nobody else.
func TestCanariesLink(t *testing.T) {
	t.Parallel()
	p, s := canaryPlace(t, bySecret)
	s.planted = true
	text := linkIn(p)
	for _, tt := range []struct {
		sent  slackfake.Sent
		where []string
	}{
		{slackfake.Sent{Method: "response_url", Text: text, Private: true}, nil},
		{slackfake.Sent{Method: "chat.update", Text: text}, []string{inSlack}},
	} {
		s.forget()
		s.sent(tt.sent)
		wants(t, s, defenderfake.PackageLink, tt.where...)
	}
}

// wants checks where a kind of secret is found.
func wants(t *testing.T, s *scan, what string, where ...string) {
	t.Helper()
	var want []string
	for _, w := range where {
		want = append(want, w+" has the "+what)
	}
	got := slices.DeleteFunc(s.findings(), func(f string) bool { return !strings.HasSuffix(f, " the "+what) || strings.HasPrefix(f, inPrivate) })
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
