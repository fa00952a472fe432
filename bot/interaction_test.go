package bot

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// TestPressOddMessage presses a button of a message that holds what no library of
// today knows: six fields are needed of a click, and the rest cannot keep it from
// counting.
func TestPressOddMessage(t *testing.T) {
	for name, forge := range map[string]func(payload, message object){
		"a block of tomorrow": func(_, m object) {
			m["blocks"] = append([]any{object{"type": "hologram", "elements": 7}, 3, "text", nil}, m["blocks"].([]any)...)
		},
		"an element that is none": func(_, m object) {
			block := m["blocks"].([]any)[0].(object)
			block["elements"] = append([]any{3, object{"type": []any{}}}, block["elements"].([]any)...)
		},
		"attachments, files, state and container of another shape": func(p, m object) {
			m["attachments"], m["files"], m["edited"] = "none", object{}, "yesterday"
			p["state"], p["enterprise"], p["is_enterprise_install"] = "none", 7, "false"
			p["container"].(object)["is_ephemeral"] = "no"
		},
		"an unknown action before ours": func(p, _ object) {
			p["actions"] = append([]any{object{"type": "button", "action_id": "link", "value": "x"}}, p["actions"].([]any)...)
		},
		"a message that is none, on the card itself": func(p, _ object) { p["message"] = "gone" },
	} {
		t.Run(name, func(t *testing.T) {
			d := deskOn(t, redistest.Mini(t).Addr(), 1)
			d.front.workspace.Use(views())
			r := d.pendingRequest(typist)
			r = d.happen(r, approvals.Show{TS: cardTS, Visible: r.Visible})
			if _, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), clicker, actionApprove, r, forge)); err != nil {
				t.Fatal(err)
			}
			sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(clicker)) == 1 })
			if said := d.slack.Ephemerals(clicker)[0].Text; !strings.Contains(said, "You approved "+r.ID) {
				t.Errorf("answered %q", said)
			}
		})
	}
}

// TestPressUnreadable: a click that cannot be read gets a word all the same, by the
// way that its payload leaves open.
func TestPressUnreadable(t *testing.T) {
	o := visit(t, slackfake.Options{})
	front := New(Config{Workspace: o.slack, Grammar: grammar(), Clock: o.clock.Now, Log: slog.New(slog.DiscardHandler)})
	for name, user := range map[string]any{"a number for a user": 7, "no user": nil} {
		payload, err := json.Marshal(object{
			"type": "block_actions", "user": user, "response_url": o.responseURL(t), "channel": object{"id": room},
			"container": object{"channel_id": room, "message_ts": cardTS}, "actions": "none",
		})
		if err != nil {
			t.Fatal(err)
		}
		before := len(o.Ephemerals(ada))
		e := Envelope{ID: name, Type: "interactive", Payload: payload, TakesPayload: true, Received: o.clock.Now(), write: func([]byte) error { return nil }}
		front.dispatch(t.Context(), e)
		sockWait(t, o.Server, name, func() bool { return len(o.Ephemerals(ada)) > before })
		if said := o.Ephemerals(ada); said[len(said)-1].Text != unreadableSentence {
			t.Errorf("%s: told %q", name, said[len(said)-1].Text)
		}
	}
}

// TestPressUnknownButton: a click on a button of another version gets a word, and the
// log has a warning; one on a link needs none.
func TestPressUnknownButton(t *testing.T) {
	o := visit(t, slackfake.Options{})
	log, kept := logbook()
	front := New(Config{Workspace: o.slack, Grammar: grammar(), Clock: o.clock.Now, Log: log})
	press := func(id, value string) {
		payload, err := json.Marshal(object{
			"type": "block_actions", "user": object{"id": ada}, "response_url": o.responseURL(t), "container": object{"channel_id": room},
			"actions": []any{object{"type": "button", "action_id": id, "value": value}},
		})
		if err != nil {
			t.Fatal(err)
		}
		acked := false
		front.dispatch(t.Context(), Envelope{ID: "e1", Type: "interactive", Payload: payload, Received: o.clock.Now(), write: func([]byte) error { acked = true; return nil }})
		front.Idle(soon(t))
		if !acked {
			t.Errorf("%s was not acknowledged", id)
		}
	}
	press("open-portal", "")
	if said := o.Ephemerals(ada); len(said) != 0 {
		t.Errorf("a link is answered %q", said[0].Text)
	}
	press("teleport", "D-7K3F9Q")
	if said := o.Ephemerals(ada); len(said) != 1 || said[0].Text != unknownButton || !strings.Contains(kept.read(), "button unknown") {
		t.Errorf("told %d things; the log says %s", len(said), kept.read())
	}
}

// TestShortcutUnknown: a shortcut of another version gets a word.
func TestShortcutUnknown(t *testing.T) {
	o := visit(t, slackfake.Options{})
	front := New(Config{Workspace: o.slack, Grammar: grammar(), Clock: o.clock.Now, Log: slog.New(slog.DiscardHandler)})
	payload, err := json.Marshal(object{"type": "message_action", "callback_id": "teleport", "user": object{"id": ada}, "channel": object{"id": room}, "response_url": o.responseURL(t)})
	if err != nil {
		t.Fatal(err)
	}
	front.dispatch(t.Context(), Envelope{ID: "e1", Type: "interactive", Payload: payload, Received: o.clock.Now(), write: func([]byte) error { return nil }})
	front.Idle(soon(t))
	if said := o.Ephemerals(ada); len(said) != 1 || said[0].Text != unknownShortcut {
		t.Errorf("told %d things", len(said))
	}
}

// TestFormUnknown: a form of another version is replaced by a word.
func TestFormUnknown(t *testing.T) {
	front := New(Config{Grammar: grammar(), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	var frames []string
	front.dispatch(t.Context(), Envelope{
		ID: "e1", Type: "interactive", TakesPayload: true, Received: time.Now(),
		Payload: []byte(`{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"teleport"}}`),
		write:   func(frame []byte) error { frames = append(frames, string(frame)); return nil },
	})
	if len(frames) != 1 || !strings.Contains(frames[0], `"response_action":"update"`) || !strings.Contains(frames[0], "another version of this bot") {
		t.Errorf("answered %q", frames)
	}
}

// TestCommandOther: another command of the same app is not taken for the bot's.
func TestCommandOther(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	for _, name := range []string{"/weather", "/defender2", "/Defender", ""} {
		payload, err := json.Marshal(object{
			"team_id": d.slack.TeamID(), "channel_id": channel, "user_id": typist, "command": name, "text": "collect " + strings.Repeat("b", 40) + " odd logins",
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.slack.SendEnvelope(soon(t), slackfake.Envelope{Kind: "slash_commands", Accepts: true, Payload: payload})
		if err != nil || !got.Acked || !strings.Contains(string(got.Payload), "which this bot does not know") || !strings.Contains(string(got.Payload), "/defender help") {
			t.Errorf("%q: %v, acknowledged %v with %s", name, err, got.Acked, got.Payload)
		}
	}
	if got := d.records(); len(got) != 0 {
		t.Errorf("recorded: %q", got)
	}
}

// TestPressOrphanForeign: a card whose record is not here is closed if Redis has lost
// changes since. Where another deployment may use the app it may be that one's.
func TestPressOrphanForeign(t *testing.T) {
	for name, tt := range map[string]struct{ lost, foreign, closed bool }{
		"alone, and Redis has lost changes": {true, false, true},
		"with another deployment":           {true, true, false},
		"alone, and nothing was lost":       {false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := deskOn(t, redistest.Mini(t).Addr(), 1)
			log, kept := logbook()
			d.front.log, d.front.foreign = log, func() bool { return tt.foreign }
			if tt.lost {
				d.lose()
			}
			if _, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), clicker, actionApprove, approvals.Request{ID: "D-7K3F9Q"})); err != nil {
				t.Fatal(err)
			}
			sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(clicker)) == 1 })
			d.front.Idle(soon(t))
			if closed := strings.Contains(kept.read(), "card of a lost record"); closed != tt.closed {
				t.Errorf("the card was to be closed: %t, want %t", closed, tt.closed)
			}
		})
	}
}

// TestPressUnknownRequest: a click on a card whose record is not here says that
// another copy of the bot may have it, and the log has a warning.
func TestPressUnknownRequest(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	log, kept := logbook()
	d.front.log = log
	r := approvals.Request{ID: "D-7K3F9Q"}
	if _, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), clicker, actionApprove, r)); err != nil {
		t.Fatal(err)
	}
	sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(clicker)) == 1 })
	if said := d.slack.Ephemerals(clicker)[0].Text; !strings.Contains(said, "no record of that request") || !strings.Contains(said, "another copy of this bot") {
		t.Errorf("answered %q", said)
	}
	if got := kept.read(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "no_such_request") || !strings.Contains(got, r.ID) {
		t.Errorf("the log says %s", got)
	}
}
