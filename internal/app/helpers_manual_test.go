package app_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// holdsManual compares docs/using.md with what the archives make of it, or with
// -update writes it.
func holdsManual(t *testing.T, files []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(manualHead)
	asked := map[string]bool{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(chapter(archive, asked))
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
approve, Lena leads them. Buttons are written as ` + "`[ Approve ]`" + `, places to type as ` + "`____`" + `; request ids are shortened.
`

// chapter is an archive as part of the manual. What a button asks first stands where it
// comes first: asked are those that have stood somewhere.
func chapter(archive *txtar.Archive, asked map[string]bool) string {
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
			fmt.Fprintf(&b, "```\n%s```\n", onceEach(string(f.Data), asked))
			if i < len(archive.Files)-1 {
				b.WriteString("\n")
			}
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// onceEach is a text without the lines about what a button asks first that have stood
// somewhere already.
func onceEach(text string, asked map[string]bool) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		question := strings.HasPrefix(line, "(") && strings.Contains(line, " asks first: ")
		if question && asked[line] {
			continue
		}
		asked[line] = question
		kept.WriteString(line)
	}
	return strings.TrimRight(kept.String(), "\n") + "\n"
}

var (
	byPerson = regexp.MustCompile(`^(ada|ben|grace|joan|lena|gus|elsa|sentinel|#[\w-]+) (.+)$`)
	typed    = regexp.MustCompile(`^((?:types|says) in #[\w-]+): (.+)$`)
	filledIn = regexp.MustCompile(`^submits (.+)$`)
	seen     = regexp.MustCompile(`^(shows.*|is told|sees on Home): .+$`)
)

// inMarkdown is the name of a step with who does it, and what is typed, set off. What
// is waited for stands in what is shown.
func inMarkdown(step string) string {
	person := byPerson.FindStringSubmatch(step)
	if person == nil {
		what, _, _ := strings.Cut(step, ": ")
		return "*" + strings.ToUpper(what[:1]) + what[1:] + "*"
	}
	who, does := person[1], person[2]
	if w := typed.FindStringSubmatch(does); w != nil {
		does = w[1] + ": `" + w[2] + "`"
	} else if w := filledIn.FindStringSubmatch(does); w != nil {
		does = "submits the form, with " + strings.NewReplacer(": ", " “", "; ", "”, ").Replace(w[1]) + "”"
	} else if w := seen.FindStringSubmatch(does); w != nil {
		does = w[1]
	}
	return "**" + strings.ToUpper(who[:1]) + who[1:] + "** " + does
}
