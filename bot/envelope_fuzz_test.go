package bot

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// FuzzEnvelope hands over any frame that could come from Slack, in which nobody is whom the
// workspace knows: it never panics, each acknowledgement names its envelope and fits, no
// request is made or changed, and each line of the log is one line.
func FuzzEnvelope(f *testing.F) {
	on := frontOn(f, approvals.Policy{Default: ruleFor(caller{})}, nil)
	on.settle(caller{}, false)
	log := slog.New(slog.NewJSONHandler(on.log, nil))
	on.index = on.indexKey(on.requestIn("pending", approvals.Person{ID: typist}))
	for _, state := range stateNames() {
		r := on.requestIn(state, approvals.Person{ID: typist})
		for _, name := range sortedKeys(surfaces()) {
			if s := surfaces()[name]; !s.alone || state == "pending" {
				f.Add(jsonText(f, frameOf(s.send(on, "U0NOBODY", r))))
			}
		}
	}
	for _, odd := range []string{`{`, `null`, `{"envelope_id":7}`, `{"envelope_id":"e","type":5,"payload":{}}`, `{"envelope_id":"e","type":"events_api","payload":{"team_id":"T0SANDBOX","event":{"type":"app_home_opened","tab":"home","user":"U0NOBODY"}}}`} {
		f.Add(odd)
	}
	before := on.records()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "U0ADA") || strings.Contains(text, "U0GRACE") || strings.Contains(text, joan) || strings.Contains(text, leader) {
			t.Skip("somebody whom the workspace knows")
		}
		on.t = t
		defer func() { on.t = f }()
		e := (&socket{log: log}).parse(t.Context(), []byte(text))
		acks := on.deliver(slackfake.Envelope{ID: e.ID, Kind: e.Type, Accepts: e.TakesPayload, Payload: e.Payload})
		for _, ack := range acks {
			var named struct {
				ID string `json:"envelope_id"`
			}
			if err := json.Unmarshal([]byte(ack), &named); err != nil || e.ID != "" && named.ID != string([]rune(e.ID)) || len(ack) > ackLimit {
				t.Errorf("acknowledged %q as %q: %v", e.ID, cut(ack, 200), err)
			}
		}
		if len(acks) > 1 {
			t.Errorf("acknowledged %d times: %q", len(acks), acks)
		}
		for line := range strings.Lines(on.log.take()) {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Errorf("a line of %d characters in the log: %v\n%s", len(line), err, cut(line, 300))
			}
		}
		if after := on.records(); !maps.Equal(before, after) {
			t.Errorf("somebody whom nobody knows has changed or made a request: %q", slices.Sorted(maps.Keys(after)))
		}
	})
}

// frameOf is an envelope as Slack sends it.
func frameOf(e slackfake.Envelope) object {
	return object{"envelope_id": "11111111-2222-3333-4444-555555555555", "type": e.Kind, "accepts_response_payload": e.Accepts, "payload": e.Payload}
}
