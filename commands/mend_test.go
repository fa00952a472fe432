package commands

import "testing"

// TestProposed: whoever names no action is offered one that Microsoft still offers, and
// another word for an action is told from a mistyped one.
func TestProposed(t *testing.T) {
	g := Grammar{Slash: "/d", MaxDevices: 1, Actions: []Action{{Name: "old", Ended: true}, {Name: "isolate", Also: []string{"quarantine"}}, {Name: "unisolate", Also: []string{"release"}, Off: true}}}
	for typed, want := range map[string]string{
		"srv-1 odd":            "“srv-1” looks like a device; the command comes first.\nDid you mean: /d isolate srv-1 odd",
		"Quarantine srv-1 odd": "There is no command “Quarantine”.\nDid you mean: /d isolate srv-1 odd",
		"release srv-1 odd":    "There is no command “release”; “unisolate” would do that, and it is switched off here.\nYou typed: /d release srv-1 odd\nType: /d help\nIt lists all commands.",
	} {
		if _, err := g.Parse(typed); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", typed, err, want)
		}
	}
}
