package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTriggerUsedTwice(t *testing.T) {
	s, _ := start(t)
	ts := card(t, s)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Click(ctx, ana, general, ts, "approve") })
	m := app.read()
	f := form("trigger_id", at(m, "payload", "trigger_id").(string), "view", smallView)
	bot(t, s, "views.open", f)
	if e := call(t, s, "views.open", s.BotToken(), f)["error"]; e != "exchanged_trigger_id" {
		t.Errorf("used twice: %v", e)
	}
	app.ack(m, "")
	<-got
}

func TestTriggerLife(t *testing.T) {
	s, c := start(t)
	ts := card(t, s)
	app := open(t, s)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Click(ctx, ana, general, ts, "approve") })
	m := app.read()
	app.ack(m, "")
	<-got
	c.Advance(3001 * time.Millisecond)
	f := form("trigger_id", at(m, "payload", "trigger_id").(string), "view", smallView)
	if e := call(t, s, "views.open", s.BotToken(), f)["error"]; e != "expired_trigger_id" {
		t.Errorf("after 3 s: %v", e)
	}
}

func TestModalSubmission(t *testing.T) {
	changed := strings.Replace(smallView, "Why", "And", 1)
	tests := []struct {
		name, ack string
		closed    bool
		errors    map[string]string
		shown     string
		open      int
	}{
		{"empty", "", true, nil, "", 0},
		{"clear", `{"response_action":"clear"}`, true, nil, "", 0},
		{"errors", `{"response_action":"errors","errors":{"why":"too short"}}`, false, map[string]string{"why": "too short"}, "", 1},
		{"errors for no input", `{"response_action":"errors","errors":{"reason":"too short"}}`, false, nil, ShownModalTrouble, 1},
		{"update", `{"response_action":"update","view":` + changed + `}`, false, nil, "", 1},
		{"push", `{"response_action":"push","view":` + changed + `}`, false, nil, "", 2},
		{"bad view", `{"response_action":"update","view":{}}`, false, nil, ShownModalTrouble, 1},
		{"unknown", `{"response_action":"shout"}`, false, nil, ShownModalTrouble, 1},
	}
	for _, tt := range tests {
		s, _ := start(t)
		app := open(t, s)
		v := openModal(t, s, app)
		got := within(t, func(ctx context.Context) (Outcome, error) {
			return s.Submit(ctx, ana, v.ID, map[string]string{"reason": "no"})
		})
		m := app.read()
		if val := at(m, "payload", "view", "state", "values", "why", "reason", "value"); val != "no" {
			t.Errorf("%s: value %v", tt.name, val)
		}
		if md := at(m, "payload", "view", "private_metadata"); md != "D-1" {
			t.Errorf("%s: private_metadata %v", tt.name, md)
		}
		app.ack(m, tt.ack)
		o := <-got
		if o.Closed != tt.closed || o.Shown != tt.shown || !cmp.Equal(o.Errors, tt.errors) || len(s.Views(ana)) != tt.open {
			t.Errorf("%s: %+v, %d open", tt.name, o, len(s.Views(ana)))
		}
	}
}

func TestModalChecksOfTheClient(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	v := openModal(t, s, app)
	for _, value := range []string{"", strings.Repeat("x", 11)} {
		o, err := s.Submit(t.Context(), ana, v.ID, map[string]string{"reason": value})
		if err != nil || o.EnvelopeID != "" || o.Errors["why"] == "" {
			t.Errorf("%q: %+v, %v", value, o, err)
		}
		if diff := cmp.Diff(o.Errors, s.Views(ana)[0].Errors); diff != "" {
			t.Errorf("%q: the form shows (-want +got):\n%s", value, diff)
		}
	}
	if _, err := s.Submit(t.Context(), ana, v.ID, map[string]string{"reason": "x", "other": "y"}); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("a value for no input: %v", err)
	}
	if _, err := s.Submit(t.Context(), ben, v.ID, nil); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("somebody else's view: %v", err)
	}
}

func TestModalTimeoutUpdateAndClose(t *testing.T) {
	s, c := start(t)
	app := open(t, s)
	v := openModal(t, s, app)
	got := within(t, func(ctx context.Context) (Outcome, error) {
		return s.Submit(ctx, ana, v.ID, map[string]string{"reason": "no"})
	})
	app.read()
	c.Advance(3 * time.Second)
	if o := <-got; o.Closed || o.Shown != ShownModalTrouble {
		t.Errorf("no acknowledgement: %+v", o)
	}
	f := form("view_id", v.ID, "hash", "stale", "view", smallView)
	if e := call(t, s, "views.update", s.BotToken(), f)["error"]; e != "hash_conflict" {
		t.Errorf("stale hash: %v", e)
	}
	f["hash"] = v.Hash
	bot(t, s, "views.update", f)
	closing := within(t, func(ctx context.Context) (Outcome, error) { return s.CloseView(ctx, ana, v.ID) })
	m := app.read()
	app.ack(m, "")
	if o := <-closing; !o.Closed || at(m, "payload", "type") != "view_closed" || len(s.Views(ana)) != 0 {
		t.Errorf("%+v %v", o, m)
	}
}

func TestCheckViewPlace(t *testing.T) {
	err := CheckView(json.RawMessage(strings.Replace(smallView, `"Why"`, `"A title of twenty-five ch."`, 1)))
	be, ok := errors.AsType[*BlockError](err)
	if !ok || be.Code != "invalid_arguments" || be.Messages[0] != "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]" {
		t.Errorf("got %v", err)
	}
}

const filledView = `{"type":"modal","title":{"type":"plain_text","text":"Ask"},"submit":{"type":"plain_text","text":"Ask"},"blocks":[
	{"type":"input","block_id":"action","label":{"type":"plain_text","text":"Action"},"element":{"type":"static_select","action_id":"a",
	"initial_option":{"text":{"type":"plain_text","text":"Scan"},"value":"scan"},"options":[
	{"text":{"type":"plain_text","text":"Scan"},"value":"scan"},{"text":{"type":"plain_text","text":"Isolate"},"value":"isolate"}]}},
	{"type":"input","block_id":"device","label":{"type":"plain_text","text":"Device"},"element":{"type":"plain_text_input","action_id":"d","initial_value":"web-02"}}]}`

// TestModalInitialValues sends what stood in the inputs unless somebody changed
// it, and keeps what was typed through errors and a new body.
func TestModalInitialValues(t *testing.T) {
	s, _ := start(t)
	app := open(t, s)
	v := openModal(t, s, app)
	bot(t, s, "views.update", form("view_id", v.ID, "view", filledView))
	send := func(ack string, values map[string]string) (action, device any) {
		got := within(t, func(ctx context.Context) (Outcome, error) { return s.Submit(ctx, ana, v.ID, values) })
		m := app.read()
		app.ack(m, ack)
		<-got
		held := at(m, "payload", "view", "state", "values")
		return at(held, "action", "a", "selected_option", "value"), at(held, "device", "d", "value")
	}
	const wrong = `{"response_action":"errors","errors":{"device":"no"}}`
	steps := []struct {
		name           string
		ack            string
		values         map[string]string
		action, device any
	}{
		{"as it was", wrong, nil, "scan", "web-02"},
		{"another device", wrong, map[string]string{"d": "web-03"}, "scan", "web-03"},
		{"what was typed stays", `{"response_action":"update","view":` + filledView + `}`, map[string]string{"a": "isolate"}, "isolate", "web-03"},
		{"through a new body, too", wrong, nil, "isolate", "web-03"},
		{"by block", wrong, map[string]string{"action": "scan", "device": "web-04"}, "scan", "web-04"},
	}
	for _, tt := range steps {
		if a, d := send(tt.ack, tt.values); a != tt.action || d != tt.device {
			t.Errorf("%s: %v and %v, want %v and %v", tt.name, a, d, tt.action, tt.device)
		}
	}
	if o, err := s.Submit(t.Context(), ana, v.ID, map[string]string{"d": ""}); err != nil || o.Errors["device"] == "" {
		t.Errorf("cleared: %+v, %v", o, err)
	}
	if _, err := s.Submit(t.Context(), ana, v.ID, map[string]string{"a": "explode", "d": "x"}); !errors.Is(err, ErrNoSuchElement) {
		t.Errorf("an option that is not there: %v", err)
	}
}
