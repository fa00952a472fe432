package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/commands"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// endedHere has Defender refuse an investigation here, because Microsoft has ended it.
func (d *desked) endedHere() approvals.Request {
	d.t.Helper()
	r, err := d.store.Create(d.t.Context(), ledger.NewOp(), approvals.Request{
		Action: "investigate", Devices: []approvals.Device{{ID: strings.Repeat("b", 40)}}, Comment: "odd", By: approvals.Person{ID: typist},
		Place: approvals.Place{Team: d.slack.TeamID(), Channel: channel},
		Terms: approvals.Terms{ApprovalTTL: time.Hour, ExecutionTTL: time.Hour, Retention: time.Hour, Needed: 1, Horizon: time.Hour},
	}, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	r = d.happen(r, approvals.Resolve{Devices: r.Devices})
	r = d.happen(r, approvals.Approve{By: approvals.Person{ID: clicker}, Digest: r.Digest()})
	r = d.happen(r, approvals.On{Call: 0, Event: approvals.Send{NotAfter: d.store.Now().Add(approvals.SendLimit)}})
	return d.happen(r, approvals.On{Call: 0, Event: approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.Ended}}})
}

// made is the one request besides some others.
func (d *desked) made(others ...approvals.Request) approvals.Request {
	d.t.Helper()
	for _, key := range d.records() {
		id := key[strings.LastIndex(key, ":")+1:]
		known := false
		for _, o := range others {
			known = known || o.ID == id
		}
		if known {
			continue
		}
		r, err := d.store.Load(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		return r
	}
	return approvals.Request{}
}

// TestEndedCommand: a command for what Defender has refused here as ended records nothing
// and is answered privately with two buttons; each is the same as typing the command that
// it names, for the same devices and reason.
func TestEndedCommand(t *testing.T) {
	const comment = "odd & <b> &lt; “so”"
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	old := d.endedHere()
	out, err := d.slack.Command(soon(t), typist, channel, "investigate srv-1,"+strings.Repeat("c", 40)+" "+comment)
	if err != nil || out.Answer == nil || !strings.Contains(out.Answer.Text, "Nothing was recorded: Defender refused this action here, ") {
		t.Fatalf("answered %+v, %v", out.Answer, err)
	}
	if r := d.made(old); r.ID != "" {
		t.Fatalf("recorded %+v", r)
	}
	seen := []approvals.Request{old}
	for _, tt := range []struct{ button, action string }{{actionSuccessor, "scan"}, {actionAnyway, "investigate"}} {
		before := len(d.slack.Ephemerals(typist))
		if out, err := d.slack.Click(soon(t), typist, channel, out.Answer.TS, tt.button); err != nil || !out.Acked {
			t.Fatalf("%s: acknowledged %v, %v", tt.button, out.Acked, err)
		}
		sockWait(t, d.slack, tt.button, func() bool { return len(d.slack.Ephemerals(typist)) > before })
		said := d.slack.Ephemerals(typist)
		r := d.made(seen...)
		if !strings.Contains(said[len(said)-1].Text, "Recorded as "+r.ID) || r.ID == "" {
			t.Fatalf("%s: told %q", tt.button, said[len(said)-1].Text)
		}
		if r.Action != tt.action || r.Comment != "odd & <b> &lt; “so”" || len(r.Devices) != 2 || r.Devices[0].Name != "srv-1" || r.By.ID != typist || len(r.Barred) != 0 || r.State != approvals.Checking {
			t.Errorf("%s: made %+v", tt.button, r)
		}
		seen = append(seen, r)
	}
}

// TestEndedTryAgain: what lapsed before Defender refused the same here is not recorded once
// more; whoever pressed Try again gets the same two buttons.
func TestEndedTryAgain(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	old := d.pendingFor("investigate", typist)
	old = d.happen(old, approvals.Approve{By: approvals.Person{ID: clicker}, Digest: old.Digest()},
		approvals.On{Event: approvals.Lapse{Why: approvals.Why{Reason: approvals.ExecutionLapsed}}},
		approvals.Show{TS: cardTS, Visible: old.Visible})
	ended := d.endedHere()
	if out, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), typist, actionRetry, old)); err != nil || !out.Acked {
		t.Fatalf("acknowledged %v, %v", out.Acked, err)
	}
	sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(typist)) > 0 })
	said := d.slack.Ephemerals(typist)[0]
	want := "scan " + old.Devices[0].ID + " " + old.Comment
	if !strings.Contains(said.Text, "Nothing was recorded") || !strings.Contains(string(said.Blocks), want) || !strings.Contains(string(said.Blocks), actionAnyway) {
		t.Errorf("told %q with %s, want a button for %q", said.Text, said.Blocks, want)
	}
	if r := d.made(old, ended); r.ID != "" {
		t.Errorf("recorded %+v", r)
	}
}

// TestEndedForgedValue: what a button of a private answer holds is trusted no further than
// what somebody types.
func TestEndedForgedValue(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	for value, want := range map[string]string{
		"wipe srv-1 why":    "There is no command “wipe”",
		"scan 10.0.0.1 why": "is an IP address",
		"scan srv-1":        "The comment is missing",
		"scan srv-1 " + strings.Repeat("x", commands.MaxComment+1): "The comment has 1001 characters",
		"D-7K3F9Q.0123456789abcdef":                                "looks like a device",
		"help":                                                     "/defender investigate",
	} {
		before := len(d.slack.Ephemerals(typist))
		if _, err := d.slack.SendEnvelope(soon(t), privatePress(t, d, typist, value)); err != nil {
			t.Fatal(err)
		}
		sockWait(t, d.slack, want, func() bool { return len(d.slack.Ephemerals(typist)) > before })
		if said := d.slack.Ephemerals(typist); !strings.Contains(said[len(said)-1].Text, want) {
			t.Errorf("%q: told %q, want %q", value, said[len(said)-1].Text, want)
		}
	}
	if got := d.records(); len(got) != 0 {
		t.Errorf("recorded %q", got)
	}
}

// privatePress is a click on a button of a message that only one person sees.
func privatePress(t *testing.T, d *desked, user, value string) slackfake.Envelope {
	t.Helper()
	text, err := json.Marshal(object{
		"type": "block_actions", "user": object{"id": user}, "team": object{"id": d.slack.TeamID()}, "channel": object{"id": channel},
		"container": object{"type": "message", "channel_id": channel, "message_ts": cardTS, "is_ephemeral": true},
		"actions":   []any{object{"type": "button", "action_id": actionSuccessor, "value": value}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return slackfake.Envelope{Kind: "interactive", Accepts: true, Payload: text}
}

// TestEndedValueLimit: a button that would not hold the whole command is left out with the
// other one, and the answer says what to type.
func TestEndedValueLimit(t *testing.T) {
	c := typedAsk(0)
	c.Action = "investigate"
	room := valueLimit - len(c.Sent())
	for n, want := range map[int]int{room: 2, room + 1: 0} {
		long := c
		long.Comment += strings.Repeat("x", n)
		v := said(views().endedPage("/defender", long, asked))
		if got := buttonsOf(v); len(got) != want {
			t.Errorf("%d characters: buttons %q, want %d", len(long.Sent()), got, want)
		}
		if !strings.Contains(v.Text, "/defender scan srv-db-01,"+device(1).ID+" odd") {
			t.Errorf("%d characters: it does not say what to type:\n%s", len(long.Sent()), v.Text)
		}
		if got := strings.Contains(v.Text, "To ask for “investigate” anyway, ask with a shorter comment or for fewer devices"); got != (want == 0) {
			t.Errorf("%d characters: it says %v how to ask all the same:\n%s", len(long.Sent()), got, v.Text)
		}
		if what := broken(t, v); what != "" {
			t.Error(what)
		}
	}
}

// TestEndedInDirectMessage: where nothing but a direct message reaches the person, it has
// no buttons, for a click there would ask in the wrong place; it says what to type.
func TestEndedInDirectMessage(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.Break(slackfake.Fault{Method: "chat.postEphemeral", Error: "fatal_error"})
	if err := o.slack.whisper(t.Context(), reply{user: ada, channel: room}, views().endedPage("/defender", typedAsk(0), asked)); err != nil {
		t.Fatal(err)
	}
	got := o.DMs(ada)
	if len(got) != 1 || strings.Contains(string(got[0].Blocks), "action_id") || !strings.Contains(slackfake.Render(got[0].Blocks, names, time.UTC), "type: /defender scan srv-db-01,") {
		t.Errorf("ada gets %+v", got)
	}
}

// TestFollowersOffered: what this bot does not offer has no button, on cards and in answers,
// and no sentence sends anybody there.
func TestFollowersOffered(t *testing.T) {
	v := alone()
	for name, r := range followUps() {
		blocks, text := v.card(r)
		for _, b := range buttonsOf(view{Blocks: blocks}) {
			if strings.HasPrefix(b, actionSuccessor) || strings.HasPrefix(b, actionUndo) {
				t.Errorf("%s has the button %s", name, b)
			}
		}
		if strings.Contains(text, "replaces it") {
			t.Errorf("%s sends people to what is switched off:\n%s", name, text)
		}
	}
}

// TestFollowerAsks: before the click is sent, the question says for which devices, and who
// decides.
func TestFollowerAsks(t *testing.T) {
	several := followUps()["done-ended-several"]
	undo := followUps()["done-isolated"]
	for name, tt := range map[string]struct {
		r    approvals.Request
		want []string
	}{
		"successor": {several, []string{"Run full antivirus scan?", "srv-db-01.contoso.example, lt-ada.contoso.example, lt-004.contoso.example", "Somebody who has not asked for this before"}},
		"undo":      {undo, []string{"Release device from isolation?", "srv-db-01.contoso.example", "Somebody else has to approve it"}},
	} {
		text := string(encoded(t, views().buttons(tt.r)))
		for _, w := range tt.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q: %s", name, w, text)
			}
		}
	}
	if got, want := namesOf([]approvals.Device{device(0), {ID: device(1).ID}, device(2), device(3), device(4)}), "srv-db-01.contoso.example, "+device(1).ID+", kiosk-7 and 2 more"; got != want {
		t.Errorf("names %q, want %q", got, want)
	}
}
