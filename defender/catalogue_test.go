package defender_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// TestCatalogue holds the rows to the vendor's pages, from which the facts were
// copied a second time.
func TestCatalogue(t *testing.T) {
	want := map[string]defender.Action{
		"investigate": {
			Name: "investigate", Role: "Alert.ReadWrite.All", Tracks: defender.TrackInvestigations, Horizon: 169 * time.Hour,
			Post: defender.Endpoint{Name: "startInvestigation", Limits: []defender.Limit{{Calls: 50, Per: time.Hour}}},
		},
		"collect": {
			Name: "collect", Role: "Machine.CollectForensics", Tracks: defender.TrackMachineActions, Horizon: 73 * time.Hour,
			Type: "CollectInvestigationPackage", BusyIs400: true,
			Post: defender.Endpoint{Name: "collectInvestigationPackage", Limits: []defender.Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}},
		},
	}
	got := map[string]defender.Action{}
	for _, a := range defender.Actions() {
		if a.Title == "" || a.Effect == "" || a.Supported == "" {
			t.Errorf("%s: a row says what it is called, what it does and where it works", a.Name)
		}
		if _, is := defender.Actions().Named(a.Excludes); is {
			t.Errorf("%s: its group is called like the action %s", a.Name, a.Excludes)
		}
		a.Title, a.Effect, a.Supported = "", "", "" // words, not facts
		got[a.Name] = a
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
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

// TestActionCovers has answers of Defender with a scope and without one.
func TestActionCovers(t *testing.T) {
	for _, tt := range []struct {
		row   defender.Action
		scope string
		want  bool
	}{
		{defender.Action{Scope: "Full"}, "Full", true},
		{defender.Action{Scope: "Full"}, "Selective", false},
		{defender.Action{Scope: "Full"}, "", false},
		{defender.Action{Scope: "Full", NoScope: "Full"}, "", true},
		{defender.Action{Scope: "Selective", NoScope: "Full"}, "", false},
		{defender.Action{}, "", true},
		{defender.Action{}, "Full", false},
	} {
		if got := tt.row.Covers(tt.scope); got != tt.want {
			t.Errorf("an action of scope %q (without one: %q) covers %q: %v", tt.row.Scope, tt.row.NoScope, tt.scope, got)
		}
	}
}
