package app_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// openHome lets somebody open their Home tab, again and again until it says all of the
// words: what the channel shows by now is written down a moment later.
func openHome(t *testing.T, p *sandbox.Place, user string, words ...string) (v slackfake.View) {
	t.Helper()
	ctx := limit(t)
	for ctx.Err() == nil {
		before, _ := p.Slack.Home(user)
		if r, err := p.Slack.OpenHome(ctx, user); err != nil || !r.Acked {
			t.Fatalf("the home of %s was opened: %+v, %v", user, r, err)
		}
		err := p.Slack.Wait(ctx, func(s *slackfake.Server) bool {
			v, _ = s.Home(user)
			return v.Hash != before.Hash
		})
		if err == nil && hasAll(homeText(t, v), words) {
			return v
		}
	}
	t.Fatalf("the home of %s does not say %q:\n%s", user, words, homeText(t, v))
	return v
}

// home waits until somebody's Home tab says all of the words.
func home(t *testing.T, p *sandbox.Place, user string, words ...string) (v slackfake.View) {
	t.Helper()
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		v, _ = s.Home(user)
		return hasAll(homeText(t, v), words)
	})
	if err != nil {
		t.Fatalf("the home of %s does not say %q:\n%s", user, words, homeText(t, v))
	}
	return v
}

// homeText is what a person reads on a Home tab.
func homeText(t *testing.T, v slackfake.View) string {
	t.Helper()
	var body struct {
		Blocks json.RawMessage `json:"blocks"`
	}
	if len(v.Body) == 0 {
		return ""
	}
	if err := json.Unmarshal(v.Body, &body); err != nil {
		t.Fatal(err)
	}
	return slackfake.Render(body.Blocks, func(id string) string { return id }, time.UTC)
}

// hasAll reports whether a text has all of the words, in any case: headings are shown in capitals.
func hasAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
			return false
		}
	}
	return true
}

// pressHome presses a button on somebody's Home tab.
func pressHome(t *testing.T, p *sandbox.Place, user string, v slackfake.View, button string) {
	t.Helper()
	if out, err := p.Slack.ClickView(limit(t), user, v.ID, button); err != nil || !out.Acked {
		t.Fatalf("%s on the home of %s: %+v, %v", button, user, out, err)
	}
}

// TestHomeApprove: what waits for somebody is on their Home tab, and a press there is as
// good as one on the card; the answer stands at the top. The requester has a button that
// cancels, and none that approves.
func TestHomeApprove(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		run(t, p, p.Env(), app.Options{})
		openHome(t, p, sandbox.Grace, "Nothing waits for you")
		id, c := pending(t, p, "collect "+sandbox.Laptop+" why")

		own := openHome(t, p, sandbox.Ada, "You have asked for", id, "[ Cancel request ]")
		if _, err := p.Slack.ClickView(limit(t), sandbox.Ada, own.ID, "approve"); err == nil {
			t.Error("the requester has a button that approves")
		}
		if said := homeText(t, openHome(t, p, sandbox.Ben, "Nothing waits for you")); strings.Contains(said, id) {
			t.Errorf("somebody who neither asked nor decides sees it:\n%s", said)
		}

		v := openHome(t, p, sandbox.Grace, "Waiting for your decision", id, "why", "[ Approve ]")
		pressHome(t, p, sandbox.Grace, v, "approve")
		home(t, p, sandbox.Grace, "You approved "+id)
		card(t, p, id, "Succeeded", sandbox.Grace)
		openHome(t, p, sandbox.Ada, "Last results", "Succeeded", id)
		if n := len(p.Slack.Ephemerals(sandbox.Grace)); n != 0 {
			t.Errorf("%d messages besides, such as %q in %s", n, p.Slack.Ephemerals(sandbox.Grace)[0].Text, c.Channel)
		}
	})
}

// TestHomeDeny: the form that asks for the reason opens over the Home tab, too.
func TestHomeDeny(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	id, _ := pending(t, p, "collect "+sandbox.Laptop+" why")
	pressHome(t, p, sandbox.Grace, openHome(t, p, sandbox.Grace, id), "deny")
	form := p.Slack.Views(sandbox.Grace)
	if len(form) != 1 {
		t.Fatalf("%d forms are open", len(form))
	}
	out, err := p.Slack.Submit(limit(t), sandbox.Grace, form[0].ID, map[string]string{"text": "our own scanner"})
	if err != nil || !out.Closed {
		t.Fatalf("the form: %+v, %v", out, err)
	}
	home(t, p, sandbox.Grace, "You denied "+id)
	card(t, p, id, "Denied", "our own scanner")
	nothingSent(t, p)
}

// TestHomeCancel: the requester takes back what they have asked for.
func TestHomeCancel(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	id, _ := pending(t, p, "collect "+sandbox.Laptop+" why")
	pressHome(t, p, sandbox.Ada, openHome(t, p, sandbox.Ada, id), "cancel")
	home(t, p, sandbox.Ada, "cancelled", id)
	card(t, p, id, "Cancelled")
	nothingSent(t, p)
}

// TestHomeRefreshed: a home that was opened follows what changes, within a minute, also
// after the bot was restarted.
func TestHomeRefreshed(t *testing.T) {
	t.Parallel()
	p := open(t, "", func(o *sandbox.Options) { o.Redis = "" })
	stop := run(t, p, p.Env(), app.Options{})
	openHome(t, p, sandbox.Grace, "Nothing waits for you")
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	skip(t, p, approvals.HomeEvery)
	home(t, p, sandbox.Grace, "Waiting for your decision", id)
	stop()
	run(t, p, p.Env(), app.Options{})
	says(t, "approve", click(t, p, sandbox.Joan, c, "approve"), "You approved")
	card(t, p, id, "Succeeded")
	skip(t, p, approvals.HomeEvery)
	home(t, p, sandbox.Grace, "Last results", "Succeeded", id)
}

// calls counts the calls of a method of Slack.
func calls(p *sandbox.Place, method string) (n int) {
	for _, c := range p.Slack.APICalls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// TestHomeForeign: who may do nothing here sees who may, and no request.
func TestHomeForeign(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	id, _ := pending(t, p, "collect "+sandbox.Laptop+" why")
	for _, user := range []string{sandbox.Gus, sandbox.Elsa} {
		v := openHome(t, p, user, "Only full members of this workspace")
		if text := homeText(t, v); strings.Contains(text, id) || strings.Contains(text, "[") {
			t.Errorf("%s sees:\n%s", user, text)
		}
	}
}

// TestHomeOtherTab: the Messages tab of the app is no home.
func TestHomeOtherTab(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	if r, err := p.Slack.OpenMessages(limit(t), sandbox.Grace); err != nil || !r.Acked {
		t.Errorf("the tab was opened: %+v, %v", r, err)
	}
	openHome(t, p, sandbox.Joan, "Nothing waits for you") // what came first is over
	if _, there := p.Slack.Home(sandbox.Grace); there {
		t.Error("a home was shown to somebody who did not open it")
	}
}

// TestHomeForged: a press on anything that is not the person's Home tab of this app, and
// not the card, does not count.
func TestHomeForged(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	run(t, p, p.Env(), app.Options{})
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	value := buttonValue(t, c, "approve")
	for name, change := range map[string]func(payload object){
		"a modal":               func(o object) { o["view"].(object)["type"] = "modal" },
		"another app's home":    func(o object) { o["view"].(object)["app_id"] = "A0OTHER" },
		"another view":          func(o object) { o["container"].(object)["view_id"] = "V0OTHER" },
		"a message":             func(o object) { o["container"].(object)["type"] = "message" },
		"a home in a channel":   func(o object) { o["channel"] = object{"id": sandbox.Random} },
		"another workspace":     func(o object) { o["team"].(object)["id"] = "T0OTHER" },
		"a button of the cards": func(o object) { o["actions"].([]object)[0]["action_id"] = "retry" },
	} {
		payload := object{
			"type": "block_actions", "user": object{"id": sandbox.Grace}, "team": object{"id": p.Slack.TeamID()},
			"container": object{"type": "view", "view_id": "V0HOME"}, "view": object{"id": "V0HOME", "type": "home", "app_id": p.Slack.AppID()},
			"actions": []object{{"type": "button", "action_id": "approve", "value": value}},
		}
		change(payload)
		r, err := p.Slack.SendEnvelope(limit(t), slackfake.Envelope{Kind: "interactive", Accepts: true, Payload: encoded(payload)})
		if err != nil || !r.Acked {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if now, _ := p.Card(sandbox.Incident, id); !strings.Contains(now.Text, "Waiting for approval") {
			t.Errorf("%s: counted: %s", name, now.Text)
		}
	}
	nothingSent(t, p)
}

// TestHomeOldManifest: an app of an older manifest has no Home tab, and everything else.
func TestHomeOldManifest(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { o.Slack.Features = &slackfake.Features{} })
	run(t, p, p.Env(), app.Options{})
	if r, err := p.Slack.OpenHome(limit(t), sandbox.Grace); err != nil || r.EnvelopeID != "" {
		t.Errorf("an event without a tab: %+v, %v", r, err)
	}
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	says(t, "approve", click(t, p, sandbox.Grace, c, "approve"), "You approved")
	card(t, p, id, "Succeeded")
	if n := calls(p, "views.publish"); n != 0 {
		t.Errorf("%d calls of views.publish", n)
	}
}

// buttonValue is the value of a button of a message.
func buttonValue(t *testing.T, m slackfake.Message, action string) string {
	t.Helper()
	for _, b := range decode[[]object](m.Blocks) {
		for _, e := range elements(b) {
			if e["action_id"] == action {
				return word(e["value"])
			}
		}
	}
	t.Fatalf("there is no button %s on %s", action, m.Text)
	return ""
}
