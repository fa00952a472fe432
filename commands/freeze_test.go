package commands

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFreeze: an order to freeze and a wish to lift it have a reason, whole and cleaned, and
// nothing else.
func TestFreeze(t *testing.T) {
	long := strings.Repeat("a", MaxComment)
	for text, want := range map[string]Command{
		"freeze wrong list":           Freeze{"wrong list"},
		" FREEZE  “wrong &amp; list”": Freeze{"wrong & list"},
		"freeze\nall, of it public":   Freeze{"all, of it public"},
		"unfreeze " + long:            Unfreeze{long},
	} {
		got, err := testGrammar.Parse(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Parse(%.40q): %v (-want +got):\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{
		"freeze":                 "The reason is missing",
		"unfreeze \u200b":        "The reason is missing",
		"freeze \"\"":            "The reason is missing",
		"unfreeze " + long + "b": "The reason has 1001 characters",
	} {
		_, err := testGrammar.Parse(text)
		if e, is := errors.AsType[*Error](err); !is || !strings.Contains(e.Problem, want) || !strings.Contains(e.Form, "freeze <reason>") {
			t.Errorf("Parse(%.40q): %v, want “%s”", text, err, want)
		}
	}
}
