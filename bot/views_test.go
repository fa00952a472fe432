package bot

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleRequests are the requests that are shown on a card.
func sampleRequests() map[string]approvals.Request {
	samples := map[string]approvals.Request{
		"pending-two-needed":     twoNeeded(pending("investigate", 1)),
		"pending-joined-late":    joinedLate(oneGiven(twoNeeded(pending("investigate", 1)))),
		"pending-one-given":      oneGiven(twoNeeded(pending("investigate", 1))),
		"pending-unverified":     unverified(),
		"pending-unread":         unreadable(),
		"pending-doubtful":       doubtful(),
		"pending-several":        pending("investigate", 4),
		"pending-many":           pending("investigate", 20),
		"pending-limit-reached":  withBudget(pending("investigate", 1), 2, 2, after(41)),
		"pending-limit-near":     withBudget(pending("investigate", 4), 3, 1, after(55)),
		"pending-limit-long":     withBudget(pending("investigate", 1), 0, 130, after(170)),
		"pending-held":           withBudget(pending("investigate", 1), 49, 0, after(20)),
		"approved-many":          many(),
		"denied":                 ended(approvals.Denied, approvals.End{By: person(grace), Text: "it is our own scanner"}),
		"cancelled":              ended(approvals.Cancelled, approvals.End{By: person(ada)}),
		"expired":                ended(approvals.Expired, approvals.End{}),
		"rejected-set-back":      ended(approvals.Rejected, approvals.End{Why: approvals.Why{Reason: approvals.SetBack}}),
		"rejected":               ended(approvals.Rejected, approvals.End{Why: approvals.Why{Reason: approvals.NotInChannel, Detail: room}}),
		"rejected-not-found":     notFound(),
		"done-succeeded-collect": done("collect", ran()),
		"done-succeeded-scan":    done("scan", ran()),
		"done-failed-beside":     done("isolate", besideAnother()),
	}
	for _, a := range defender.Actions() {
		samples["pending-"+a.Name] = pending(a.Name, 1)
	}
	maps.Copy(samples, doubtfulRequests())
	for name, c := range openCalls() {
		samples["approved-"+name] = approved("investigate", c)
	}
	calls := endedCalls()
	for name, c := range calls {
		samples["done-"+name] = done("investigate", c)
	}
	samples["done-tried-again"] = triedAgain(samples["done-failed-missed"])
	samples["pending-tries-again"] = triesAgain(samples["pending-one-given"])
	samples["pending-unthreaded"] = unthreaded(pending("collect", 1))
	samples["approved-adopted"] = approved("collect", openCalls()["adopted"])
	maps.Copy(samples, followUps())
	samples["done-partly"] = done("investigate", calls["succeeded"], calls["failed-role"], calls["lapsed"])
	maps.Copy(samples, stopSamples())
	maps.Copy(samples, forceSamples())
	maps.Copy(samples, timeSamples())
	maps.Copy(samples, freezeSamples())
	return samples
}

func TestViews(t *testing.T) {
	var read bytes.Buffer
	all := everyView()
	for _, name := range sortedKeys(all) {
		golden(t, name+".json", indented(t, all[name]))
		read.WriteString("=== " + name + "\n" + reading(t, all[name]) + "\n")
	}
	golden(t, "as-people-read-them.txt", read.Bytes())
	files, err := filepath.Glob(filepath.Join("testdata", "views", "*"))
	if err != nil || len(files) != len(all)+1 {
		t.Errorf("%d golden files for %d views and the text of them all, error %v; take away what is old", len(files), len(all), err)
	}
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "views", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v; run make golden", err)
		return
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s is not as it was; if that is right run make golden (-was +is)\n%s", name, diff)
	}
}

// indented is a view as it can be pasted into Block Kit Builder.
func indented(t *testing.T, v view) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// menus are the menus of a form, as they are written down.
var menus = regexp.MustCompile(`\( .* \)`)

// TestShowNothingTwice looks for what templates do to sentences.
func TestShowNothingTwice(t *testing.T) {
	for name, v := range everyView() {
		if name == "answer-help" || strings.HasPrefix(name, "answer-wrong-") && name != "answer-wrong-team" {
			continue // the grammar's own, with forms in it
		}
		for _, text := range []string{menus.ReplaceAllString(reading(t, v), "(a menu)"), v.Text} {
			if bad := slip(text); bad != "" {
				t.Errorf("%s has %q in it:\n%s", name, bad, text)
			}
		}
	}
}

// slip is the first thing in a text that no careful writer leaves there.
func slip(text string) string {
	for _, bad := range []string{"..", " .", " ,", ",,", ": :", ":.", ".:", "::", ". ·", " · ·", "· \n", "  ", "( ", "()", " )", " the the ", "%!", "<nil>", "0001"} {
		if strings.Contains(text, bad) {
			return bad
		}
	}
	for l := range strings.SplitSeq(text, "\n") {
		if l != strings.TrimSpace(l) {
			return l
		}
	}
	return ""
}
