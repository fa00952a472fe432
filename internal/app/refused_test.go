package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

const (
	merged    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	excluded  = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	twin      = "cccccccccccccccccccccccccccccccccccccccc"
	otherTwin = "dddddddddddddddddddddddddddddddddddddddd"
	nowhere   = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
)

func oddDevices(p *sandbox.Place) {
	for _, d := range []defenderfake.Device{
		{ID: merged, ComputerDNSName: "old-name", MergedIntoMachineID: sandbox.Server},
		{ID: excluded, ComputerDNSName: "lab-1", IsExcluded: true},
		{ID: twin, ComputerDNSName: "twin"},
		{ID: otherTwin, ComputerDNSName: "twin"},
	} {
		p.Defender.AddDevice(d)
	}
}

// TestWrongCommands are those whose text says that they cannot be meant: each
// is answered at once, and nothing is recorded.
func TestWrongCommands(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	for _, tt := range []struct{ text, want string }{
		{"investgate " + sandbox.Server + " why", "Did you mean: /defender investigate " + sandbox.Server + " why"},
		{"wipe " + sandbox.Server + " why", "There is no command"},
		{"investigate", "needs a device and a comment"},
		{"investigate " + sandbox.Server, "The comment is missing"},
		{"investigate " + sandbox.Server + " " + strings.Repeat("x", 4000), "The comment has 4000 characters"},
		{"collect " + strings.Repeat("h,", 20) + "h why", "is in the list twice"},
		{"collect " + manyHosts(21) + " why", "21 devices were given, and one request takes at most 20"},
		{"investigate " + sandbox.Server + "," + strings.ToUpper(sandbox.Server) + " why", "are the same device"},
		{"investigate 10.0.0.1 why", "is an IP address"},
		{"investigate @grace why", "is a mention in Slack"},
	} {
		says(t, "answer to "+cutTo(tt.text, 40), command(t, p, sandbox.Ada, sandbox.Incident, tt.text), tt.want)
	}
	if got := held(t, p); got != nil {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	if cards := p.Cards(sandbox.Incident); len(cards) != 0 {
		t.Errorf("%d cards, want none", len(cards))
	}
}

func manyHosts(n int) string {
	hosts := make([]string, n)
	for i := range hosts {
		hosts[i] = "host-" + string(rune('a'+i))
	}
	return strings.Join(hosts, ",")
}

func cutTo(s string, n int) string { return s[:min(n, len(s))] }

// TestWrongDevices are those that only Defender knows to be wrong: the
// requester is told why privately, and the request holds nothing any more.
func TestWrongDevices(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	oddDevices(p)
	for _, tt := range []struct {
		devices string
		want    []string
	}{
		{nowhere, []string{"Defender does not know", nowhere}},
		{"no-such-host", []string{"Defender does not know", "no-such-host"}},
		{merged, []string{"has merged this device into another", sandbox.Server}},
		{"lab-1", []string{"excluded in Defender", excluded}},
		{sandbox.Server + ",srv-db-01", []string{"Two of the devices are the same device", "srv-db-01.contoso.example"}},
		{sandbox.Laptop + "," + nowhere, []string{"Defender does not know", nowhere}},
	} {
		id := ask(t, p, sandbox.Ada, "investigate "+tt.devices+" why")
		told(t, p, sandbox.Ada, append([]string{id, "Not submitted for approval"}, tt.want...)...)
	}
	if got := held(t, p); len(got) != 0 {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	if cards := p.Cards(sandbox.Incident); len(cards) != 0 {
		t.Errorf("%d cards, want none", len(cards))
	}
	nothingSent(t, p)
}

// TestSecondRequest is about a device that is asked for while a request for
// the same is open: by id it is refused at once, by name when the name is
// known to be that device.
func TestSecondRequest(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	first, c := pending(t, p, "investigate "+sandbox.Server+" why")
	says(t, "the same id", command(t, p, sandbox.Ben, sandbox.Incident, "investigate "+sandbox.Server+" me too"), "already open on a device of this request", first)
	second := ask(t, p, sandbox.Ben, "investigate srv-db-01 me too")
	told(t, p, sandbox.Ben, second, "already open on a device of this request", first)
	pending(t, p, "collect "+sandbox.Server+" another action may be asked for")
	says(t, "cancel", click(t, p, sandbox.Ada, c, "cancel"), "You cancelled "+first)
	card(t, p, first, "Cancelled")
	pending(t, p, "investigate "+sandbox.Server+" now it is free")
}

func TestMaxOpen(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.MaxOpenPerRequester = "1" })
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	says(t, "one too many", command(t, p, sandbox.Ada, sandbox.Incident, "collect "+sandbox.Laptop+" why"), "as many undecided requests as one person may have")
	ask(t, p, sandbox.Ben, "collect "+sandbox.Laptop+" somebody else may")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Approved by")
	ask(t, p, sandbox.Ada, "collect "+sandbox.Desktop+" what is decided does not count")
}

// TestWhoAndWhere are people and places from which nothing is taken.
func TestWhoAndWhere(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) {
		e.Channels = strings.Join([]string{sandbox.Incident, sandbox.Random, sandbox.Partners}, ",")
		e.Requesters = strings.Join([]string{sandbox.Ada, sandbox.Gus, sandbox.Grace}, ",")
	})
	p.Slack.AddChannel(slackfake.Channel{ID: "C0OTHER", Name: "other", Bot: true, Members: []string{sandbox.Ada}})
	for _, tt := range []struct{ name, user, channel, want string }{
		{"not in the channel", sandbox.Ada, sandbox.Random, "/invite"},
		{"shared channel", sandbox.Ada, sandbox.Partners, "shared with another organisation"},
		{"channel not on the list", sandbox.Ada, "C0OTHER", "does not take commands in this channel"},
		{"guest", sandbox.Gus, sandbox.Incident, "Only full members"},
		{"not on the list", sandbox.Ben, sandbox.Incident, "not on the list of people who may ask"},
	} {
		says(t, tt.name, command(t, p, tt.user, tt.channel, "investigate "+sandbox.Server+" why"), tt.want)
	}
	out, err := p.Slack.Command(limit(t), sandbox.Elsa, sandbox.Partners, "investigate "+sandbox.Server+" why")
	if err != nil || out.Shown != "/defender is not a valid command." {
		t.Errorf("an external's command: %v, Slack shows %q, want that it does not reach the bot", err, out.Shown)
	}
	if got := held(t, p); got != nil {
		t.Errorf("Redis holds %q, want nothing", got)
	}
}

func TestNobodyElse(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.ApprovalsRequired = "1,collect=2" })
	says(t, "too few others", command(t, p, sandbox.Grace, sandbox.Incident, "collect "+sandbox.Server+" why"), "Too few people other than you")
	ask(t, p, sandbox.Grace, "investigate "+sandbox.Server+" one other is enough")
}

// TestClicksOfOutsiders lets a guest and a person of another organisation press
// the buttons of a card that they see.
func TestClicksOfOutsiders(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) {
		e.AllowSharedChannels = "true"
		e.Approvers = strings.Join([]string{sandbox.Gus, sandbox.Elsa, sandbox.Grace}, ",")
	})
	command(t, p, sandbox.Ada, sandbox.Partners, "investigate "+sandbox.Server+" why")
	c, err := p.WaitCard(limit(t), sandbox.Partners, "Waiting for approval")
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{sandbox.Gus, sandbox.Elsa} {
		for _, action := range []string{"approve", "deny", "cancel"} {
			says(t, action+" by "+who, click(t, p, who, c, action), "Only full members")
		}
		if views := p.Slack.Views(who); len(views) != 0 {
			t.Errorf("%s has a form open", who)
		}
	}
	after, _ := p.Slack.Message(c.Channel, c.TS)
	if diff := cmp.Diff(c.Text, after.Text); diff != "" {
		t.Errorf("the card has changed (-before +after):\n%s", diff)
	}
	nothingSent(t, p)
}

// TestDirectMessage: in a direct message nobody could approve anything, so what is
// asked for there is not recorded, also where the bot may not look at such messages.
func TestDirectMessage(t *testing.T) {
	t.Parallel()
	const dm = "D0ADA"
	p := start(t, nil, nil)
	p.Slack.AddChannel(slackfake.Channel{ID: dm, DMWith: sandbox.Ada, Bot: true, Members: []string{sandbox.Ada}})
	for _, scopes := range [][]string{slackfake.DefaultScopes(), {"commands", "chat:write", "users:read", "usergroups:read", "channels:read"}} {
		p.Slack.SetScopes(scopes...)
		says(t, "answer", command(t, p, sandbox.Ada, dm, "investigate "+sandbox.Server+" why"),
			"Only the people in a direct or group message see it", "Ask in the incident's channel", "/invite")
	}
	if got := held(t, p); got != nil {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	for _, c := range p.Slack.APICalls() {
		if c.Method == "conversations.info" {
			t.Error("Slack was asked about the direct message")
		}
	}
}

// TestClicksOfHidden lets people press whom Slack does not show, as it does with
// those of another organisation: they hear who may press, not to try again.
func TestClicksOfHidden(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.AllowSharedChannels = "true" })
	command(t, p, sandbox.Ada, sandbox.Partners, "investigate "+sandbox.Server+" why")
	c, err := p.WaitCard(limit(t), sandbox.Partners, "Waiting for approval")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"user_not_found", "user_not_visible"} {
		if err := p.Slack.ChangeUser(sandbox.Elsa, func(u *slackfake.User) { u.Hidden = code }); err != nil {
			t.Fatal(err)
		}
		for _, button := range []string{"approve", "deny", "cancel"} {
			says(t, code+", "+button, click(t, p, sandbox.Elsa, c, button), "Only full members of this workspace")
		}
	}
	nothingSent(t, p)
}

// TestMessageAmongSome: a direct message between some people is no place for a request either,
// whether the bot is in it or not and may look at it or not.
func TestMessageAmongSome(t *testing.T) {
	t.Parallel()
	const some = "C0SOME"
	p := start(t, nil, nil)
	for _, inIt := range []bool{true, false} {
		p.Slack.AddChannel(slackfake.Channel{ID: some, Several: true, Bot: inIt, Members: []string{sandbox.Ada, sandbox.Grace}})
		for _, scopes := range [][]string{slackfake.DefaultScopes(), append(slackfake.DefaultScopes(), "mpim:read")} {
			p.Slack.SetScopes(scopes...)
			for _, typed := range []string{"investigate " + sandbox.Server + " why", ""} { // nothing opens the form
				says(t, "answer", command(t, p, sandbox.Ada, some, typed), "Only the people in a direct or group message see it", "/invite")
			}
		}
	}
	if got := held(t, p); got != nil || len(p.Slack.Views(sandbox.Ada)) != 0 {
		t.Errorf("Redis holds %q, and %d forms are open, want nothing", got, len(p.Slack.Views(sandbox.Ada)))
	}
}

// TestOwnHand: whom the requester adds to the approver group after asking decides nothing and
// is told why; whom a colleague adds does, and the card says when they joined. A bot that
// starts anew has not read the group before.
func TestOwnHand(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	stop := run(t, p, p.Env(), app.Options{})
	ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
	c, err := p.WaitCard(limit(t), sandbox.Incident, "Waiting for approval")
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for _, by := range []string{sandbox.Ada, sandbox.Ben, sandbox.Grace} {
		if err := p.Slack.ChangeGroup(sandbox.OnCall, func(g *slackfake.Group) {
			g.Members, g.UpdatedBy, g.Updated = []string{sandbox.Grace, sandbox.Joan, sandbox.Ben}, by, time.Now().Add(4*time.Minute)
		}); err != nil {
			t.Fatal(err)
		}
		stop = run(t, p, p.Env(), app.Options{})
		if by != sandbox.Grace {
			says(t, "added by "+by, click(t, p, sandbox.Ben, c, "approve"), "joined the approver group after this was asked", "Another approver has to decide it")
			nothingSent(t, p)
			stop()
			continue
		}
		click(t, p, sandbox.Ben, c, "approve")
		if _, err := p.WaitCard(limit(t), sandbox.Incident, "(joined the approver group 4 minutes after this was asked)"); err != nil {
			t.Fatal(err)
		}
	}
}
