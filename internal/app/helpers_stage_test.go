package app_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
)

// friday is when the bot of a conversation has started, for whoever reads it.
var friday = time.Date(2026, time.December, 4, 3, 12, 0, 0, time.UTC)

// stage is where a conversation is held: a place with a bot, and what has been seen.
type stage struct {
	t       *testing.T
	p       *sandbox.Place
	env     app.Env
	stop    func()
	start   time.Time           // what is shown as friday
	known   map[string][]string // what is made the same, by kind, in the order of its appearance
	shown   map[string]int      // by card, the version that was shown last
	trouble map[string]func()   // what ends each trouble that there is
	last    said                // the private answer that somebody got last
}

// newStage opens a place and runs a bot in it. With the Redis of the place, time begins
// on that friday; a real Redis has its own, and what is shown is moved.
func newStage(t *testing.T, archive *txtar.Archive, redis string) *stage {
	t.Helper()
	s := &stage{t: t, start: time.Now().Truncate(time.Second), known: map[string][]string{}, shown: map[string]int{}, trouble: map[string]func(){}}
	set := settings(t, archive)
	s.p = open(t, "", func(o *sandbox.Options) {
		o.Redis = redis
		if redis == "" {
			began := time.Now()
			o.Now = func() time.Time { return friday.Add(time.Since(began)) }
			s.start = friday
		}
		set.place(o)
	})
	if redis == "" {
		skip(t, s.p, 0) // Redis is told the time, too
	}
	s.env = s.p.Env()
	set.env(&s.env)
	s.stop = run(t, s.p, s.env, app.Options{})
	return s
}

const settingsFile = "settings"

// setting is what the first file of an archive changes.
type setting struct {
	place func(*sandbox.Options)
	env   func(*app.Env)
}

// settings reads a file "settings": a line each with a variable of the bot
// (APPROVAL_TTL=1h), a limit in place of Microsoft's for an action (limit collect 1 1h),
// or how long actions take in Defender (runs 7m; else moments).
func settings(t *testing.T, archive *txtar.Archive) setting {
	t.Helper()
	vars := map[string]string{}
	rows := defender.Actions()
	var runs time.Duration
	for _, f := range archive.Files {
		if f.Name != settingsFile {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			w := strings.Fields(line)
			name, value, isVar := strings.Cut(strings.TrimSpace(line), "=")
			switch {
			case isVar:
				vars[name] = value
			case len(w) == 4 && w[0] == "limit":
				narrow(t, rows, w[1], number(t, w[2]), duration(t, w[3]))
			case len(w) == 2 && w[0] == "runs":
				runs = duration(t, w[1])
			default:
				t.Fatalf("%s: not a setting: %s", settingsFile, line)
			}
		}
	}
	return setting{
		place: func(o *sandbox.Options) {
			o.Catalogue = rows
			if runs > 0 {
				o.Defender.RunFor = runs
			}
		},
		env: func(e *app.Env) { setVars(t, e, vars) },
	}
}

func narrow(t *testing.T, rows defender.Catalogue, action string, calls int, per time.Duration) {
	t.Helper()
	i := slices.IndexFunc(rows, func(a defender.Action) bool { return a.Name == action })
	if i < 0 {
		t.Fatalf("%s: no action %q", settingsFile, action)
	}
	rows[i].Post.Limits = []defender.Limit{{Calls: calls, Per: per}}
}

// setVars sets variables by the names that envconfig reads.
func setVars(t *testing.T, e *app.Env, vars map[string]string) {
	t.Helper()
	left := maps.Clone(vars)
	for f, v := range reflect.ValueOf(e).Elem().Fields() {
		name := f.Tag.Get("envconfig")
		if value, ok := left[name]; ok {
			v.SetString(value)
			delete(left, name)
		}
	}
	if len(left) > 0 {
		t.Fatalf("%s: not a variable of the bot: %v", settingsFile, left)
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// restart ends the bot and runs another one.
func (s *stage) restart() {
	s.stop()
	s.stop = run(s.t, s.p, s.env, app.Options{})
}

// wait waits until seen is true; else it fails with what there is to see.
func (s *stage) wait(what string, seen func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		slack, microsoft := s.p.Slack.Changed(), s.p.Defender.Changed()
		if seen() {
			return
		}
		select {
		case <-slack:
		case <-microsoft:
		case <-ctx.Done():
			s.t.Fatalf("%s: not seen\n%s", what, s.everything())
		}
	}
}

// everything is all channels as they stand, for whoever looks for the cause.
func (s *stage) everything() string {
	var b strings.Builder
	for _, c := range s.p.Slack.Channels() {
		if text := s.p.Slack.Transcript(c.ID, ""); text != "" {
			fmt.Fprintf(&b, "#%s\n%s", c.Name, text)
		}
	}
	for _, u := range s.p.Slack.Users() {
		for _, m := range s.p.Slack.Ephemerals(u.ID) {
			b.WriteString(s.p.Slack.Render(m))
		}
	}
	return b.String()
}

// What is made the same, by kind: how it is found, and what the nth is called.
var sameKinds = []struct {
	kind   string
	found  *regexp.Regexp
	called string
}{
	{"request", regexp.MustCompile(`\bD-[0-9A-Z]{6}\b`), "D-%d"},
	{"guid", regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "00000000-0000-0000-0000-%012d"},
	{"token", regexp.MustCompile(`token=[^\s)|>]+`), "token=secret-%d"},
}

var (
	ownHost = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	took    = regexp.MustCompile(`\b(after|within) \d+ seconds?\b`)
)

// reads is a text with what differs from run to run made the same.
func (s *stage) reads(text string) string {
	for _, k := range sameKinds {
		text = k.found.ReplaceAllStringFunc(text, func(id string) string {
			i := slices.Index(s.known[k.kind], id)
			if i < 0 {
				i = len(s.known[k.kind])
				s.known[k.kind] = append(s.known[k.kind], id)
			}
			return fmt.Sprintf(k.called, i+1)
		})
	}
	text = ownHost.ReplaceAllLiteralString(text, "https://defender.example")
	text = took.ReplaceAllString(text, "$1 a few seconds")
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// request is the id behind D-n; with a name that nobody has seen yet it fails.
func (s *stage) request(name string) string {
	s.t.Helper()
	n := number(s.t, strings.TrimPrefix(name, "D-"))
	if n < 1 || n > len(s.known["request"]) {
		s.t.Fatalf("%s has not appeared; so far there are %d", name, len(s.known["request"]))
	}
	return s.known["request"][n-1]
}

// really is a text that names requests as the conversation does, with their ids.
func (s *stage) really(text string) string {
	return regexp.MustCompile(`\bD-\d{1,2}\b`).ReplaceAllStringFunc(text, s.request)
}
