package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"defenderbot/internal/redistest"
)

const (
	conversations = "testdata/conversations/*.txtar"
	using         = "../../docs/using.md"
)

// TestConversations plays testdata/conversations/*.txtar, and holds docs/using.md,
// which is made from them, to them.
//
// The comment of an archive is a title and, behind an empty line, prose for the manual.
// Each file is one step: its name says what somebody does or looks at ([steps] lists
// what there is; an unknown step fails), its content is what that shows. A first file
// "settings" configures the bot ([settings]). -update writes what is seen.
//
// The whole bot runs, on an embedded Redis and on a real one; a conversation in which
// time passes runs on the embedded one alone, because no other lets its time be moved.
// What differs from run to run is made the same: requests are D-1, D-2 in the order in
// which they appear, Defender's ids count too, and it is 03:12 on the night of a Friday
// when the bot has started.
func TestConversations(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(conversations)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, error %v", conversations, len(files), err)
	}
	t.Run("of", func(t *testing.T) {
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
				t.Parallel()
				converse(t, file)
			})
		}
	})
	t.Run("using.md", func(t *testing.T) { holdsManual(t, files) })
}

// converse plays one archive on each Redis that it can be played on.
func converse(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if _, _, known := stepNamed(f.Name); !known && f.Name != settingsFile {
			t.Fatalf("no such step: %s", f.Name)
		}
	}
	t.Run("embedded", func(t *testing.T) {
		play(t, archive, "")
		if *update && !t.Failed() {
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	if *update || timePasses(archive) {
		return
	}
	redistest.Real(t, func(t *testing.T, s *redistest.Server) { play(t, archive, "redis://"+s.Addr) })
}

func timePasses(archive *txtar.Archive) bool {
	for _, f := range archive.Files {
		if passes.MatchString(f.Name) {
			return true
		}
	}
	return false
}

// play takes the steps one after another, and compares what each shows, or with
// -update writes it down.
func play(t *testing.T, archive *txtar.Archive, redis string) {
	t.Helper()
	began := time.Now()
	s := newStage(t, archive, redis)
	for i, f := range archive.Files {
		if f.Name == settingsFile {
			continue
		}
		got := s.reads(s.step(f.Name))
		if *update {
			archive.Files[i].Data = []byte(got)
			continue
		}
		want := string(f.Data)
		if time.Since(began) > 50*time.Second { // the minute that the times stand for is over
			got, want = withoutTimes(got), withoutTimes(want)
		}
		if redis != "" { // whose time is not 03:12
			got, want = utc.ReplaceAllString(got, "--:-- UTC"), utc.ReplaceAllString(want, "--:-- UTC")
		}
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got; -update writes what is seen):\n%s", f.Name, diff)
		}
	}
	if *update && time.Since(began) > 50*time.Second {
		t.Fatal("took so long that the times are not right")
	}
}

var (
	clock = regexp.MustCompile(`\b\d\d:\d\d\b`)
	utc   = regexp.MustCompile(`(\d{4}-\d\d-\d\d (at )?)?\d\d:\d\d UTC`)
)

func withoutTimes(text string) string { return clock.ReplaceAllString(text, "--:--") }

// holdsManual compares docs/using.md with what the archives make of it, or with
// -update writes it.
func holdsManual(t *testing.T, files []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(manualHead)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(chapter(archive))
	}
	if *update {
		if err := os.WriteFile(using, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(using)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(b.String(), "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("docs/using.md (-want +got; make golden mends it):\n%s", diff)
	}
}

const manualHead = `# Using the bot

Made by ` + "`make golden`" + ` from the conversations in ` + "`internal/app/testdata/conversations`" + `, which the tests hold with the
whole bot: what stands here is what people see. Ada and Ben respond to incidents, Grace and Joan are on call and may
approve, Lena leads them. Buttons are written as ` + "`[ Approve ]`" + `, menus as ` + "`( one | *other )`" + ` with a star before what is chosen,
places to type as ` + "`____`" + `; request ids are shortened.
`

// chapter is an archive as part of the manual.
func chapter(archive *txtar.Archive) string {
	title, prose, _ := strings.Cut(strings.TrimSpace(string(archive.Comment)), "\n")
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n", title)
	if prose = strings.TrimSpace(prose); prose != "" {
		b.WriteString(prose + "\n\n")
	}
	for i, f := range archive.Files {
		if f.Name == settingsFile {
			fmt.Fprintf(&b, "Settings:\n\n```\n%s\n```\n\n", strings.TrimSpace(string(f.Data)))
			continue
		}
		end := ":"
		if len(f.Data) == 0 {
			end = "."
		}
		fmt.Fprintf(&b, "%s%s\n\n", inMarkdown(f.Name), end)
		if len(f.Data) > 0 {
			fmt.Fprintf(&b, "```\n%s\n```\n", strings.TrimRight(string(f.Data), "\n"))
			if i < len(archive.Files)-1 {
				b.WriteString("\n")
			}
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// inMarkdown is the name of a step with who or where, and what is typed, set off. What
// is waited for stands in what is shown.
func inMarkdown(step string) string {
	who, rest, _ := strings.Cut(step, " ")
	does, typed, ok := strings.Cut(rest, ": ")
	switch {
	case ok && (strings.Contains(does, "show") || strings.Contains(does, "sees") || does == "is told"):
		rest = does
	case ok && strings.HasPrefix(does, "submits "):
		fields := strings.Split(strings.TrimPrefix(rest, "submits "), "; ")
		for i, f := range fields {
			name, text, _ := strings.Cut(f, ": ")
			fields[i] = name + " `" + text + "`"
		}
		rest = "submits " + strings.Join(fields, ", ")
	case ok && !strings.HasPrefix(does, "presses "):
		rest = does + ": `" + typed + "`"
	}
	switch {
	case strings.ContainsAny(who, ".-") && who[0] != '#':
		return "`" + who + "` " + rest // a device
	case who == "the" || passes.MatchString(step):
		return strings.ToUpper(who[:1]) + who[1:] + " " + rest
	}
	return "**" + strings.ToUpper(who[:1]) + who[1:] + "** " + rest
}
