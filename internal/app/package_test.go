package app_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// toldWith waits until somebody was told something with all of the words, in its text or
// its blocks, and is that message.
func toldWith(t *testing.T, p *sandbox.Place, user string, words ...string) (m slackfake.Message) {
	t.Helper()
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		all := s.Ephemerals(user)
		i := slices.IndexFunc(all, func(m slackfake.Message) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text+string(m.Blocks), w) })
		})
		if i >= 0 {
			m = all[i]
		}
		return i >= 0
	})
	if err != nil {
		t.Fatalf("%s was not told %q but %+v", user, words, p.Slack.Ephemerals(user))
	}
	return m
}

// collects has a collection on devices run to its end.
func collects(t *testing.T, p *sandbox.Place, devices, end string) (id string, c slackfake.Message) {
	t.Helper()
	id, c = pending(t, p, "collect "+devices+" odd logins at 3")
	click(t, p, sandbox.Grace, c, "approve")
	return id, card(t, p, id, end)
}

// TestPackage: the link to what was collected comes to whoever may have it, alone, from two
// replicas that share two links a minute; the third waits and gets it. The trail has who.
func TestPackage(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	run(t, p, p.Env(), app.Options{})
	id, c := collects(t, p, sandbox.Laptop, "Succeeded")
	says(t, "Ben", click(t, p, sandbox.Ben, c, "package"), "Only the requester or an approver")
	says(t, "Gus", click(t, p, sandbox.Gus, c, "package"), "Only full members")
	for _, user := range []string{sandbox.Ada, sandbox.Grace} {
		click(t, p, user, c, "package")
		toldWith(t, p, user, "Download the package", "/safedownload/WDATP_Investigation_Package.zip?token=", id)
	}
	says(t, "Joan", click(t, p, sandbox.Joan, c, "package"), "2 package links a minute and 120 an hour", "You get the link here")
	if n := posts(p, defenderfake.PackageURI); n != 2 {
		t.Errorf("Defender was asked %d times, want twice", n)
	}
	skip(t, p, 75*time.Second)
	toldWith(t, p, sandbox.Joan, "Download the package")
	var who []string
	for _, e := range trailOf(t, p, id) {
		if e.Event == "package" {
			who = append(who, e.By+" "+e.Detail)
		}
		if strings.Contains(e.Detail, "token=") {
			t.Errorf("the trail has a link: %s", e.Detail)
		}
	}
	job := p.Defender.Actions()[0].ID
	if want := []string{sandbox.Ada + " " + job, sandbox.Grace + " " + job, sandbox.Joan + " " + job}; !slices.Equal(who, want) {
		t.Errorf("the trail has %q, want %q", who, want)
	}
	if shown := p.Slack.Transcript(sandbox.Incident, ""); strings.Contains(shown, "token=") || strings.Contains(shown, "Download") {
		t.Errorf("everybody sees the link:\n%s", shown)
	}
}

// TestPackageSeveral: of several devices each that succeeded has a button of its own.
func TestPackageSeveral(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id, c := collects(t, p, sandbox.Laptop+","+sandbox.Server, "Succeeded")
	says(t, "Ada", click(t, p, sandbox.Ada, c, "package"), "2 packages of "+id, "lt-ada.contoso.example", "srv-db-01.contoso.example")
	list := toldWith(t, p, sandbox.Ada, "2 packages of "+id)
	if n := posts(p, defenderfake.PackageURI); n != 0 {
		t.Errorf("Defender was asked %d times for a list", n)
	}
	r := record(t, p, id)
	if _, err := p.Slack.ClickValue(limit(t), sandbox.Ada, list.Channel, list.TS, "package", r.ID+"."+r.Digest()+".1"); err != nil {
		t.Fatal(err)
	}
	toldWith(t, p, sandbox.Ada, "Download the package", "Package of ", "srv-db-01.contoso.example")
}

// TestPackageRefused: what Defender says no to is said to whoever pressed, with what to do.
func TestPackageRefused(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *sandbox.Options) {
		o.Defender.Roles = slices.DeleteFunc(defenderfake.DefaultRoles(), func(r string) bool { return r == "Machine.ReadWrite.All" })
		o.Defender.Limits = map[string][]defenderfake.Limit{defenderfake.PackageURI: {{Calls: 100, Per: time.Minute}}}
	}, nil)
	_, c := collects(t, p, sandbox.Laptop, "Succeeded")
	says(t, "Ada", click(t, p, sandbox.Ada, c, "package"), "lacks an application role: Machine.ReadWrite.All", "Machine.Read.All", "Action center")
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.PackageURI, Status: 404, Code: "ResourceNotFound", Times: 1})
	says(t, "Grace", click(t, p, sandbox.Grace, c, "package"), "does not have this package, or not yet")
}

// TestChoose: a name of two devices gives whoever asked a menu, and nobody else anything;
// the request goes on with what they choose, on whatever replica.
func TestChoose(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		run(t, p, p.Env(), app.Options{})
		run(t, p, p.Env(), app.Options{})
		id := ask(t, p, sandbox.Ada, "collect WS-17,kiosk-7 odd logins at 3")
		m := toldWith(t, p, sandbox.Ada, "2 devices in Defender match the name", id, `"action_id":"pick"`, sandbox.New, sandbox.Old, "Windows 11 24H2 · seen 5 minutes ago")
		if strings.Index(string(m.Blocks), sandbox.New) > strings.Index(string(m.Blocks), sandbox.Old) {
			t.Error("the newest is not the first")
		}
		if n := len(p.Slack.Messages(sandbox.Incident)); n != 0 {
			t.Errorf("%d messages in the channel before a device is chosen", n)
		}
		if _, err := p.Slack.Choose(limit(t), sandbox.Grace, m.Channel, m.TS, "pick", id+".0."+sandbox.New); err == nil {
			t.Error("somebody else can use the menu")
		}
		pick := func(device string) {
			t.Helper()
			out, err := p.Slack.Choose(limit(t), sandbox.Ada, m.Channel, m.TS, "pick", id+".0."+device)
			if err != nil || !out.Acked {
				t.Fatalf("acknowledged %v, %v", out.Acked, err)
			}
		}
		pick(sandbox.New)
		toldWith(t, p, sandbox.Ada, "You chose ws-17.contoso.example "+sandbox.New)
		c := card(t, p, id, "Waiting for approval", sandbox.New)
		if strings.Contains(c.Text, sandbox.Old) {
			t.Errorf("the card is about the other device as well: %s", c.Text)
		}
		pick(sandbox.Old)
		toldWith(t, p, sandbox.Ada, "This device has already been chosen: "+sandbox.New)
		if got := record(t, p, id); got.Devices[0].ID != sandbox.New || got.Choice.Offered != nil {
			t.Errorf("%+v, %+v", got.Devices, got.Choice)
		}
	})
}

// TestChooseRestarted: a menu that was shown works still after the bot was restarted, and is
// not shown twice.
func TestChooseRestarted(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	stop := run(t, p, p.Env(), app.Options{})
	id := ask(t, p, sandbox.Ada, "collect ws-17 odd logins at 3")
	m := toldWith(t, p, sandbox.Ada, "Which one do you mean?", id)
	for r := record(t, p, id); !r.Choice.Asked; r = record(t, p, id) {
		runtime.Gosched() // it is noted right after it was shown
	}
	stop()
	run(t, p, p.Env(), app.Options{})
	if _, err := p.Slack.Choose(limit(t), sandbox.Ada, m.Channel, m.TS, "pick", id+".0."+sandbox.New); err != nil {
		t.Fatal(err)
	}
	toldWith(t, p, sandbox.Ada, "You chose ws-17.contoso.example "+sandbox.New)
	card(t, p, id, "Waiting for approval", sandbox.New)
	menus := slices.DeleteFunc(p.Slack.Ephemerals(sandbox.Ada), func(m slackfake.Message) bool { return !strings.Contains(string(m.Blocks), `"pick"`) })
	if len(menus) != 1 {
		t.Errorf("%d menus", len(menus))
	}
}

// TestChooseNot: without a choice the request ends after five minutes, and only whoever
// asked hears of it; a choice after that changes nothing.
func TestChooseNot(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	id := ask(t, p, sandbox.Ada, "collect ws-17 odd logins at 3")
	m := toldWith(t, p, sandbox.Ada, "Which one do you mean?", id)
	skip(t, p, 3*time.Minute) // longer than a check may take
	if got := record(t, p, id); got.State != approvals.Checking || !got.Chooses() {
		t.Fatalf("%s after three minutes", got.State)
	}
	skip(t, p, 2*time.Minute+time.Second)
	toldWith(t, p, sandbox.Ada, "You did not choose one of the devices with this name in time: ws-17")
	if _, err := p.Slack.Choose(limit(t), sandbox.Ada, m.Channel, m.TS, "pick", id+".0."+sandbox.New); err != nil {
		t.Fatal(err)
	}
	toldWith(t, p, sandbox.Ada, "This request has ended, so there is no device to choose any more: "+id)
	if n := len(p.Slack.Messages(sandbox.Incident)); n != 0 {
		t.Errorf("%d messages in the channel", n)
	}
}

// TestChooseNear: whoever mistypes a name hears which begin like it.
func TestChooseNear(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	ask(t, p, sandbox.Ada, "collect srv-db-1 odd logins at 3")
	for range 3 {
		skip(t, p, 4*time.Second)
	}
	toldWith(t, p, sandbox.Ada, "Defender does not know this device: srv-db-1. Devices with similar names: srv-db-01.contoso.example.")
}
