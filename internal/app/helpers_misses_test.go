package app_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// second is another channel that the bot is in.
const second = "C0SECOND"

// misses is a place in which things stand in all the ways that a press, a choice or a form
// can come too late for, or be wrong about.
type misses struct {
	*testing.T
	p *sandbox.Place

	waits, other, away, done, denied, several, late approvals.Request
	card, doneCard, deniedCard                      slackfake.Message
	menu                                            slackfake.Message
	lateForm                                        slackfake.View
	alert, shared, foreign                          string // messages of people
}

func newMisses(t *testing.T) *misses {
	t.Helper()
	m := &misses{T: t, p: timeless(t)}
	m.p.Slack.AddChannel(slackfake.Channel{ID: second, Name: "second", Bot: true, Members: []string{sandbox.Ada, sandbox.Ben, sandbox.Grace}})
	env := m.p.Env()
	env.MaxOpenPerRequester = "3"
	run(t, m.p, env, app.Options{})
	run(t, m.p, env, app.Options{})
	var id string
	id, m.doneCard = collects(t, m.p, sandbox.Desktop, "Succeeded")
	m.done = record(t, m.p, id)
	id, m.deniedCard = pending(t, m.p, "scan "+sandbox.Laptop+" why")
	m.deny(m.deniedCard)
	m.deniedCard, m.denied = card(t, m.p, id, "Denied"), record(t, m.p, id)
	id, late := pending(t, m.p, "scan "+sandbox.Linux+" why")
	opensForm(t, m.p, sandbox.Joan, late, "deny")
	m.lateForm = m.p.Slack.Views(sandbox.Joan)[0]
	click(t, m.p, sandbox.Ada, late, "cancel")
	card(t, m.p, id, "Cancelled")
	m.late = record(t, m.p, id)
	id, m.card = pending(t, m.p, "collect "+sandbox.Laptop+" why")
	m.waits = record(t, m.p, id)
	id, _ = pending(t, m.p, "collect "+sandbox.Server+" why")
	m.other = record(t, m.p, id)
	m.away = m.asksElsewhere()
	m.several = record(t, m.p, ask(t, m.p, sandbox.Ada, "collect ws-17 why"))
	m.menu = toldWith(t, m.p, sandbox.Ada, m.several.ID, `"action_id":"pick"`)
	m.alert = m.said(sandbox.Incident, "odd logins on host web-07")
	m.shared = m.said(sandbox.Partners, "odd logins on host web-07")
	m.foreign = m.said(sandbox.Random, "odd logins on host web-07")
	return m
}

// deny has Grace deny what a card asks for.
func (m *misses) deny(c slackfake.Message) {
	m.Helper()
	opensForm(m.T, m.p, sandbox.Grace, c, "deny")
	form := m.p.Slack.Views(sandbox.Grace)[0]
	if out, err := m.p.Slack.Submit(limit(m), sandbox.Grace, form.ID, map[string]string{"text": "no"}); err != nil || !out.Closed {
		m.Fatalf("the form: %+v, %v", out, err)
	}
	told(m, m.p, sandbox.Grace, "You denied")
}

// opensForm presses a button that opens a form.
func opensForm(t *testing.T, p *sandbox.Place, user string, c slackfake.Message, action string) {
	t.Helper()
	if out, err := p.Slack.Click(limit(t), user, c.Channel, c.TS, action); err != nil || !out.Acked || len(p.Slack.Views(user)) != 1 {
		t.Fatalf("%s by %s: %+v, %v", action, user, out, err)
	}
}

func (m *misses) asksElsewhere() approvals.Request {
	m.Helper()
	id := requestID.FindString(command(m, m.p, sandbox.Ben, second, "scan "+sandbox.Server+" why"))
	if _, err := m.p.WaitCard(limit(m), second, id, "Waiting for approval"); err != nil {
		m.Fatal(err)
	}
	return record(m.T, m.p, id)
}

func (m *misses) said(channel, text string) string {
	m.Helper()
	ts, err := m.p.Slack.Say(sandbox.Ada, channel, text)
	if err != nil {
		m.Fatal(err)
	}
	return ts
}

// private is all that one person sees alone.
func (m *misses) private(user string) (all []slackfake.Message) {
	return append(m.p.Slack.DMs(user), m.p.Slack.Ephemerals(user)...)
}

// hears lets somebody do something and is the one thing that they are told for it.
func (m *misses) hears(user string, do func()) string {
	m.Helper()
	before := map[string]bool{}
	for _, e := range m.private(user) {
		before[e.TS] = true
	}
	do()
	var said []slackfake.Message
	err := m.p.Slack.Wait(limit(m), func(*slackfake.Server) bool {
		said = slices.DeleteFunc(m.private(user), func(e slackfake.Message) bool { return before[e.TS] })
		return len(said) > 0
	})
	if err != nil || len(said) != 1 {
		m.Errorf("%s is told %d things, %v", user, len(said), err)
		return ""
	}
	return said[0].Text
}

// presses presses a button of a message as it was in a version, or a menu.
func (m *misses) presses(user string, c slackfake.Message, button string, version int) string {
	m.Helper()
	return m.hears(user, func() {
		if out, err := m.p.Slack.ClickVersion(limit(m), user, c.Channel, c.TS, button, version); err != nil || !out.Acked {
			m.Errorf("%+v, %v", out, err)
		}
	})
}

// forged is a click of somebody on a message.
func (m *misses) forged(user, channel, ts, button, value string) object {
	return object{
		"type": "block_actions", "user": object{"id": user}, "team": object{"id": m.p.Slack.TeamID()}, "channel": object{"id": channel},
		"container": object{"type": "message", "channel_id": channel, "message_ts": ts},
		"actions":   []object{{"type": "button", "action_id": button, "value": value}},
	}
}

// onPrivate is a forged click on a private answer.
func (m *misses) onPrivate(user, channel, button, value string) object {
	o := m.forged(user, channel, "1.2", button, value)
	o["container"].(object)["is_ephemeral"] = true
	return o
}

// picked is a forged choice from a menu.
func (m *misses) picked(user, channel, value string) object {
	o := m.onPrivate(user, channel, "pick", "")
	o["actions"] = []object{{"type": "static_select", "action_id": "pick", "selected_option": object{"value": value}}}
	return o
}

// withCard is a forged click whose message is a card with the buttons of that request.
func (m *misses) withCard(o object, r approvals.Request) object {
	button := object{"type": "button", "action_id": "approve", "value": valueOf(r)}
	auth := m.p.Slack.Messages(sandbox.Incident)
	bot := auth[slices.IndexFunc(auth, func(c slackfake.Message) bool { return c.User == m.p.Slack.BotUserID() })]
	o["message"] = object{"user": bot.User, "bot_id": "B0DEFENDER", "ts": o["container"].(object)["message_ts"], "blocks": []object{{"type": "actions", "elements": []object{button}}}}
	return o
}

// onHome is a forged click on a home.
func (m *misses) onHome(user string, r approvals.Request, change func(view object)) object {
	view := object{"id": "V0HOME", "type": "home", "app_id": m.p.Slack.AppID()}
	change(view)
	return object{
		"type": "block_actions", "user": object{"id": user}, "team": object{"id": m.p.Slack.TeamID()},
		"container": object{"type": "view", "view_id": "V0HOME"}, "view": view,
		"actions": []object{{"type": "button", "action_id": "approve", "value": valueOf(r)}},
	}
}

func valueOf(r approvals.Request) string { return r.ID + "." + r.Digest() }

// sends sends a forged payload and is what the person is told for it.
func (m *misses) sends(user string, payload object) string {
	m.Helper()
	return m.hears(user, func() { m.send(payload) })
}

func (m *misses) send(payload object) slackfake.Receipt {
	m.Helper()
	r, err := m.p.Slack.SendEnvelope(limit(m), slackfake.Envelope{Kind: "interactive", Accepts: true, Payload: encoded(payload)})
	if err != nil || !r.Acked {
		m.Errorf("%+v, %v", r, err)
	}
	return r
}

// submits sends a form with that private_metadata, and is what stands in it then.
func (m *misses) submits(user, form, meta string, values object) string {
	m.Helper()
	r := m.send(object{
		"type": "view_submission", "user": object{"id": user}, "team": object{"id": m.p.Slack.TeamID()},
		"view": object{"id": "V0FORM", "type": "modal", "callback_id": form, "private_metadata": meta, "state": object{"values": values}},
	})
	return wrongIn(r.Payload)
}

func wrongIn(payload []byte) string {
	answer := decode[struct{ Errors map[string]string }](payload)
	var all []string
	for _, e := range answer.Errors {
		all = append(all, e)
	}
	return strings.Join(all, "\n")
}

func because(text string) object { return object{"reason": object{"text": object{"value": text}}} }

func asking(action, device string) object {
	return object{
		"action":  object{"value": object{"selected_option": object{"value": action}}},
		"device":  object{"value": object{"value": device}},
		"comment": object{"value": object{"value": "why"}},
	}
}

// denies is the private_metadata of the form that denies what waits.
func (m *misses) denies(change func(o object)) string {
	o := object{"id": m.waits.ID, "digest": m.waits.Digest(), "channel": m.card.Channel, "ts": m.card.TS}
	change(o)
	return string(encoded(o))
}

// shortcut uses the shortcut on a message.
func (m *misses) shortcut(user, channel, ts string) string {
	m.Helper()
	return m.hears(user, func() {
		if out, err := m.p.Slack.Shortcut(limit(m), user, channel, ts, "investigate_message"); err != nil || !out.Acked {
			m.Errorf("%+v, %v", out, err)
		}
	})
}

// left is what changes on a card by the minute.
var left = regexp.MustCompile(`\d+ left of`)

// everythingElse is all that somebody else can see, and what is recorded and sent.
func (m *misses) everythingElse(user string) string {
	m.Helper()
	var b strings.Builder
	for _, c := range m.p.Slack.Channels() {
		for _, e := range m.p.Slack.Messages(c.ID) {
			if c.DMWith == "" {
				fmt.Fprintln(&b, c.Name, e.TS, left.ReplaceAllString(e.Text, ""), len(m.p.Slack.Thread(c.ID, e.TS)))
			}
		}
	}
	for _, u := range m.p.Slack.Users() {
		if u.ID != user {
			fmt.Fprintln(&b, u.Name, len(m.private(u.ID)), len(m.p.Slack.Views(u.ID)))
		}
	}
	for _, r := range []approvals.Request{m.waits, m.other, m.away, m.done, m.denied, m.several, m.late} {
		fmt.Fprintln(&b, r.ID, len(trailOf(m.T, m.p, r.ID)), record(m.T, m.p, r.ID).State)
	}
	fmt.Fprintln(&b, held(m, m.p), len(m.p.Defender.Snapshot().Actions))
	return b.String()
}
