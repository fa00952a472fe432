package commands

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzParse holds every text to what the package promises. Its seeds are the
// inputs of TestCases.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in testdata, error %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if strings.HasSuffix(part.Name, ".in") {
				f.Add(string(part.Data))
			}
		}
	}
	f.Add("investigate ws\u20131, \u200bws-2 \u201c\u202eodd\u2028 <@U1|a>\u201d\u2069\ufe0f\xff")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := testGrammar.Parse(text)
		if err != nil {
			checkError(t, c, err)
			return
		}
		checkCommand(t, c)
	})
}

func checkError(t *testing.T, c Command, err error) {
	t.Helper()
	const longest = 1000
	var e *Error
	switch {
	case !errors.As(err, &e):
		t.Fatalf("error %T, want *Error", err)
	case c != nil:
		t.Errorf("error %v together with command %#v", err, c)
	case e.Problem == "" || e.Form == "":
		t.Errorf("an error that does not help: %#v", e)
	case utf8.RuneCountInString(err.Error()) > longest+utf8.RuneCountInString(e.Input)+utf8.RuneCountInString(e.Draft.Device):
		t.Errorf("an error of %d characters", utf8.RuneCountInString(err.Error()))
	case !strings.HasPrefix(e.Input, testGrammar.Slash+" "):
		t.Errorf("it repeats %q", e.Input)
	}
	checkVisible(t, err.Error(), "\n")
	checkVisible(t, e.Draft.Action+e.Draft.Device+e.Draft.Comment, "\n")
	if again, err := testGrammar.Parse(escape.Replace(strings.TrimPrefix(e.Input, testGrammar.Slash))); e.Sure && (err != nil || again == Command(Form{})) {
		t.Errorf("%q is offered and no command: %v, %v", e.Input, again, err)
	}
}

func checkCommand(t *testing.T, c Command) {
	t.Helper()
	again, err := testGrammar.Parse(testGrammar.format(c))
	if diff := cmp.Diff(c, again); err != nil || diff != "" {
		t.Errorf("Parse(%q): error %v (-want +got):\n%s", testGrammar.format(c), err, diff)
	}
	ask, ok := c.(Ask)
	if !ok {
		return
	}
	if n := utf8.RuneCountInString(ask.Comment); n == 0 || n > MaxComment {
		t.Errorf("a comment of %d characters", n)
	}
	checkVisible(t, ask.Comment, "\n")
	if n := len(ask.Devices); n == 0 || n > testGrammar.MaxDevices {
		t.Errorf("%d devices", n)
	}
	for _, d := range ask.Devices {
		if (d.ID == "") == (d.Name == "") {
			t.Errorf("device %#v must have an id or a name", d)
		}
		if strings.Trim(d.String(), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			t.Errorf("device %q has characters that no device has", d)
		}
	}
}

// checkVisible fails for control and bidirectional characters beyond those
// that are allowed.
func checkVisible(t *testing.T, s, allowed string) {
	t.Helper()
	for _, r := range s {
		hidden := unicode.In(r, unicode.Cc, unicode.Bidi_Control) || r == '\u2028' || r == '\u2029'
		if hidden && !strings.ContainsRune(allowed, r) {
			t.Errorf("%q has %U", s, r)
		}
	}
	if !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
}
