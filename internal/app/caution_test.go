package app_test

import (
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// TestWrongOS: a device on which the action cannot work goes to nobody for approval; the
// requester hears which one it is and where the action works.
func TestWrongOS(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Laptop+","+sandbox.Linux+" why")
	told(t, p, sandbox.Ada, id, "Not submitted for approval", "web-02.contoso.example (Linux)", "it works on Windows 10", "Ask again without that device")
	if cards := p.Cards(sandbox.Incident); len(cards) != 0 {
		t.Errorf("%d cards, want none", len(cards))
	}
	if got := held(t, p); len(got) != 0 {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	nothingSent(t, p)
	pending(t, p, "investigate "+sandbox.Laptop+" why")
}

// TestCautions: each thing that speaks against an action stands on the card before anybody
// approves it.
func TestCautions(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil) // kiosk-7 is offline: what is started there does not end
	if _, err := p.Defender.Portal("analyst@contoso.example").Start(defenderfake.CollectPackage, sandbox.Offline, "from the portal"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, command string
		want          []string
	}{
		{"nothing", "collect " + sandbox.Laptop, nil},
		{"offline", "scan " + sandbox.Offline, []string{"⚠️ Last seen 3 weeks ago: the action waits until the device is back, or until Defender gives up."}},
		{"nobody says", "collect " + sandbox.Legacy, []string{"⚠️ It is not clear from Microsoft's pages whether this works on Windows Server 2012R2."}},
		{"busy", "collect " + sandbox.Offline, []string{" Running on the device when I looked it up: Collect investigation package, since ", ", started by analyst@contoso.example."}},
	} {
		_, c := pending(t, p, tt.command+" why")
		says(t, tt.name, c.Text, tt.want...)
		if len(tt.want) == 0 && strings.Contains(c.Text, "⚠️") {
			t.Errorf("%s: the card warns:\n%s", tt.name, c.Text)
		}
	}
}

// TestCautionUnchecked: that Defender would not say what runs on a device keeps nobody from
// deciding.
func TestCautionUnchecked(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	p.Defender.Inject(defenderfake.Fault{On: defenderfake.ActionList, Status: 503})
	_, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	says(t, "card", c.Text, "⚠️ I could not check what is running on it: Defender has a problem on its side")
}

// TestCautionAskedBefore: an hour after somebody denied it, the card of the same says so, with
// a link to the first one.
func TestCautionAskedBefore(t *testing.T) {
	t.Parallel()
	p := timeless(t)
	run(t, p, p.Env(), app.Options{})
	first, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	says(t, "cancel", click(t, p, sandbox.Ada, c, "cancel"), "You cancelled "+first)
	c = card(t, p, first, "Cancelled")
	skip(t, p, time.Hour)
	second := ask(t, p, sandbox.Ben, "collect "+sandbox.Laptop+" after all")
	again := card(t, p, second, "Waiting for approval")
	says(t, "card", again.Text, "⚠️ The same was requested by <@"+sandbox.Ada+">, ", ", as "+first+": cancelled.")
	says(t, "blocks", string(again.Blocks), ".slack.com/archives/"+sandbox.Incident+"/p"+strings.ReplaceAll(c.TS, ".", ""))
}
