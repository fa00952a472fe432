package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

func at(seconds int) time.Time { return time.Date(2026, 1, 2, 3, 0, seconds, 0, time.UTC) }

func TestWindows(t *testing.T) {
	taken := func(endpoint string, second int) defenderfake.Call {
		return defenderfake.Call{Endpoint: endpoint, At: at(second), Taken: true}
	}
	seen := defenderfake.Snapshot{At: at(120), Calls: []defenderfake.Call{
		taken(defenderfake.StartInvestigation, 0),
		taken(defenderfake.StartInvestigation, 119),
		{Endpoint: defenderfake.StartInvestigation, At: at(119)}, // refused: took no place
		taken(defenderfake.CollectPackage, 60),                   // exactly a minute ago
		taken(defenderfake.CollectPackage, 61),
		taken(defenderfake.MachineGet, 119), taken(defenderfake.MachineList, 119),
	}}
	want := map[string][2]int{
		"investigate, 50 an hour": {2, 4}, "collect, 100 a minute": {1, 1}, "read devices, 100 a minute": {2, 2},
		"read actions, 100 a minute": {0, 0}, "read investigations, 100 a minute": {0, 0},
	}
	got := map[string][2]int{}
	for _, w := range windows(seen) {
		name := w.Name + ", " + w.Limit.String()
		// The windows of every other action are empty.
		if _, named := want[name]; named || w.Used > 0 {
			got[name] = [2]int{w.Used, w.Percent}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
}

func TestMachines(t *testing.T) {
	seen := defenderfake.Snapshot{
		Devices: []defenderfake.Device{
			{ID: "a", LastSeen: at(1), HealthStatus: "Inactive"},
			{ID: "b", LastSeen: at(2), HealthStatus: "Active"},
		},
		Investigations: []defenderfake.Investigation{{ID: "1", MachineID: "b", State: "Benign", Started: at(3), Ended: at(5)}},
		Actions: []defenderfake.Action{
			{ID: "2", MachineID: "b", Type: "Isolate", Scope: "Full", Status: "InProgress", Updated: at(6)},
			{ID: "3", MachineID: "a", Type: "Isolate", Status: "TimeOut", Updated: at(7)},
		},
	}
	var got []string
	for _, m := range machines(seen) {
		line := m.ID
		if m.Well {
			line += " well"
		}
		for _, j := range m.Jobs {
			line = strings.Join([]string{line + ";", j.ID, j.What, j.Stage, j.Since.Format("05")}, " ")
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"b well; 2 Isolate Full working 06; 1 Investigation well 05", "a; 3 Isolate failed 07"}, got); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
}

func TestCalls(t *testing.T) {
	id := "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	seen := defenderfake.Snapshot{Calls: []defenderfake.Call{
		{Path: "/api/machines/" + id + "/isolate", Done: true, Status: 201},
		{Path: "/api/machines?$filter=id eq '" + id + "'", Done: true, Status: 429},
		{Path: "/api/machineactions/" + id, Done: true},
		{Path: "/api/machines"},
	}}
	var got []string
	for _, c := range calls(seen) {
		got = append(got, c.Short+" "+c.Tone)
	}
	want := []string{"machines open", "machineactions/…d0cc07 cut", "machines?$filter=id eq '" + id + "' failed", "…d0cc07/isolate well"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestVocabulary holds what the composer completes against the catalogue.
func TestVocabulary(t *testing.T) {
	place, err := sandbox.Open(sandbox.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	v := newVocabulary(place)
	var got []string
	for _, w := range v.Commands {
		line := w.Typed
		if w.Devices {
			line += " + devices"
		}
		if w.Summary == "" {
			t.Errorf("nothing is said about %s", w.Typed)
		}
		got = append(got, line)
	}
	var want []string
	for _, a := range defender.Actions() {
		want = append(want, "/defender "+a.Name+" + devices")
	}
	for _, word := range []string{"status", "list", "limits", "cancel", "history + devices", "report", "freeze", "unfreeze", "help"} {
		want = append(want, "/defender "+word)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if len(v.Devices) != 10 { // two of the eleven have one name
		t.Errorf("%d devices, want 10", len(v.Devices))
	}
}
