package bot

import (
	"encoding/json"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// formOf is the one form that somebody has open.
func (d *desked) formOf(user string) slackfake.View {
	d.t.Helper()
	open := d.slack.Views(user)
	if len(open) != 1 || open[0].CallbackID != askForm {
		d.t.Fatalf("%s has %d forms open: %+v", user, len(open), open)
	}
	return open[0]
}

// fill are the fields of the form.
func fill(action, device, comment string) map[string]string {
	return map[string]string{actionBlock: action, deviceBlock: device, commentBlock: comment}
}

// TestAskForm: a command without words opens the form. What is wrong stands beside the field
// that it is about, and what was typed stays; then the request is recorded, and the answer is
// that of a command.
func TestAskForm(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	id := strings.Repeat("c", 40)
	out, err := d.slack.Command(soon(t), typist, channel, "")
	if err != nil || !out.Acked || out.Answer != nil || out.Shown != "" {
		t.Fatalf("%+v, %v", out, err)
	}
	form := d.formOf(typist)
	for _, tt := range []struct {
		values map[string]string
		want   map[string]string
	}{
		{fill("collect", "10.0.0.1", "odd"), map[string]string{deviceBlock: "is an IP address"}},
		{fill("collect", "srv-1 SRV-1", "\u200b"), map[string]string{deviceBlock: "the same device", commentBlock: "Say why"}},
		{fill("collect", strings.Repeat("srv-1 ", 21), "odd"), map[string]string{deviceBlock: "twice"}},
		{fill("collect", "-", "odd"), map[string]string{deviceBlock: "hyphen"}},
	} {
		out, err := d.slack.Submit(soon(t), typist, form.ID, tt.values)
		if err != nil || out.Closed || len(out.Errors) != len(tt.want) {
			t.Errorf("%v: %+v, %v; want errors %v", tt.values, out, err, tt.want)
		}
		for block, want := range tt.want {
			if !strings.Contains(out.Errors[block], want) {
				t.Errorf("%v: beside %s %q, want %q", tt.values, block, out.Errors[block], want)
			}
		}
		if n := len(d.records()); n != 0 {
			t.Fatalf("%d records", n)
		}
	}
	if out, err := d.slack.Submit(soon(t), typist, form.ID, fill("collect", "srv-1,\n"+id, " odd & <b>, late\n")); err != nil || !out.Closed {
		t.Fatalf("%+v, %v", out, err)
	}
	sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(typist)) == 1 })
	r := d.made()
	if r.Action != "collect" || len(r.Devices) != 2 || r.Devices[0].Name != "srv-1" || r.Devices[1].ID != id || r.Comment != "odd & <b>, late" ||
		r.By.ID != typist || r.Place.Channel != channel || r.Thread != "" || r.State != approvals.Checking {
		t.Errorf("made %+v", r)
	}
	if got := d.slack.Ephemerals(typist)[0]; got.Text != "Recorded as "+r.ID+". I am looking up the 2 devices; then the card for approval appears here." || got.Channel != channel {
		t.Errorf("told %q in %s", got.Text, got.Channel)
	}
}

// TestAskFormRefused: a refusal stands beside the field that it is about, else beside the
// action, and keeps the form open.
func TestAskFormRefused(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	d.endedHere()
	open := d.pendingRequest(clicker)
	for _, tt := range []struct{ name, action, device, block, want string }{
		{"ended", "investigate", "srv-1", actionBlock, "Choose “Run full antivirus scan” instead. To ask for it anyway, type it as a command"},
		{"open already", "collect", open.Devices[0].ID, deviceBlock, open.ID},
	} {
		if out, err := d.slack.Command(soon(t), typist, channel, ""); err != nil || !out.Acked {
			t.Fatalf("%+v, %v", out, err)
		}
		form := d.formOf(typist)
		out, err := d.slack.Submit(soon(t), typist, form.ID, fill(tt.action, tt.device, "odd"))
		if err != nil || out.Closed || len(out.Errors) != 1 || !strings.Contains(out.Errors[tt.block], tt.want) {
			t.Errorf("%s: %+v, %v; want %q beside %s", tt.name, out, err, tt.want, tt.block)
		}
		if _, err := d.slack.CloseView(soon(t), typist, form.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAskFormNowhere: where nothing is taken the form does not open, and whoever wanted it
// is told why at once. That Slack does not open it leaves the help.
func TestAskFormNowhere(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.slack.AddChannel(slackfake.Channel{ID: "C0LOUNGE", Name: "lounge", Members: []string{typist}})
	d.slack.AddUser(slackfake.User{ID: "U0GUS", Name: "gus", Guest: slackfake.MultiGuest})
	if err := d.slack.ChangeChannel(channel, func(c *slackfake.Channel) { c.Members = append(c.Members, "U0GUS") }); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, user, where, want string
		fault                   slackfake.Fault
	}{
		{"not in the channel", typist, "C0LOUNGE", "I am not in this channel", slackfake.Fault{}},
		{"a guest", "U0GUS", channel, "Only full members", slackfake.Fault{}},
		{"too late for Slack", typist, channel, "Slack could not open the form (expired_trigger_id), so nothing happened. Try again.\n/defender\n    Ask for", slackfake.Fault{Method: "views.open", Error: "expired_trigger_id"}},
		{"never for Slack", typist, channel, "Slack could not open the form (missing_scope), so nothing happened. Trying again will not help. Tell whoever runs this bot.", slackfake.Fault{Method: "views.open", Error: "missing_scope"}},
		{"a mistake of ours", typist, channel, "Slack could not open the form (invalid_arguments), so nothing happened. Trying again will not help.", slackfake.Fault{Method: "views.open", Error: "invalid_arguments"}},
	} {
		off := func() {}
		if tt.fault.Method != "" {
			off = d.slack.Break(tt.fault)
		}
		out, err := d.slack.Command(soon(t), tt.user, tt.where, "")
		off()
		if err != nil || out.Answer == nil || !strings.HasPrefix(out.Answer.Text, tt.want) || len(d.slack.Views(tt.user)) != 0 {
			t.Errorf("%s: %+v, %v, %d forms", tt.name, out.Answer, err, len(d.slack.Views(tt.user)))
		}
	}
	const direct = "D0ADA"
	d.slack.AddChannel(slackfake.Channel{ID: direct, DMWith: typist, Bot: true, Members: []string{typist}})
	if out, err := d.slack.Command(soon(t), typist, direct, ""); err != nil || out.Answer == nil || !strings.HasPrefix(out.Answer.Text, "Only the people in a direct or group message see it") {
		t.Errorf("direct message: %+v, %v", out, err)
	}
}

// TestAskFormDraft: the button under the answer to a command that could not be read opens
// the form with what could be.
func TestAskFormDraft(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	out, err := d.slack.Command(soon(t), typist, channel, "colect 10.0.0.1 odd & late")
	if err != nil || out.Answer == nil {
		t.Fatalf("%+v, %v", out, err)
	}
	if out, err := d.slack.Click(soon(t), typist, channel, out.Answer.TS, actionAsk); err != nil || !out.Acked {
		t.Fatalf("%+v, %v", out, err)
	}
	sockWait(t, d.slack, "a form", func() bool { return len(d.slack.Views(typist)) == 1 })
	form := d.formOf(typist)
	out, err = d.slack.Submit(soon(t), typist, form.ID, nil)
	if err != nil || len(out.Errors) != 1 || !strings.Contains(out.Errors[deviceBlock], "“10.0.0.1” is an IP address") {
		t.Errorf("as it is filled in: %+v, %v", out, err)
	}
	if out, err = d.slack.Submit(soon(t), typist, form.ID, map[string]string{deviceBlock: "srv-1"}); err != nil || !out.Closed {
		t.Errorf("mended: %+v, %v", out, err)
	}
	if r := d.made(); r.Action != "collect" || r.Devices[0].Name != "srv-1" || r.Comment != "odd & late" {
		t.Errorf("made %+v", r)
	}
}

// TestAskFormForged: what a button or a form holds is trusted no further than what somebody
// types.
func TestAskFormForged(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	d.slack.AddChannel(slackfake.Channel{ID: "C0LOUNGE", Name: "lounge", Members: []string{typist}})
	send := func(metadata, team string) map[string]string {
		meta, err := json.Marshal(metadata)
		if err != nil {
			t.Fatal(err)
		}
		state := `{"values":{"action":{"value":{"type":"static_select","selected_option":{"value":"collect"}}},"device":{"value":{"value":"srv-1"}},"comment":{"value":{"value":"odd"}}}}`
		payload := `{"type":"view_submission","user":{"id":"` + typist + `"},"team":{"id":"` + team + `"},"view":{"callback_id":"ask","private_metadata":` + string(meta) + `,"state":` + state + `}}`
		got, err := d.slack.SendEnvelope(soon(t), slackfake.Envelope{Kind: "interactive", Accepts: true, Payload: []byte(payload)})
		if err != nil || !got.Acked {
			t.Fatal(got, err)
		}
		var answer formErrors
		_ = json.Unmarshal(got.Payload, &answer)
		return answer.Errors
	}
	for _, tt := range []struct{ metadata, team, want string }{
		{"none", d.slack.TeamID(), formUnread}, {`{"channel":"C0INCIDENT"}`, "T0ELSE", sentence(approvals.Why{Reason: approvals.OtherTeam})}, {`{"channel":"C0LOUNGE"}`, d.slack.TeamID(), "I am not in this channel"},
	} {
		if got := send(tt.metadata, tt.team)[actionBlock]; !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s of %s: %q, want %q", tt.metadata, tt.team, got, tt.want)
		}
	}
	if n := len(d.records()); n != 0 {
		t.Errorf("%d records", n)
	}
}

// TestAskAgain: the button on the card of a request that expired opens the form with what it
// asked for; it counts on that card alone.
func TestAskAgain(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	r := d.pendingRequest(typist)
	press := func(forge ...func(payload, message object)) string {
		before := len(d.slack.Ephemerals(clicker))
		forge = append(forge, func(payload, _ object) { payload["trigger_id"] = "1.1.none" })
		if out, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), clicker, actionAsk, r, forge...)); err != nil || !out.Acked {
			t.Fatal(out, err)
		}
		sockWait(t, d.slack, "an answer", func() bool { return len(d.slack.Ephemerals(clicker)) > before })
		return d.slack.Ephemerals(clicker)[before].Text
	}
	if got := press(); !strings.Contains(got, "The request has moved on") {
		t.Errorf("still open: told %q", got)
	}
	r = d.happen(r, approvals.Cancel{By: approvals.Person{ID: typist}})
	elsewhere := func(payload, message object) {
		payload["container"].(object)["message_ts"] = "1.000009"
		message["ts"], message["user"] = "1.000009", typist
	}
	if got := press(elsewhere); !strings.Contains(got, "not this request's card") {
		t.Errorf("on another message: told %q", got)
	}
	if got := press(func(payload, _ object) {
		payload["actions"].([]any)[0].(object)["value"] = r.ID + ".0123456789abcdef"
	}); !strings.Contains(got, "does not match this request") {
		t.Errorf("of something else: told %q", got)
	}
	if got := press(); !strings.Contains(got, "Slack could not open the form") {
		t.Errorf("with a trigger that is none: told %q", got)
	}
}
