package bot

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"defenderbot/approvals"
)

// marked is in every text of TestLogOneLine.
const marked = "xyzzy"

// lines is what a log is written to, an event at a time. It looks at each.
type lines struct {
	wrong func(line string) bool
	mu    sync.Mutex
	count int
	found []string // those that are wrong
}

// Write implements [io.Writer].
func (l *lines) Write(event []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if line := string(event); strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") || l.wrong(line) {
		l.found = append(l.found, line)
	}
	return len(event), nil
}

// misreadJSON reports whether it cannot be read, or which event it is or what its values are
// called is somebody else's text.
func misreadJSON(line string) bool {
	var v map[string]any
	err := json.Unmarshal([]byte(line), &v)
	msg, _ := v["msg"].(string)
	return err != nil || msg == "" || strings.Contains(msg+strings.Join(sortedKeys(v), ""), marked)
}

func misreadText(line string) bool { return !strings.HasPrefix(line, "time=") }

// placesOfText are the parts of what Slack sends in which somebody could have a text of their
// own, or in which there is something else than the bot knows; the last is its envelope.
func placesOfText() []string {
	return []string{
		"user.id", "team.id", "channel.id", "container.channel_id", "container.message_ts", "view.callback_id", "view.private_metadata.id", "view.private_metadata.channel",
		"view.private_metadata.ts", "actions.0.value", "actions.0.action_id", "user_id", "team_id", "channel_id", "command", "text", "message_ts", "trigger_id", "type", "",
	}
}

// TestLogOneLine: each event is one line of the log, in both of its formats, whatever stands
// in what people type, press and send; which event it is and what its values are called is
// never theirs.
func TestLogOneLine(t *testing.T) {
	c := caller{kind: "member", role: "approver", id: "W0X"}
	f := frontOn(t, approvals.Policy{Default: ruleFor(c), BreakGlass: true}, nil)
	f.settle(c, false)
	inJSON, inText := &lines{wrong: misreadJSON}, &lines{wrong: misreadText}
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	f.Bot.log = slog.New(slog.NewMultiHandler(slog.NewJSONHandler(inJSON, options), slog.NewTextHandler(inText, options)))
	r := f.requestIn("pending", approvals.Person{ID: typist})
	all := surfaces()
	for n, name := range sortedKeys(all) {
		for m, where := range placesOfText() {
			text := marked + nasty(60).Example(100*n+m)
			e := all[name].send(f, c.id, r)
			if where == "" {
				e.ID, e.Kind = text, text
			} else {
				e = f.changed(e, change{where, text}, r, r)
			}
			f.deliver(e)
		}
	}
	for format, l := range map[string]*lines{"json": inJSON, "text": inText} {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.count == 0 || len(l.found) > 0 {
			t.Errorf("%s: of %d events, %d are wrong: %q", format, l.count, len(l.found), fmt.Sprint(l.found[:min(len(l.found), 5)]))
		}
	}
}
