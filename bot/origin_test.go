package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// TestPressElsewhere has clicks with a right value that name another message,
// channel or team, or a message that is no card of the request: none counts, each
// is answered, and nothing is taken away.
func TestPressElsewhere(t *testing.T) {
	const other = "C0LOUNGE"
	for name, forge := range map[string]func(payload, message object){
		"another message of the bot": func(p, m object) {
			p["container"].(object)["message_ts"] = "1.000009"
			m["ts"], m["blocks"] = "1.000009", []any{}
		},
		"a message with buttons of another request": func(p, m object) {
			p["container"].(object)["message_ts"] = "1.000009"
			m["ts"] = "1.000009"
			m["blocks"] = []any{object{"type": "actions", "block_id": "b", "elements": []any{object{
				"type": "button", "action_id": actionApprove, "value": "D-000000.0123456789abcdef", "text": object{"type": "plain_text", "text": "x"},
			}}}}
		},
		"a message of a person": func(p, m object) {
			p["container"].(object)["message_ts"] = "1.000009"
			m["ts"], m["user"] = "1.000009", typist
			delete(m, "bot_id")
		},
		"a message of another app": func(p, m object) {
			p["container"].(object)["message_ts"] = "1.000009"
			m["ts"], m["bot_id"] = "1.000009", "B0OTHER"
		},
		"no message": func(p, _ object) {
			p["container"].(object)["message_ts"] = "1.000009"
			delete(p, "message")
		},
		"the card's name in another channel": func(p, _ object) {
			p["container"].(object)["channel_id"] = other
			p["channel"].(object)["id"] = other
		},
		"a copy in another channel than it says": func(p, m object) {
			p["container"].(object)["message_ts"] = "1.000009"
			m["ts"] = "1.000009"
			p["channel"].(object)["id"] = other
		},
		"a copy with buttons of two requests": func(p, m object) {
			p["container"].(object)["message_ts"] = "1.000009"
			m["ts"] = "1.000009"
			block := m["blocks"].([]any)[0].(object)
			block["elements"] = append(block["elements"].([]any), object{
				"type": "button", "action_id": actionDeny, "value": "D-000000.0123456789abcdef", "text": object{"type": "plain_text", "text": "x"},
			})
		},
		"the card, and a message that is another": func(_, m object) { m["ts"] = "1.000009" },
		"the card, and a channel that is another": func(p, _ object) { p["channel"].(object)["id"] = other },
		"the card's name in another team":         func(p, _ object) { p["team"] = object{"id": "T0ELSE"} },
	} {
		t.Run(name, func(t *testing.T) {
			d := deskOn(t, redistest.Mini(t).Addr(), 1)
			d.front.workspace.Use(views())
			var counted atomic.Int64
			d.front.refused = func(what string, why approvals.Reason) {
				if what == actionApprove && why == approvals.OtherMessage {
					counted.Add(1)
				}
			}
			d.slack.AddChannel(slackfake.Channel{ID: other, Name: "lounge", Bot: true, Members: []string{clicker}})
			r := d.pendingRequest(typist)
			r = d.happen(r, approvals.Show{TS: cardTS, Visible: r.Visible})
			if _, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), clicker, actionApprove, r, forge)); err != nil {
				t.Fatal(err)
			}
			sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(clicker)) == 1 })
			if said := d.slack.Ephemerals(clicker)[0].Text; !strings.Contains(said, "not this request's card") {
				t.Errorf("answered %q", said)
			}
			if counted.Load() != 1 {
				t.Errorf("counted %d times", counted.Load())
			}
			after, err := d.store.Load(t.Context(), r.ID)
			if err != nil || after.State != approvals.Pending || after.Version != r.Version {
				t.Errorf("it is %s at version %d (%v), want it as it was", after.State, after.Version, err)
			}
			for _, c := range d.slack.APICalls() {
				if c.Method == "chat.delete" {
					t.Error("something was deleted")
				}
			}
		})
	}
}

// TestPressCopy: a second card, which a crash left, counts like the first, and is
// taken away by the click; no other message is.
func TestPressCopy(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	r := d.pendingRequest(typist)
	var posted []string
	for range 2 {
		ts, err := d.front.workspace.Show(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		posted = append(posted, ts)
		d.front.workspace.turns = newTurns(time.Now) // the second is posted by another process
	}
	r = d.happen(r, approvals.Show{TS: posted[0], Visible: r.Visible})
	if out, err := d.slack.Click(soon(t), clicker, channel, posted[1], actionApprove); err != nil || !out.Acked {
		t.Fatalf("%+v, %v", out, err)
	}
	sockWait(t, d.slack, "the copy goes", func() bool {
		left := d.slack.Messages(channel)
		return len(left) == 1 && left[0].TS == posted[0]
	})
	if after, err := d.store.Load(t.Context(), r.ID); err != nil || after.State != approvals.Approved {
		t.Errorf("it is %s (%v), want approved", after.State, err)
	}
}

// TestPressUnsaved: the card whose name a crash kept from being saved is the
// card from the first click on.
func TestPressUnsaved(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	r := d.pendingRequest(typist)
	ts, err := d.front.workspace.Show(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := d.slack.Click(soon(t), clicker, channel, ts, actionApprove); err != nil || !out.Acked {
		t.Fatalf("%+v, %v", out, err)
	}
	sockWait(t, d.slack, "the record knows its card", func() bool {
		after, err := d.store.Load(t.Context(), r.ID)
		return err == nil && after.Card.TS == ts && after.State == approvals.Approved
	})
}

// TestDenyFormElsewhere: a form counts only for the request and the card that it
// was opened from.
func TestDenyFormElsewhere(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	r := d.pendingRequest(typist)
	r = d.happen(r, approvals.Show{TS: cardTS, Visible: r.Visible})
	for n, from := range []denial{
		{TS: "1.000009", Channel: channel},
		{TS: cardTS, Channel: "C0LOUNGE"},
		{Channel: channel},
	} {
		from.ID, from.Digest = r.ID, r.Digest()
		meta, err := json.Marshal(from)
		if err != nil {
			t.Fatal(err)
		}
		view := object{
			"type": "view_submission", "user": object{"id": clicker}, "team": object{"id": d.slack.TeamID()},
			"view": object{"callback_id": denyForm, "private_metadata": string(meta), "state": object{"values": object{
				reasonBlock: object{reasonInput: object{"type": "plain_text_input", "value": "no"}},
			}}},
		}
		payload, err := json.Marshal(view)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.slack.SendEnvelope(soon(t), slackfake.Envelope{ID: fmt.Sprint("form ", n), Kind: "interactive", Accepts: true, Payload: payload})
		if err != nil || !strings.Contains(string(got.Payload), "not this request's card") {
			t.Errorf("%+v: answered %s, %v", from, got.Payload, err)
		}
	}
	if after, err := d.store.Load(t.Context(), r.ID); err != nil || after.State != approvals.Pending {
		t.Errorf("it is %s (%v), want pending", after.State, err)
	}
}

// TestEnvelopeReused: an envelope's id that comes again with something else is
// answered in words, and not with what the first one was told.
func TestEnvelopeReused(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	slash := func(device string) slackfake.Envelope {
		payload, err := json.Marshal(object{
			"team_id": d.slack.TeamID(), "channel_id": channel, "user_id": typist, "command": "/defender",
			"text": "collect " + strings.Repeat(device, 40) + " odd",
		})
		if err != nil {
			t.Fatal(err)
		}
		return slackfake.Envelope{ID: "one-id", Kind: "slash_commands", Accepts: true, Payload: payload}
	}
	for _, tt := range []struct{ device, want string }{
		{"b", "Recorded as D-"}, {"b", "Recorded as D-"}, {"c", "different content"},
	} {
		got, err := d.slack.SendEnvelope(soon(t), slash(tt.device))
		if err != nil || !strings.Contains(string(got.Payload), tt.want) {
			t.Errorf("device %s: answered %s, %v; want %q", tt.device, got.Payload, err, tt.want)
		}
	}
	r := d.pendingRequest(typist)
	r = d.happen(r, approvals.Show{TS: cardTS, Visible: r.Visible})
	click := pressOf(t, d.slack.TeamID(), clicker, actionApprove, r)
	click.ID = "one-id"
	if _, err := d.slack.SendEnvelope(soon(t), click); err != nil {
		t.Fatal(err)
	}
	sockWait(t, d.slack, "an answer", func() bool {
		said := d.slack.Ephemerals(clicker)
		return len(said) == 1 && strings.Contains(said[0].Text, "different content")
	})
	if after, err := d.store.Load(t.Context(), r.ID); err != nil || after.State != approvals.Pending {
		t.Errorf("it is %s (%v), want pending", after.State, err)
	}
}
