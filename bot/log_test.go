package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"defenderbot/approvals"
)

// eventsOf counts the events of a log.
type eventsOf struct {
	slog.Handler
	events *int
}

func (c eventsOf) Handle(ctx context.Context, r slog.Record) error {
	*c.events++
	return c.Handler.Handle(ctx, r)
}

// placesOfText are the parts of what Slack sends in which somebody could have a text of their
// own, or in which there is something else than the bot knows.
func placesOfText() []string {
	return []string{
		"user.id", "team.id", "channel.id", "container.channel_id", "container.message_ts", "view.callback_id", "view.private_metadata.id", "view.private_metadata.channel",
		"view.private_metadata.ts", "actions.0.value", "actions.0.action_id", "user_id", "team_id", "channel_id", "command", "text", "message_ts", "trigger_id", "type",
	}
}

// TestLogOneLine: each event is one line of the log, in both of its formats, whatever stands
// in what people type, press and send; which event it is and what its values are called is
// never theirs.
func TestLogOneLine(t *testing.T) {
	c := caller{kind: "member", role: "approver", id: "W0X"}
	f := frontOn(t, approvals.Policy{Default: ruleFor(c), BreakGlass: true}, nil)
	f.settle(c, false)
	var inJSON, inText book
	events, all := 0, surfaces()
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	f.Bot.log = slog.New(eventsOf{slog.NewMultiHandler(slog.NewJSONHandler(&inJSON, options), slog.NewTextHandler(&inText, options)), &events})
	f.index = f.indexKey(f.requestIn("pending", approvals.Person{ID: typist}))
	r := f.requestIn("pending", approvals.Person{ID: typist})
	total := 0
	for n, name := range sortedKeys(all) {
		for m, where := range append(placesOfText(), "") {
			text := "xyzzy" + nasty(60).Example(100*n+m)
			e := all[name].send(f, c.id, r)
			if where == "" {
				e.ID, e.Kind = text, text
			} else {
				e = f.changed(e, change{where, text}, r, r)
			}
			f.deliver(e)
			total += events
			if what := misread(inJSON.take(), inText.take(), events); what != "" {
				t.Errorf("%s with %s = %q: %s", name, where, text, what)
			}
			events = 0
		}
	}
	if total == 0 {
		t.Error("nothing was logged")
	}
}

// misread says what is wrong with a log of some events, or is empty.
func misread(inJSON, inText string, events int) (what string) {
	lines := 0
	for line := range strings.Lines(inJSON) {
		var v map[string]any
		err := json.Unmarshal([]byte(line), &v)
		if msg, _ := v["msg"].(string); err != nil || msg == "" || strings.Contains(msg+strings.Join(sortedKeys(v), ""), "xyzzy") {
			return fmt.Sprintf("%q: %v", line, err)
		}
		lines++
	}
	inWords := 0
	for line := range strings.Lines(inText) {
		if !strings.HasPrefix(line, "time=") {
			return fmt.Sprintf("%q begins like no event", line)
		}
		inWords++
	}
	if lines != events || inWords != events {
		return fmt.Sprintf("%d events are %d and %d lines", events, lines, inWords)
	}
	return ""
}
