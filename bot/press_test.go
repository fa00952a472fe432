package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/redistest"
)

// happen commits events of a request, one after the other.
func (d *desked) happen(r approvals.Request, events ...approvals.Event) approvals.Request {
	d.t.Helper()
	for _, e := range events {
		var err error
		op := ledger.Op{ID: "happens " + r.ID + string(rune('a'+r.Version))}
		if r, err = d.store.Apply(d.t.Context(), op, r, func(approvals.Request) (approvals.Event, error) { return e, nil }); err != nil {
			d.t.Fatal(err)
		}
	}
	return r
}

// other is the one other request that there is.
func (d *desked) other(than approvals.Request) approvals.Request {
	d.t.Helper()
	var found []approvals.Request
	for _, key := range d.records() {
		id := key[strings.LastIndex(key, ":")+1:]
		if r, err := d.store.Load(d.t.Context(), id); err == nil && r.ID != than.ID {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		d.t.Fatalf("%d other requests; keys %q", len(found), d.records())
	}
	return found[0]
}

// TestPressRetry: the old card stays, also when the click is delivered again, after
// the new request has a card of its own.
func TestPressRetry(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	r := d.pendingRequest(typist)
	r = d.happen(r, approvals.Approve{By: approvals.Person{ID: clicker}, Digest: r.Digest()},
		approvals.On{Event: approvals.Lapse{Why: approvals.Why{Reason: approvals.ExecutionLapsed}}})
	ts, err := d.front.workspace.Show(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r = d.happen(r, approvals.Show{TS: ts, Visible: r.Visible})
	i := interaction{User: named{typist}, Team: named{d.slack.TeamID()}, Channel: channelNamed{ID: channel}}
	i.Container.ChannelID, i.Container.MessageTS = channel, ts
	i.Actions = []pressed{{ActionID: actionRetry, Value: r.ID + "." + r.Digest()}}
	var answer string
	for range 2 {
		d.front.press(t.Context(), envelope("try-again", &answer), i)
		made := d.other(r)
		if made.Card.TS == "" {
			d.happen(made, approvals.Resolve{Devices: made.Devices}, approvals.Show{TS: "1.000002", Visible: made.Visible})
		}
	}
	if got := d.slack.Messages(channel); len(got) != 1 || got[0].TS != ts {
		t.Errorf("left are %+v, want the old card", got)
	}
}

// TestPressDeny: the form opens for whoever may deny, and names what it is about.
// Everybody else hears why not before they type a reason.
func TestPressDeny(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	d.front.workspace.Use(views())
	refuses := func(user string, r approvals.Request, want string) {
		t.Helper()
		before := len(d.slack.Ephemerals(user))
		out, err := d.slack.SendEnvelope(soon(t), pressOf(t, d.slack.TeamID(), user, actionDeny, r))
		if err != nil || !out.Acked {
			t.Errorf("%s: acknowledged %v, %v", user, out.Acked, err)
		}
		sockWait(t, d.slack, want, func() bool {
			said := d.slack.Ephemerals(user)
			return len(said) > before && strings.Contains(said[len(said)-1].Text, want)
		})
		if forms := len(d.slack.Views(user)); forms != 0 {
			t.Errorf("%s sees %d forms, and is told %q", user, forms, want)
		}
	}
	own := d.pendingRequest(clicker)
	own = d.happen(own, approvals.Show{TS: cardTS, Visible: own.Visible})
	refuses(clicker, own, "your own request")
	refuses(typist, own, "not an approver")
	d.happen(own, approvals.Cancel{By: approvals.Person{ID: clicker}})

	r := d.pendingRequest(typist)
	ts, err := d.front.workspace.Show(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r = d.happen(r, approvals.Show{TS: ts, Visible: r.Visible})
	if out, err := d.slack.Click(soon(t), clicker, channel, ts, actionDeny); err != nil || !out.Acked || len(d.slack.Views(clicker)) != 1 {
		t.Fatalf("%d forms, acknowledged %v, %v", len(d.slack.Views(clicker)), out.Acked, err)
	}
	form := d.slack.Views(clicker)[0]
	for _, want := range []string{r.ID, r.Devices[0].ID, "Collect evidence package from ", typist, r.Comment} {
		if !strings.Contains(string(form.Body), want) {
			t.Errorf("the form does not name %s: %s", want, form.Body)
		}
	}
	out, err := d.slack.Submit(soon(t), clicker, form.ID, map[string]string{reasonInput: "our own scanner"})
	if err != nil || !out.Closed {
		t.Errorf("the form stays open: %+v, %v", out, err)
	}
	refuses(typist, r, "your own request") // who is no approver either, which would be no help to know
	refuses(clicker, r, r.ID+" was already denied")
}

// idsIn are the action ids of what can be pressed in a block.
func idsIn(b slack.Block) (ids []string) {
	switch b := b.(type) {
	case *slack.ActionBlock:
		for _, e := range b.Elements.ElementSet {
			switch e := e.(type) {
			case *slack.ButtonBlockElement:
				ids = append(ids, e.ActionID)
			case *slack.SelectBlockElement:
				ids = append(ids, e.ActionID)
			}
		}
	case *slack.SectionBlock:
		if b.Accessory != nil {
			ids = append(ids, b.Accessory.ButtonElement.ActionID)
		}
	}
	return ids
}

// TestButtonsAndForms: every button of a card or a private answer and every form has its row.
func TestButtonsAndForms(t *testing.T) {
	pressed, private := map[string]bool{}, map[string]bool{}
	for _, h := range homes() {
		for _, b := range views().home("/defender", h, nil) {
			for _, id := range idsIn(b) {
				pressed[id] = true
			}
		}
	}
	for name, v := range everyView() {
		if v.Form != nil {
			f := forms()[v.Form.CallbackID]
			asks := slices.ContainsFunc(v.Form.Blocks.BlockSet, func(b slack.Block) bool {
				input, is := b.(*slack.InputBlock)
				return is && input.BlockID == f.field
			})
			if f.do == nil || !asks {
				t.Errorf("%s: its row is %+v", name, f)
			}
		}
		for _, b := range v.Blocks {
			for _, id := range idsIn(b) {
				if strings.HasPrefix(name, "card-") {
					pressed[id] = true
				} else {
					private[id] = true
				}
			}
		}
	}
	if got, want := sortedKeys(buttons()), sortedKeys(pressed); !slices.Equal(got, want) {
		t.Errorf("there are rows for %q; cards and homes have %q", got, want)
	}
	if got, want := sortedKeys(privates()), sortedKeys(private); !slices.Equal(got, want) {
		t.Errorf("there are rows for %q; private answers have %q", got, want)
	}
}

// TestDenyForm takes what a form can come back with.
func TestDenyForm(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	r := d.pendingRequest(typist)
	meta := func(digest string) string {
		text, err := json.Marshal(denial{ID: r.ID, Digest: digest, Channel: channel, TS: cardTS, Copy: true})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, tt := range []struct{ name, user, meta, typed, want string }{
		{"nothing readable", clicker, "", "why not", formUnread},
		{"no reason", clicker, meta(r.Digest()), " \u202e ", noReason},
		{"the requester", typist, meta(r.Digest()), "mine", "your own request"},
		{"another card", clicker, meta("0123456789abcdef"), "odd", "does not match this request"},
		{"all is well", clicker, meta(r.Digest()), "our \u202eown\nscanner", ""},
		{"once more", clicker, meta(r.Digest()), "again", "already denied by grace"},
	} {
		var answer string
		i := interaction{User: named{tt.user}, Team: named{d.slack.TeamID()}, View: submitted{CallbackID: denyForm, PrivateMetadata: tt.meta}}
		i.View.State = &slack.ViewState{Values: map[string]map[string]slack.BlockAction{reasonBlock: {reasonInput: {Value: tt.typed}}}}
		d.front.submitted(t.Context(), envelope("form "+tt.name, &answer), i)
		if isError := strings.Contains(answer, `"response_action":"errors"`); isError != (tt.want != "") || !strings.Contains(answer, tt.want) {
			t.Errorf("%s: answered %s, want %q", tt.name, answer, tt.want)
		}
	}
	after, err := d.store.Load(t.Context(), r.ID)
	if err != nil || after.State != approvals.Denied || after.Ended.Text != "our own\nscanner" || after.Ended.By.ID != clicker {
		t.Errorf("the request is %s by %s: %q, %v", after.State, after.Ended.By.ID, after.Ended.Text, err)
	}
	said := d.slack.Ephemerals(clicker)
	if len(said) != 1 || said[0].Text != "You denied "+r.ID+". Nothing was sent." {
		t.Errorf("the approver is told %+v", said)
	}
}

// TestDenyFormReason: what was typed, without what could mislead.
func TestDenyFormReason(t *testing.T) {
	state := func(text string) *slack.ViewState {
		return &slack.ViewState{Values: map[string]map[string]slack.BlockAction{reasonBlock: {reasonInput: {Value: text}}}}
	}
	for _, tt := range []struct {
		in   *slack.ViewState
		want string
	}{
		{nil, ""},
		{state(" \u202e\n "), ""},
		{state("  our own scanner\u200b "), "our own scanner"},
		{state(strings.Repeat("é", 501)), strings.Repeat("é", 499) + "…"},
	} {
		if got := reason(tt.in); got != tt.want {
			t.Errorf("reason %q, want %q", got, tt.want)
		}
	}
}
