package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// scan is all that the bots of a place say, by where they say it. At the end of each test
// no secret of the place may be in it.
type scan struct {
	place   *sandbox.Place
	log     *slog.Logger // of bots that have none of their own
	planted bool         // the test has put secrets there, and looks for them itself

	mu    sync.Mutex
	said  map[string]*strings.Builder
	bots  []*app.App
	redis string             // REDIS_URL of the last of them
	told  []slackfake.Secret // by configuration
}

// Where a bot says something. In a private answer a link to a package is in its place.
const (
	inLog, inError, inMetrics, inProbe      = "the log", "an error", "/metrics", "/readyz"
	inSlack, inPrivate                      = "Slack", "a private answer"
	inRedis, inCommand, inAudit, inDefender = "Redis", "a command to Redis", "the audit trail", "Defender"
)

// scans are those of the places that are open.
var scans sync.Map

func newScan() *scan { return &scan{said: map[string]*strings.Builder{}} }

func scanOf(p *sandbox.Place) *scan {
	s, _ := scans.Load(p)
	return s.(*scan)
}

// note keeps what is said somewhere.
func (s *scan) note(where, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.said[where] == nil {
		s.said[where] = &strings.Builder{}
	}
	s.said[where].WriteString(text + "\n")
}

// heard is all that was said somewhere.
func (s *scan) heard(where string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.said[where] == nil {
		return ""
	}
	return s.said[where].String()
}

// forget begins anew.
func (s *scan) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.said)
}

func (s *scan) sent(m slackfake.Sent) {
	where := inSlack
	if m.Private {
		where = inPrivate
	}
	s.note(where, m.Text)
}

// newBot makes a bot whose words are scanned: its log at debug, whatever the test reads of
// it, and each command to Redis.
func newBot(t testing.TB, p *sandbox.Place, env app.Env, o app.Options) *app.App {
	t.Helper()
	s := scanOf(p)
	if o.Log == nil {
		o.Log = s.log
	}
	o.Log = slog.New(s.listen(o.Log.Handler()))
	o.Hook = scanHook{s, o.Hook}
	bot, err := p.Bot(env, o)
	if err != nil {
		s.note(inError, err.Error())
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bots, s.redis, s.told = append(s.bots, bot), env.RedisURL, append(s.told, secretsOf(env)...)
	return bot
}

// ended keeps what a bot ended with.
func (s *scan) ended(err error) error {
	if err != nil {
		s.note(inError, err.Error())
	}
	return err
}

// listen is a log handler that the scan hears at debug.
func (s *scan) listen(inner slog.Handler) slog.Handler {
	return ear{inner, slog.NewJSONHandler(journalist{s}, &slog.HandlerOptions{Level: slog.LevelDebug})}
}

type journalist struct{ *scan }

func (j journalist) Write(line []byte) (int, error) {
	j.note(inLog, string(line))
	return len(line), nil
}

// ear hands what is logged to two handlers, to the second all of it.
type ear struct{ inner, all slog.Handler }

func (e ear) Enabled(context.Context, slog.Level) bool { return true }

func (e ear) Handle(ctx context.Context, r slog.Record) error {
	if err := e.all.Handle(ctx, r.Clone()); err != nil || !e.inner.Enabled(ctx, r.Level) {
		return err
	}
	return e.inner.Handle(ctx, r)
}

func (e ear) WithAttrs(a []slog.Attr) slog.Handler {
	return ear{e.inner.WithAttrs(a), e.all.WithAttrs(a)}
}

func (e ear) WithGroup(n string) slog.Handler { return ear{e.inner.WithGroup(n), e.all.WithGroup(n)} }

// scanHook hears what goes to Redis, beside the hook of the test.
type scanHook struct {
	*scan

	test redis.Hook
}

func (h scanHook) DialHook(next redis.DialHook) redis.DialHook {
	if h.test != nil {
		return h.test.DialHook(next)
	}
	return next
}

func (h scanHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	if h.test != nil {
		next = h.test.ProcessHook(next)
	}
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.command(cmd)
		return next(ctx, cmd)
	}
}

func (h scanHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	if h.test != nil {
		next = h.test.ProcessPipelineHook(next)
	}
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			h.command(cmd)
		}
		return next(ctx, cmds)
	}
}

// command keeps what a command hands over; the password is meant for Redis.
func (s *scan) command(cmd redis.Cmder) {
	if name := strings.ToLower(cmd.Name()); name != "hello" && name != "auth" {
		s.note(inCommand, fmt.Sprint(cmd.Args()...))
	}
}

// canaries are the secrets of the place and of its bots' configurations.
func (s *scan) canaries() (out []slackfake.Secret) {
	out = s.place.Slack.Secrets()
	for _, c := range s.place.Defender.Secrets() {
		out = append(out, slackfake.Secret(c))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(out, s.told...)
}

// secretsOf are those that a configuration holds, in its variables and in its files.
func secretsOf(e app.Env) (out []slackfake.Secret) {
	if u, err := url.Parse(e.RedisURL); err == nil {
		if password, set := u.User.Password(); set {
			out = append(out, slackfake.Secret{What: "Redis password", Text: password})
		}
	}
	for what, path := range map[string]string{"key of a certificate": e.ClientCertificate, "signing key": e.AuditSigningKeyFile} {
		text, _ := os.ReadFile(path)
		if _, key, found := strings.Cut(string(text), "PRIVATE KEY-----\n"); found {
			line, _, _ := strings.Cut(key, "\n")
			parts := strings.Split(line[len(line)/2:], "/") // all keys begin alike
			longest := slices.MaxFunc(parts, func(a, b string) int { return len(a) - len(b) })
			out = append(out, slackfake.Secret{What: what, Text: longest})
		}
	}
	if text, err := os.ReadFile(e.FederatedTokenFile); err == nil {
		out = append(out, slackfake.Secret{What: "federated token", Text: string(text)})
	}
	return out
}

// core is the part of a secret that nobody can guess: the last of an address, the signature
// of a token.
func core(secret string) string { return secret[strings.LastIndexAny(secret, "/.")+1:] }

// findings are the secrets that stand where they must not, a line each.
func (s *scan) findings() (found []string) {
	s.lookAround()
	canaries := s.canaries()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, where := range slices.Sorted(maps.Keys(s.said)) {
		for _, what := range newMesh(canaries).in(s.said[where].String()) {
			if where != inPrivate || what != defenderfake.PackageLink {
				found = append(found, where+" has the "+what)
			}
		}
	}
	return found
}

// lookAround reads what is to be read at the end.
func (s *scan) lookAround() {
	for _, b := range s.bots {
		s.note(inMetrics, asked(b, "/metrics"))
		s.note(inProbe, asked(b, "/readyz"))
	}
	now := s.place.Defender.Snapshot()
	s.note(inDefender, fmt.Sprintf("%+v\n%+v\n%+v", now.Calls, now.Actions, now.Investigations))
	if s.redis != "" {
		s.readRedis(s.redis)
	}
}

func asked(b *app.App, path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	out := httptest.NewRecorder()
	b.Handler().ServeHTTP(out, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	return out.Body.String()
}

// check fails the test for each secret that it let out.
func (s *scan) check(t testing.TB) {
	t.Helper()
	if s.planted {
		return
	}
	for _, f := range s.findings() {
		t.Errorf("a secret is out: %s", f)
	}
}
