package click

import (
	"slices"
	"testing"
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

const (
	one   = "0000000000000000000000000000000000000001"
	other = "0000000000000000000000000000000000000002"
)

func TestTimesOf(t *testing.T) {
	start := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	acks := []slackfake.Ack{
		{EnvelopeID: "a", At: at(102), Took: 2 * time.Millisecond},
		{EnvelopeID: "command", At: at(103), Took: time.Millisecond},
		{EnvelopeID: "b", At: at(205), Took: 5 * time.Millisecond},
	}
	post := func(device string, ms int) defenderfake.Call {
		return defenderfake.Call{At: at(ms), Endpoint: defenderfake.CollectPackage, Method: "POST", Path: "/api/machines/" + device + "/collectInvestigationPackage"}
	}
	calls := []defenderfake.Call{
		{At: at(50), Endpoint: defenderfake.MachineGet, Method: "GET", Path: "/api/machines/" + other},
		{At: at(60), Endpoint: defenderfake.Token, Method: "POST", Path: "/tenant/oauth2/v2.0/token"},
		{At: at(70), Endpoint: defenderfake.Isolate, Method: "POST", Path: "/api/machines/" + other + "/isolate"},
		post(one, 104), post(other, 203),
		{At: at(300), Endpoint: defenderfake.Isolate, Method: "POST", Path: "/api/machines/" + one + "/isolate"},
	}
	got, err := timesOf([]clicked{{"b", other}, {"a", one}}, acks, calls)
	want := []times{{5 * time.Millisecond, 3 * time.Millisecond}, {2 * time.Millisecond, 4 * time.Millisecond}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v and %v, want %v", got, err, want)
	}
	for _, unknown := range []clicked{{"c", one}, {"a", other[:39] + "3"}} {
		if _, err := timesOf([]clicked{unknown}, acks, calls); err == nil {
			t.Errorf("%v has times", unknown)
		}
	}
	if !arrived(calls, []card{{device: one}, {device: other}}) || arrived(calls[:4], []card{{device: one}, {device: other}}) {
		t.Error("it is not seen which calls have arrived")
	}
}
