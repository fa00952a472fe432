package app_test

import (
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
