package slackfake

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// TestModalStack: at most three modals lie on top of each other.
func TestModalStack(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	openModal(t, s, app)
	push := `{"response_action":"push","view":` + smallView + `}`
	for n := 2; n <= 3; n++ {
		if o := submit(t, s, app, s.Views(ana)[n-2], push); o.Shown != "" || len(s.Views(ana)) != n {
			t.Fatalf("view %d: %+v, %d open", n, o, len(s.Views(ana)))
		}
	}
	views := s.Views(ana)
	if o := submit(t, s, app, views[2], push); o.Shown != ShownModalTrouble || len(s.Views(ana)) != 3 {
		t.Errorf("fourth view: %+v, %d open", o, len(s.Views(ana)))
	}
	if views[2].Root != views[0].ID || views[2].Previous != views[1].ID {
		t.Errorf("root %s and previous %s, want %s and %s", views[2].Root, views[2].Previous, views[0].ID, views[1].ID)
	}
}

// TestModalExternalID: an external id is given once.
func TestModalExternalID(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	v := openModal(t, s, app)
	named := strings.Replace(smallView, `"callback_id"`, `"external_id":"one","callback_id"`, 1)
	bot(t, s, "views.update", form("view_id", v.ID, "view", named))
	bot(t, s, "views.update", form("external_id", "one", "view", named)) // its own id is no duplicate
	again := form("trigger_id", "1.2.3", "view", named)
	if e := call(t, s, "views.open", s.BotToken(), again)["error"]; e != "duplicate_external_id" {
		t.Errorf("opened with an id that is taken: %v", e)
	}
	if e := call(t, s, "views.update", s.BotToken(), form("view_id", v.ID, "view", `{"type":"modal"}`))["error"]; e != "invalid_arguments" {
		t.Errorf("updated to a bad view: %v", e)
	}
}

// TestModalBadAnswers: answers to a submission that make no sense.
func TestModalBadAnswers(t *testing.T) {
	for _, ack := range []string{`"text"`, `{"response_action":7}`, `{"response_action":"errors"}`, `{"response_action":"errors","errors":{}}`} {
		s, _ := start(t)
		app := open(t, s)
		v := openModal(t, s, app)
		if o := submit(t, s, app, v, ack); o.Closed || o.Shown != ShownModalTrouble || len(s.Views(ana)) != 1 {
			t.Errorf("%s: %+v", ack, o)
		}
	}
}

// A modal with a menu, an optional input and one with a smallest length, as Slack's client checks them.
func TestModalInputs(t *testing.T) {
	const view = `{"type":"modal","title":{"type":"plain_text","text":"T"},"submit":{"type":"plain_text","text":"S"},"blocks":[
		{"type":"input","block_id":"m","label":{"type":"plain_text","text":"M"},"element":{"type":"static_select","action_id":"menu",
		"options":[{"text":{"type":"plain_text","text":"A"},"value":"a"},{"text":{"type":"plain_text","text":"B"},"value":"b"}]}},
		{"type":"input","block_id":"o","optional":true,"label":{"type":"plain_text","text":"O"},"element":{"type":"plain_text_input","action_id":"opt"}},
		{"type":"input","block_id":"l","label":{"type":"plain_text","text":"L"},"element":{"type":"plain_text_input","action_id":"long","min_length":3}}]}`
	s, _ := start(t)
	app := open(t, s)
	v := openModal(t, s, app)
	bot(t, s, "views.update", form("view_id", v.ID, "view", view))
	o, err := s.Submit(t.Context(), ana, v.ID, map[string]string{"long": "ab"})
	if err != nil || o.EnvelopeID != "" || len(o.Errors) != 2 || o.Errors["m"] == "" || o.Errors["l"] == "" {
		t.Errorf("too short, nothing chosen: %+v, %v", o, err)
	}
	got := within(t, func(ctx context.Context) (Outcome, error) {
		return s.Submit(ctx, ana, v.ID, map[string]string{"long": "abc", "menu": "b"})
	})
	m := app.read()
	app.ack(m, "")
	if o := <-got; !o.Closed {
		t.Errorf("%+v", o)
	}
	values := at(m, "payload", "view", "state", "values")
	sent := fmt.Sprintf("%v %v %v", at(values, "m", "menu", "selected_option", "value"), at(values, "o", "opt", "value"), at(values, "l", "long", "value"))
	if want := "b <nil> abc"; sent != want {
		t.Errorf("values %s, want %s", sent, want)
	}
}
