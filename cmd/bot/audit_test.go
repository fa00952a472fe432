package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/audit"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// sealedPlace is a place whose trail has two seals, of three entries, and one entry more; what the
// bot's log says of the seals; and the environment of whoever reads it.
type sealedPlace struct {
	rdb *redis.Client
	key string // the stream of the trail
	log string // a file
	dir string
}

func openSealed(t *testing.T) *sealedPlace {
	t.Helper()
	mini := redistest.Mini(t)
	place, err := sandbox.Open(sandbox.Options{Now: time.Now, Redis: "redis://" + mini.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &sealedPlace{rdb: redistest.Client(t, mini.Addr()), dir: t.TempDir()}
	p.shell(t, "openssl genpkey -algorithm ed25519 -out audit-key.pem && openssl pkey -in audit-key.pem -pubout -out audit-public.pem")
	env := place.Env()
	env.AuditSigningKeyFile, env.Approvers, env.ClientSecret = filepath.Join(p.dir, "audit-public.pem"), "", "" // an auditor needs no more
	for _, v := range variables(t, env) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	store := ledger.NewStore(ledger.StoreConfig{
		Redis: p.rdb, Tenant: ledger.Tenant{Authority: defender.Namesakes("global")[0], Tenant: defenderfake.DefaultTenant, Client: defenderfake.DefaultClientID},
		Installation: ledger.Installation{App: place.Slack.AppID(), Team: place.Slack.TeamID()}, Clock: time.Now, Retention: time.Hour,
	})
	if err := store.Prepare(limit(t)); err != nil {
		t.Fatal(err)
	}
	p.key = store.Key("audit")
	p.seal(t, store, audit.Origin(place.Slack.AppID(), place.Slack.TeamID()))
	return p
}

func (p *sealedPlace) seal(t *testing.T, store *ledger.Store, origin string) {
	t.Helper()
	key, err := audit.ReadKey(filepath.Join(p.dir, "audit-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, n := range []int{2, 1} {
		for i := range n {
			p.add(t, fmt.Sprintf(`{"at":"2026-11-30T12:00:00Z","event":"ask","id":"D-%d%d","name":"Ada = |x|"}`, n, i))
		}
		b, err := store.Unsealed(limit(t))
		if err != nil {
			t.Fatal(err)
		}
		seal, err := audit.Sealer{Origin: origin, Key: key}.Seal(b.Before, b.Entries, b.At)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Seal(limit(t), b, seal); err != nil {
			t.Fatal(err)
		}
		logger(&log, app.Config{LogJSON: true}).LogAttrs(t.Context(), audit.LogLevel, "audit sealed", slog.Int64("seal", seal.Number), slog.String("note", seal.Note))
	}
	p.add(t, `{"at":"2026-11-30T12:01:00Z","event":"approve","id":"D-10"}`)
	p.log = filepath.Join(p.dir, "bot.log")
	if err := os.WriteFile(p.log, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *sealedPlace) add(t *testing.T, text string) {
	t.Helper()
	if err := p.rdb.XAdd(limit(t), &redis.XAddArgs{Stream: p.key, Values: []string{"e", text}}).Err(); err != nil {
		t.Fatal(err)
	}
}

// shell runs a script in the place's folder, in which the program is called bot.
func (p *sealedPlace) shell(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.CommandContext(limit(t), "sh", "-euc", script)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	return string(out)
}

// audited runs `bot audit` and returns what it wrote and its exit code.
func audited(t *testing.T, args ...string) (stdout string, code int, said string) {
	t.Helper()
	var out, stderr bytes.Buffer
	err := run(limit(t), append([]string{"audit"}, args...), &out, &stderr)
	if err != nil {
		code, said = exitCode(err), err.Error()
	}
	return out.String(), code, said
}

// TestAuditVerify: a trail that nobody touched is whole, and one that somebody did
// is not; the exit code says so, and the text says where.
func TestAuditVerify(t *testing.T) {
	p := openSealed(t)
	for _, args := range [][]string{{"verify"}, {"verify", "-against", p.log}} {
		stdout, code, said := audited(t, args...)
		for _, want := range []string{"1 to 2, the newest of ", "3 sealed, 1 not yet\n", "signatures  checked: all 2 seals are signed, and each signature is good\n", "nothing sealed was changed\n"} {
			if !strings.Contains(stdout, want) || code != 0 {
				t.Errorf("%v: exit code %d, %q, no %q in:\n%s", args, code, said, want, stdout)
			}
		}
	}
	log, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(p.dir, "foreign.log")
	if err := os.WriteFile(foreign, bytes.ReplaceAll(log, []byte("defenderbot/audit/"), []byte("defenderbot/audit/X")), 0o600); err != nil {
		t.Fatal(err)
	}
	if stdout, code, said := audited(t, "verify", "-against", foreign); code != 2 || stdout != "" || !strings.Contains(said, "none of defenderbot/audit/") {
		t.Errorf("the log of another bot: exit code %d, %q:\n%s", code, said, stdout)
	}
	entries, err := p.rdb.XRange(limit(t), p.key, "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.rdb.XDel(limit(t), p.key, entries[1].ID).Err(); err != nil {
		t.Fatal(err)
	}
	stdout, code, said := audited(t, "verify")
	if want := "removed     1 of the 2 entries of seal 1 are gone, from its entry 2 on, after " + entries[0].ID; code != 1 || !strings.Contains(stdout, want) {
		t.Errorf("exit code %d, %q, no %q in:\n%s", code, said, want, stdout)
	}
	if err := p.rdb.XTrimMaxLen(limit(t), strings.TrimSuffix(p.key, "audit")+"seals", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if stdout, code, said := audited(t, "verify", "-against", p.log); code != 1 || !strings.Contains(stdout, "cut         the trail ends at seal 0, but seal 2 of ") {
		t.Errorf("exit code %d, %q:\n%s", code, said, stdout)
	}
}

// TestAuditVerifyKey: seals of another key than the one that is known are not taken.
func TestAuditVerifyKey(t *testing.T) {
	openSealed(t)
	_, other := signingKey(t)
	t.Setenv("AUDIT_SIGNING_KEY_FILE", other)
	stdout, code, said := audited(t, "verify")
	if code != 1 || strings.Count(stdout, "is signed by another key") != 2 || !strings.Contains(stdout, "signatures  checked\n") {
		t.Errorf("exit code %d, %q:\n%s", code, said, stdout)
	}
	t.Setenv("AUDIT_SIGNING_KEY_FILE", "")
	if stdout, code, said := audited(t, "verify"); code != 0 || !strings.Contains(stdout, "signatures  not checked") {
		t.Errorf("exit code %d, %q:\n%s", code, said, stdout)
	}
}

// TestAuditExport writes what is sealed, to the byte, and CEF.
func TestAuditExport(t *testing.T) {
	p := openSealed(t)
	entries, err := p.rdb.XRange(limit(t), p.key, "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, e := range entries {
		lines.WriteString(`{"entry":"` + e.ID + `",` + e.Values["e"].(string)[1:] + "\n")
	}
	want := lines.String()
	got, code, said := audited(t, "export")
	if diff := cmp.Diff(want, got); diff != "" || code != 0 {
		t.Errorf("exit code %d, %q, %s", code, said, diff)
	}
	got, code, said = audited(t, "export", "-format", "cef")
	if lines := strings.Split(got, "\n"); code != 0 || len(lines) != 5 || !strings.HasPrefix(lines[0], "CEF:0|defenderbot|") || !strings.Contains(lines[0], `suser=Ada \= |x|`) {
		t.Errorf("exit code %d, %q:\n%s", code, said, got)
	}
	p.add(t, "no entry")
	if got, code, said := audited(t, "export"); code != 1 || !strings.Contains(said, "1 left out: audit entry ") || got != want {
		t.Errorf("exit code %d, %q:\n%s", code, said, got)
	}
}

// TestAuditArguments: what makes no sense is 2, before anything is asked of anybody.
func TestAuditArguments(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{},
		{"-h"},
		{"delete"},
		{"export", "-format", "xml"},
		{"export", "-against", empty},
		{"export", "now"},
		{"verify", "now"},
		{"verify", "-format", "cef"},
		{"verify", "-against", empty},
		{"verify", "-against", empty + "-none"},
		{"verify"},
	} {
		if stdout, code, said := audited(t, args...); code != 2 || stdout != "" || said == "" {
			t.Errorf("bot audit %q: exit code %d, %q, %q", args, code, said, stdout)
		}
	}
}

// TestAuditDocument verifies a seal without this program, by what docs/audit.md says; and
// what was changed does not pass.
func TestAuditDocument(t *testing.T) {
	for _, tool := range []string{"openssl", "jq", "sha256sum", "awk"} {
		switch _, err := exec.LookPath(tool); {
		case err != nil && os.Getenv("REQUIRE_TOOLS") != "":
			t.Fatal(err)
		case err != nil:
			t.Skip(err)
		}
	}
	text, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(scripts) != 2 {
		t.Fatalf("%d scripts in docs/audit.md, want 2", len(scripts))
	}
	p := openSealed(t)
	exported, _, _ := audited(t, "export")
	log, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		trail, log string
		whole      bool
	}{
		"whole":             {exported, string(log), true},
		"a changed entry":   {strings.Replace(exported, `"D-10"`, `"D-99"`, 1), string(log), false},
		"a changed seal":    {exported, strings.Replace(string(log), `seal 2\nat 2`, `seal 2\nat 3`, 1), false},
		"a seal before it":  {exported, strings.Replace(string(log), `entries 2\n`, `entries 3\n`, 1), false},
		"an entry too much": {strings.Replace(exported, "\n{", "\n{}\n{", 2), string(log), false},
	} {
		t.Run(name, func(t *testing.T) {
			for file, text := range map[string]string{"trail.jsonl": tt.trail, "bot.log": tt.log} {
				if err := os.WriteFile(filepath.Join(p.dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(limit(t), "sh", "-euc", scripts[1][1])
			cmd.Dir = p.dir
			if out, err := cmd.CombinedOutput(); (err == nil) != tt.whole {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	p.shell(t, scripts[0][1]) // makes keys
	if _, err := audit.ReadKey(filepath.Join(p.dir, "audit-key.pem")); err != nil {
		t.Error(err)
	}
}
