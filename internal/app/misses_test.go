package app_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// miss is something that somebody does to no effect, and what they read for it.
type miss struct {
	name, user string
	do         func(m *misses, user string) string
	want       string
}

// onCard is a forged click with a value on the card of what waits.
func onCard(button string, value func(m *misses) string) func(*misses, string) string {
	return func(m *misses, user string) string {
		return m.sends(user, m.forged(user, sandbox.Incident, m.card.TS, button, value(m)))
	}
}

// own is the value of the buttons of the card of what waits.
func own(m *misses) string { return valueOf(m.waits) }

func is(value string) func(*misses) string { return func(*misses) string { return value } }

// onButtons are the misses on the buttons of cards.
func onButtons() []miss {
	return []miss{
		{"another request's id", sandbox.Grace, onCard("approve", func(m *misses) string { return valueOf(m.other) }), "That is not this request's card"},
		{"another digest", sandbox.Grace, onCard("approve", func(m *misses) string { return m.waits.ID + ".0000" }), "The card you saw does not match this request"},
		{"no digest", sandbox.Grace, onCard("deny", func(m *misses) string { return m.waits.ID }), "The card you saw does not match this request"},
		{"an id of nothing", sandbox.Grace, onCard("approve", is("D-ZZZZZZ.0")), "I have no record of that request, so nothing happened: D-ZZZZZZ"},
		{"garbage", sandbox.Grace, onCard("approve", is("<!channel> *x*")), "I have no record of that request"},
		{"3,000 characters", sandbox.Grace, onCard("approve", is(strings.Repeat("x", 3000))), "I have no record of that request"},
		{"nothing", sandbox.Grace, onCard("approve", is("")), "I have no record of that request"},
		{"a card of another channel in this one", sandbox.Grace, func(m *misses, user string) string {
			return m.sends(user, m.withCard(m.forged(user, sandbox.Incident, "1.2", "approve", valueOf(m.away)), m.away))
		}, "That is not this request's card"},
		{"this card in another channel", sandbox.Grace, func(m *misses, user string) string {
			return m.sends(user, m.withCard(m.forged(user, second, m.card.TS, "approve", own(m)), m.waits))
		}, "That is not this request's card"},
		{"an old version of the card", sandbox.Grace, func(m *misses, user string) string {
			return m.presses(user, m.deniedCard, "approve", 0)
		}, "was already denied by grace"},
		{"an old version of the card, cancelled", sandbox.Ada, func(m *misses, user string) string {
			return m.presses(user, m.doneCard, "cancel", 0)
		}, "was already approved by grace"},
		{"a guest", sandbox.Gus, onCard("approve", own), "Only full members of this workspace"},
		{"the requester approves", sandbox.Ada, onCard("approve", own), "This is your own request, so somebody else has to decide it"},
		{"the requester denies", sandbox.Ada, onCard("deny", own), "This is your own request, so somebody else has to decide it"},
		{"no approver approves", sandbox.Ben, onCard("approve", own), "You are not an approver of this action"},
		{"no approver denies", sandbox.Ben, onCard("deny", own), "You are not an approver of this action"},
		{"somebody else cancels", sandbox.Ben, onCard("cancel", own), "Only the requester or an approver of this action"},
		{"somebody else tries again", sandbox.Ben, onCard("retry", own), "Nothing here can be tried again"},
		{"a stop of what has not begun", sandbox.Grace, onCard("stop", own), "Nothing of this request is running in Defender"},
		{"a stop by the requester", sandbox.Ada, onCard("stop", own), "Only an approver of this action can stop"},
		{"a successor of what has none", sandbox.Grace, onCard("successor", own), "There is no device here for which this can be asked"},
		{"an undo of what was not done", sandbox.Grace, onCard("undo", own), "There is no device here for which this can be asked"},
		{"a package before its time", sandbox.Ada, onCard("package", own), "There is no package here"},
		{"the form again, too early", sandbox.Ada, onCard("ask", own), "The request has moved on"},
		{"a review of what nobody did alone", sandbox.Grace, onCard("review", own), "Nobody acted alone here, so there is nothing to review"},
		{"a review by the requester", sandbox.Ada, onCard("review", own), "This is your own request, so somebody else has to decide it"},
		{"a review by no approver", sandbox.Ben, onCard("review", own), "You are not an approver of this action"},
		{"a freeze from a card", sandbox.Grace, onCard("freeze", own), "That is not this request's card"},
		{"a button of another version", sandbox.Ada, onCard("melt", own), "That button belongs to another version of this bot"},
	}
}

// onPackages are the misses on what was collected.
func onPackages() []miss {
	from := func(channel string, value func(m *misses) string) func(*misses, string) string {
		return func(m *misses, user string) string {
			return m.sends(user, m.onPrivate(user, channel, "package", value(m)))
		}
	}
	return []miss{
		{"somebody else's package", sandbox.Ben, func(m *misses, user string) string { return m.presses(user, m.doneCard, "package", newest(m.doneCard)) }, "Only the requester or an approver of this action"},
		{"a package that is not there", sandbox.Ada, from(sandbox.Incident, func(m *misses) string { return valueOf(m.done) + ".7" }), "There is no package here"},
		{"a package of no number", sandbox.Ada, from(sandbox.Incident, func(m *misses) string { return valueOf(m.done) + ".x" }), "There is no package here"},
		{"a package of another digest", sandbox.Ada, from(sandbox.Incident, func(m *misses) string { return m.done.ID + ".0.0" }), "The card you saw does not match this request"},
		{"a package from another channel", sandbox.Ada, from(second, func(m *misses) string { return valueOf(m.done) + ".0" }), "That is not this request's card"},
		{"a package of nothing", sandbox.Ada, from(sandbox.Incident, is("")), "I have no record of that request"},
		{"a full window", sandbox.Ada, func(m *misses, user string) string {
			m.p.Defender.Inject(defenderfake.Fault{On: defenderfake.PackageURI, Status: 429, RetryAfter: "600", Times: 1})
			return m.presses(user, m.doneCard, "package", newest(m.doneCard))
		}, "they are used up. Press the button again"},
	}
}

// onMenus are the misses on the menu that asks which device is meant.
func onMenus() []miss {
	picks := func(channel string, value func(m *misses) string) func(*misses, string) string {
		return func(m *misses, user string) string { return m.sends(user, m.picked(user, channel, value(m))) }
	}
	offered := func(m *misses) string { return m.several.ID + ".0." + sandbox.New }
	return []miss{
		{"somebody else chooses", sandbox.Grace, picks(sandbox.Incident, offered), "Only whoever asked for it chooses the device"},
		{"a guest chooses", sandbox.Gus, picks(sandbox.Incident, offered), "Only full members of this workspace"},
		{"chosen in another channel", sandbox.Ada, picks(second, offered), "That is not this request's card"},
		{"a device that was not offered", sandbox.Ada, picks(sandbox.Incident, func(m *misses) string { return m.several.ID + ".0." + sandbox.Server }), "That device is not one of those to choose from"},
		{"a device of another number", sandbox.Ada, picks(sandbox.Incident, func(m *misses) string { return m.several.ID + ".7." + sandbox.New }), "That device is not one of those to choose from"},
		{"a choice of garbage", sandbox.Ada, picks(sandbox.Incident, is("....")), "I have no record of that request"},
		{"a choice of 3,000 characters", sandbox.Ada, picks(sandbox.Incident, is(strings.Repeat("9", 3000))), "I have no record of that request"},
		{"a choice of what has a device", sandbox.Ada, picks(sandbox.Incident, func(m *misses) string { return m.waits.ID + ".0." + sandbox.New }), "This device has already been chosen: " + sandbox.Laptop},
		{"a choice of what has ended", sandbox.Ada, picks(sandbox.Incident, func(m *misses) string { return m.late.ID + ".0." + sandbox.New }), "This request has ended, so there is no device to choose any more"},
	}
}

// onForms are the misses in forms.
func onForms() []miss {
	denied := func(meta func(m *misses) string) func(*misses, string) string {
		return func(m *misses, user string) string { return m.submits(user, "deny", meta(m), because("no")) }
	}
	of := func(change func(m *misses, o object)) func(m *misses) string {
		return func(m *misses) string { return m.denies(func(o object) { change(m, o) }) }
	}
	asks := func(meta string) func(*misses, string) string {
		return func(m *misses, user string) string {
			return m.submits(user, "ask", meta, asking("scan", sandbox.Legacy))
		}
	}
	return []miss{
		{"a denial that comes late", sandbox.Joan, func(m *misses, user string) string {
			out, err := m.p.Slack.Submit(limit(m), user, m.lateForm.ID, map[string]string{"text": "no"})
			if err != nil || out.Closed {
				m.Errorf("%+v, %v", out, err)
			}
			return out.Errors["reason"]
		}, "was already cancelled by ada"},
		{"a denial with nothing", sandbox.Grace, denied(is("")), "This form is out of date"},
		{"a denial with garbage", sandbox.Grace, denied(is(`[1,{"a":null}]`)), "This form is out of date"},
		{"a denial of null", sandbox.Grace, denied(is("null")), "This form is out of date"},
		{"a denial of another request", sandbox.Grace, denied(of(func(m *misses, o object) { o["id"] = m.other.ID })), "That is not this request's card"},
		{"a denial of another digest", sandbox.Grace, denied(of(func(_ *misses, o object) { o["digest"] = "0" })), "The card you saw does not match this request"},
		{"a denial in another channel", sandbox.Grace, denied(of(func(_ *misses, o object) { o["channel"] = second })), "That is not this request's card"},
		{"a denial of a home that is in a channel", sandbox.Grace, denied(of(func(_ *misses, o object) { o["home"], o["ts"] = true, "" })), "That is not this request's card"},
		{"a review with garbage", sandbox.Grace, func(m *misses, user string) string { return m.submits(user, "review", "{", because("seen")) }, "This form is out of date"},
		{"a review without a word", sandbox.Grace, func(m *misses, user string) string {
			return m.submits(user, "review", m.denies(func(object) {}), because(" \u202e "))
		}, "Please write what you found"},
		{"a review of what waits", sandbox.Grace, func(m *misses, user string) string {
			return m.submits(user, "review", m.denies(func(object) {}), because("seen"))
		}, "Nobody acted alone here, so there is nothing to review"},
		{"a freeze by no approver", sandbox.Ben, func(m *misses, user string) string { return m.submits(user, "freeze", "", because("why")) }, "Only approvers can freeze calls"},
		{"a freeze by a guest", sandbox.Gus, func(m *misses, user string) string { return m.submits(user, "freeze", "", because("why")) }, "Only full members of this workspace"},
		{"a freeze without a reason", sandbox.Grace, func(m *misses, user string) string { return m.submits(user, "freeze", "", because("\u2066\n\u200b")) }, "Please give a reason"},
		{"a denial by no approver", sandbox.Ben, denied(of(func(*misses, object) {})), "You are not an approver of this action"},
		{"a denial without a reason", sandbox.Grace, func(m *misses, user string) string {
			return m.submits(user, "deny", m.denies(func(object) {}), because(" \u200b "))
		}, "Please give a reason"},
		{"a request of a form of garbage", sandbox.Joan, asks("{"), "This form is out of date"},
		{"a request in a shared channel", sandbox.Joan, asks(`{"channel":"` + sandbox.Partners + `"}`), "This channel is shared with another organisation"},
		{"a request where the bot is not", sandbox.Joan, asks(`{"channel":"` + sandbox.Random + `"}`), "I am not in this channel"},
		{"a request nowhere", sandbox.Joan, asks(`{"channel":"C0NOWHERE"}`), "I am not in this channel"},
		{"a request of no channel", sandbox.Joan, asks(`{}`), "This form is out of date"},
		{"a request of a guest", sandbox.Gus, asks(`{"channel":"` + sandbox.Incident + `"}`), "Only full members of this workspace"},
		{"one request too many", sandbox.Ada, asks(`{"channel":"` + sandbox.Incident + `"}`), "You already have as many undecided requests as one person may have"},
	}
}

// onOthers are the misses on Home tabs and by shortcuts.
func onOthers() []miss {
	home := func(change func(view object)) func(*misses, string) string {
		return func(m *misses, user string) string { return m.sends(user, m.onHome(user, m.waits, change)) }
	}
	use := func(channel string, ts func(m *misses) string) func(*misses, string) string {
		return func(m *misses, user string) string { return m.shortcut(user, channel, ts(m)) }
	}
	return []miss{
		{"a modal", sandbox.Grace, home(func(v object) { v["type"] = "modal" }), "That is not this request's card"},
		{"a home of another app", sandbox.Grace, home(func(v object) { v["app_id"] = "A0OTHER" }), "That is not this request's card"},
		{"another view", sandbox.Grace, home(func(v object) { v["id"] = "V0OTHER" }), "That is not this request's card"},
		{"a shortcut in a shared channel", sandbox.Ada, use(sandbox.Partners, func(m *misses) string { return m.shared }), "This channel is shared with another organisation"},
		{"a shortcut where the bot is not", sandbox.Ada, use(sandbox.Random, func(m *misses) string { return m.foreign }), "I am not in this channel"},
		{"a shortcut of a guest", sandbox.Gus, use(sandbox.Incident, func(m *misses) string { return m.alert }), "Only full members of this workspace"},
	}
}

func newest(c slackfake.Message) int { return len(c.Versions) - 1 }

// TestMissesHaveTheirOwnSentence: each wrong id, request of somewhere else, request that has
// ended, stale button, missing permission, forged form and full window tells whoever did it
// why in a sentence of its own. Nothing is recorded or sent, and nobody else sees anything.
func TestMissesHaveTheirOwnSentence(t *testing.T) {
	t.Parallel()
	m := newMisses(t)
	all := append(append(append(append(onButtons(), onPackages()...), onMenus()...), onForms()...), onOthers()...)
	why := map[string]string{}
	for _, tt := range all {
		before := m.everythingElse(tt.user)
		got := tt.do(m, tt.user)
		if !strings.Contains(got, tt.want) || len(got) > 600 {
			t.Errorf("%s: %s reads %q, want %q in it", tt.name, tt.user, got, tt.want)
		}
		if other := why[got]; other != "" && other != tt.want {
			t.Errorf("%s: reads the same as %q", tt.name, other)
		}
		why[got] = tt.want
		if diff := cmp.Diff(before, m.everythingElse(tt.user)); diff != "" {
			t.Errorf("%s: not only %s sees something, or something is recorded (-before +after):\n%s", tt.name, tt.user, diff)
		}
	}
}

// atOnce has several people press the same button at the same moment, and is what each is told.
func atOnce(t *testing.T, p *sandbox.Place, c slackfake.Message, button string, users ...string) (told []string) {
	t.Helper()
	before := map[string]int{}
	for _, u := range users {
		before[u] = len(p.Slack.Ephemerals(u))
	}
	var all sync.WaitGroup
	for _, u := range users {
		all.Go(func() {
			if out, err := p.Slack.ClickVersion(limit(t), u, c.Channel, c.TS, button, newest(c)); err != nil || !out.Acked {
				t.Errorf("%s: %+v, %v", u, out, err)
			}
		})
	}
	all.Wait()
	for u, n := range before {
		want := 0
		for _, other := range users {
			if other == u {
				want++
			}
		}
		if err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Ephemerals(u)) >= n+want }); err != nil {
			t.Errorf("%s has not got %d answers: %v", u, want, err)
		}
		for _, e := range p.Slack.Ephemerals(u)[n:] {
			told = append(told, e.Text)
		}
	}
	slices.Sort(told)
	return told
}

// TestMissesRaces: of several presses at the same moment, on two replicas, one counts; the
// others hear what was first, and Defender is called once.
func TestMissesRaces(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	run(t, p, p.Env(), app.Options{})
	for _, tt := range []struct {
		users []string
		lost  string
	}{
		{[]string{sandbox.Grace, sandbox.Joan}, "was already approved by"},
		{[]string{sandbox.Grace, sandbox.Grace}, "was already approved by"},
		{[]string{sandbox.Grace, sandbox.Grace, sandbox.Joan, sandbox.Joan}, "was already approved by"},
	} {
		id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
		won := 0
		for _, said := range atOnce(t, p, c, "approve", tt.users...) {
			switch {
			case strings.Contains(said, "You approved "+id):
				won++
			case !strings.Contains(said, tt.lost):
				t.Errorf("%v: told %q, want %q", tt.users, said, tt.lost)
			}
		}
		if won != 1 {
			t.Errorf("%v: %d approved", tt.users, won)
		}
		done := card(t, p, id, "Succeeded")
		if n := len(record(t, p, id).Approvals); n != 1 {
			t.Errorf("%v: %d approvals", tt.users, n)
		}
		for _, said := range atOnce(t, p, done, "package", sandbox.Ada, sandbox.Ada) {
			says(t, "package", said, "package")
		}
		skip(t, p, 2*time.Minute)
	}
	if n := posts(p, "machines/collectInvestigationPackage"); n != 3 {
		t.Errorf("%d calls for 3 requests", n)
	}
}

// TestMissesPickRace: of several choices at the same moment one counts.
func TestMissesPickRace(t *testing.T) {
	t.Parallel()
	m := &misses{T: t, p: timeless(t)}
	run(t, m.p, m.p.Env(), app.Options{})
	run(t, m.p, m.p.Env(), app.Options{})
	id := ask(t, m.p, sandbox.Ada, "collect ws-17 why")
	toldWith(t, m.p, sandbox.Ada, id, `"action_id":"pick"`)
	var all sync.WaitGroup
	for _, device := range []string{sandbox.New, sandbox.Old, sandbox.New, sandbox.Old} {
		all.Go(func() { m.send(m.picked(sandbox.Ada, sandbox.Incident, id+".0."+device)) })
	}
	all.Wait()
	c := card(t, m.p, id, "Waiting for approval")
	chosen := record(t, m.p, id).Devices[0].ID
	says(t, "card", c.Text, chosen)
	won, lost := 0, 0
	err := m.p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		won, lost = 0, 0
		for _, e := range s.Ephemerals(sandbox.Ada) {
			if strings.Contains(e.Text, "You chose") && strings.Contains(e.Text, chosen) {
				won++
			}
			if strings.Contains(e.Text, "has already been chosen: "+chosen) {
				lost++
			}
		}
		return won+lost == 4
	})
	if err != nil || won != 1 {
		t.Errorf("%d chose and %d were late, %v", won, lost, err)
	}
}
