package defender_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// TestCatalogue holds the rows to the vendor's pages, from which the facts were
// copied a second time.
func TestCatalogue(t *testing.T) {
	const page = "https://learn.microsoft.com/defender-endpoint/api/"
	usual := []defender.Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}
	machine := func(endpoint, kind, role, from string) defender.Action {
		return defender.Action{
			Type: kind, Role: role, Page: page + from, Tracks: defender.TrackMachineActions, Horizon: 73 * time.Hour,
			Post: defender.Endpoint{Name: endpoint, Limits: usual},
		}
	}
	collect := machine("collectInvestigationPackage", "CollectInvestigationPackage", "Machine.CollectForensics", "collect-investigation-package")
	collect.BusyIs400, collect.Harmless, collect.Package = true, true, true
	full := machine("runAntiVirusScan", "RunAntiVirusScan", "Machine.Scan", "run-av-scan")
	full.Fields, full.Scope, full.Excludes, full.Harmless = map[string]string{"ScanType": "Full"}, "Full", "scanning", true
	quick := full
	quick.Fields, quick.Scope = map[string]string{"ScanType": "Quick"}, "Quick"
	isolate := machine("isolate", "Isolate", "Machine.Isolate", "isolate-machine")
	isolate.Fields, isolate.Scope, isolate.Excludes, isolate.Undo = map[string]string{"IsolationType": "Full"}, "Full", "isolation", "unisolate"
	selective := isolate
	selective.Fields, selective.Scope = map[string]string{"IsolationType": "Selective"}, "Selective"
	release := machine("unisolate", "Unisolate", "Machine.Isolate", "unisolate-machine")
	release.Excludes = "isolation"
	restrict := machine("restrictCodeExecution", "RestrictCodeExecution", "Machine.RestrictExecution", "restrict-code-execution")
	restrict.Excludes, restrict.Undo = "restriction", "unrestrict"
	unrestrict := machine("unrestrictCodeExecution", "UnrestrictCodeExecution", "Machine.RestrictExecution", "unrestrict-code-execution")
	unrestrict.Excludes = "restriction"
	want := map[string]defender.Action{
		"investigate": {
			Role: "Alert.ReadWrite.All", Page: page + "initiate-autoir-investigation", Tracks: defender.TrackInvestigations,
			Horizon: 169 * time.Hour, Harmless: true,
			Post:  defender.Endpoint{Name: "startInvestigation", Limits: []defender.Limit{{Calls: 50, Per: time.Hour}}},
			Ended: &defender.Ending{Since: time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC), Successor: "scan", QueuedFor: 24 * time.Hour},
		},
		"collect": collect, "scan": full, "scan-quick": quick, "isolate": isolate, "isolate-selective": selective,
		"unisolate": release, "restrict": restrict, "unrestrict": unrestrict,
	}
	got, also := map[string]defender.Action{}, map[string]string{}
	for _, a := range defender.Actions() {
		if a.Title == "" || a.Effect == "" || a.Supported == "" {
			t.Errorf("%s: a row says what it is called, what it does and where it works", a.Name)
		}
		for _, word := range a.Also {
			if _, is := defender.Actions().Named(word); is || also[word] != "" {
				t.Errorf("%q is another word for %s, and stands for %s as well", word, a.Name, also[word])
			}
			also[word] = a.Name
		}
		if _, is := defender.Actions().Named(a.Excludes); is {
			t.Errorf("%s: its group is called like the action %s", a.Name, a.Excludes)
		}
		got[a.Name] = facts(a)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
	}
}

// facts is a row without its words, and without its platforms, which TestSupports has.
func facts(a defender.Action) defender.Action {
	a.Platforms, a.Also = nil, nil
	a.Name, a.Title, a.Verb, a.Effect, a.Success, a.Supported = "", "", "", "", "", ""
	if a.Ended != nil {
		ended := *a.Ended
		ended.Notice = ""
		a.Ended = &ended
	}
	return a
}

// TestCatalogueRelations holds what names another row to rows that are there.
func TestCatalogueRelations(t *testing.T) {
	all := defender.Actions()
	for _, a := range all {
		if undo, ok := all.Named(a.Undo); a.Undo != "" && (!ok || undo.Excludes != a.Excludes || undo.Undo != "") {
			t.Errorf("%s is taken back by %q, want a row of the same group that is not taken back itself", a.Name, a.Undo)
		}
		if a.Tracks == defender.TrackMachineActions && a.Success == "" {
			t.Errorf("%s: Defender's word for its success is Succeeded, and nothing says what that is", a.Name)
		}
		if a.Verb == "" || a.Verb != strings.TrimSpace(a.Verb) {
			t.Errorf("%s: a card cannot begin with %q", a.Name, a.Verb)
		}
		if a.Ended == nil {
			continue
		}
		if next, ok := all.Named(a.Ended.Successor); !ok || next.Ended != nil {
			t.Errorf("%s is replaced by %q, want a row that Microsoft still offers", a.Name, a.Ended.Successor)
		}
		if a.Ended.Notice == "" || a.Ended.QueuedFor >= a.Horizon {
			t.Errorf("%s: its end has no sentence, or what stays queued is given up no sooner than anything else", a.Name)
		}
	}
}

func TestNamed(t *testing.T) {
	if a, ok := defender.Actions().Named("collect"); !ok || a.Name != "collect" {
		t.Errorf("Named(collect) = %q, %v", a.Name, ok)
	}
	if a, ok := defender.Actions().Named("Collect"); ok {
		t.Errorf("Named(Collect) = %q, want none", a.Name)
	}
}

// TestCatalogueOwned changes an answer and asks again.
func TestCatalogueOwned(t *testing.T) {
	defender.Actions()[0].Post.Limits[0].Calls = 1000
	if got := defender.Actions()[0].Post.Limits[0].Calls; got != 50 {
		t.Errorf("a caller changed the catalogue: %d calls", got)
	}
}

func TestLimitString(t *testing.T) {
	for want, l := range map[string]defender.Limit{
		"50 an hour":   {Calls: 50, Per: time.Hour},
		"100 a minute": {Calls: 100, Per: time.Minute},
		"10 in 30s":    {Calls: 10, Per: 30 * time.Second},
	} {
		if got := l.String(); got != want {
			t.Errorf("%#v = %q, want %q", l, got, want)
		}
	}
}

// TestReadEndpoints holds every endpoint that is read to the usual figures.
func TestReadEndpoints(t *testing.T) {
	usual := []defender.Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}
	want := []defender.Endpoint{{"machines", usual}, {"machineactions", usual}, {"investigations", usual}, {}}
	got := []defender.Endpoint{
		defender.MachinesEndpoint(), defender.TrackMachineActions.Endpoint(),
		defender.TrackInvestigations.Endpoint(), defender.Tracking("").Endpoint(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
}

// TestActionCovers has answers of Defender with a scope and without one, about anybody's
// action and about one that is known to be this program's.
func TestActionCovers(t *testing.T) {
	for _, tt := range []struct {
		row, scope     string
		covers, admits bool
	}{
		{"Full", "Full", true, true},
		{"Full", "Selective", false, false},
		{"Full", "full", false, false},
		{"Full", "", false, true},
		{"", "", true, true},
		{"", "Full", true, true},
	} {
		a := defender.Action{Scope: tt.row}
		if covers, admits := a.Covers(tt.scope), a.Admits(tt.scope); covers != tt.covers || admits != tt.admits {
			t.Errorf("a row of scope %q and an action of scope %q: covers %v, admits %v, want %v, %v", tt.row, tt.scope, covers, admits, tt.covers, tt.admits)
		}
	}
}

// TestJobSays: what is not known is not guessed.
func TestJobSays(t *testing.T) {
	for want, j := range map[string]defender.Job{
		"Isolate, Selective, started by ana@contoso.example": {Type: "Isolate", Scope: "Selective", Requestor: "ana@contoso.example"},
		"Isolate, started by a b":                            {Type: "Isolate", Requestor: "a\nb"},
		"Unisolate":                                          {Type: "Unisolate"},
	} {
		if got := j.Says(); got != want {
			t.Errorf("%+v = %q, want %q", j, got, want)
		}
	}
}
