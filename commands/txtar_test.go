package commands

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what the grammar answers into testdata")

// testGrammar has a small limit on devices so that cases stay readable.
var testGrammar = Grammar{
	Slash: "/defender",
	Actions: []Action{
		{Name: "investigate", Summary: "Start an automated investigation"},
		{Name: "collect", Also: []string{"forensics"}, Summary: "Collect an investigation package"},
		{Name: "isolate", Also: []string{"quarantine"}, Summary: "Cut a device off", Off: true},
		{Name: "unisolate", Summary: "Connect it again", Off: true},
	},
	MaxDevices: 3,
}

// TestCases runs testdata/*.txtar. In each archive x.in is a text as Slack
// sends it (x.quoted: the same as a Go string, for what cannot be seen), and
// x.out is what the grammar makes of it.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata/*.txtar: %d files, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runArchive(t, file) })
	}
}

func runArchive(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.Files)%2 != 0 {
		t.Fatalf("%d files: every input needs its output", len(archive.Files))
	}
	for i := 0; i < len(archive.Files); i += 2 {
		in, out := archive.Files[i], &archive.Files[i+1]
		name, kind, _ := strings.Cut(in.Name, ".")
		if want := name + ".out"; out.Name != want {
			t.Fatalf("behind %s comes %s, not %s", in.Name, out.Name, want)
		}
		got := describe(testGrammar.Parse(input(t, kind, string(in.Data))))
		if *update {
			out.Data = []byte(got)
		} else if diff := cmp.Diff(strings.Split(string(out.Data), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s: Parse(%q) (-want +got):\n%s", in.Name, in.Data, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func input(t *testing.T, kind, data string) string {
	t.Helper()
	text := strings.TrimSuffix(data, "\n")
	if kind != "quoted" {
		return text
	}
	text, err := strconv.Unquote(text)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return text
}

// describe writes what Parse returned so that every field can be seen.
func describe(c Command, err error) string {
	if err != nil {
		e, _ := errors.AsType[*Error](err)
		draft := ""
		if e.Draft != (Draft{}) {
			draft = fmt.Sprintf("draft: action=%q device=%q comment=%q\n", e.Draft.Action, e.Draft.Device, shortened(e.Draft.Comment))
		}
		return "error: " + err.Error() + "\n" + draft
	}
	ask, ok := c.(Ask)
	if !ok {
		return fmt.Sprintf("%T%+v\n", c, c)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "action: %s\n", ask.Action)
	for _, d := range ask.Devices {
		fmt.Fprintf(&b, "device: id=%q name=%q\n", d.ID, d.Name)
	}
	fmt.Fprintf(&b, "comment: %q\n", ask.Comment)
	return b.String()
}
