package app_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

var update = flag.Bool("update", false, "write the tables of the README anew")

const readme = "../../README.md"

// TestREADME keeps the README's tables as the code has them.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	want := got
	for part, table := range map[string]string{
		"config":   app.Table(),
		"commands": app.Grammar(defender.Catalogue(), 20).Table(),
	} {
		between := regexp.MustCompile(`(?s)<!-- ` + part + ` -->.*<!-- /` + part + ` -->`)
		if len(between.FindAllString(want, -1)) != 1 {
			t.Fatalf("the README has no place for the table <!-- %s -->", part)
		}
		fresh := "<!-- " + part + " -->\n" + table + "<!-- /" + part + " -->"
		want = between.ReplaceAllLiteralString(want, fresh)
	}
	if *update && got != want {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the README (-want +got; go test ./internal/app -update mends it):\n%s", diff)
	}
}
