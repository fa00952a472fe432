package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// buttonsOf are the buttons of a view, as action=value.
func buttonsOf(v view) []string {
	var all []string
	for _, b := range v.Blocks {
		actions, ok := b.(*slack.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range actions.Elements.ElementSet {
			if button, ok := e.(*slack.ButtonBlockElement); ok {
				all = append(all, button.ActionID+"="+button.Value)
			}
		}
	}
	return all
}

func TestButtons(t *testing.T) {
	for name, r := range sampleRequests() {
		value := r.ID + "." + r.Digest()
		var want []string
		switch {
		case r.State == approvals.Pending:
			want = []string{"approve=" + value, "deny=" + value, "cancel=" + value}
		case slices.ContainsFunc(r.Calls, func(c approvals.Call) bool { return c.State == approvals.Queued }):
			want = []string{"cancel=" + value}
			if views().action(r).Cancellable() && slices.ContainsFunc(r.Calls, approvals.Call.Stoppable) {
				want = append(want, "stop="+value)
			}
		case r.Action != "investigate" && slices.ContainsFunc(r.Calls, approvals.Call.Stoppable):
			want = []string{"stop=" + value}
		case r.State == approvals.Expired && !r.Unfreezes():
			want = []string{"ask=" + value}
		}
		if r.UnderReview() {
			want = append(want, "review="+value)
		}
		if len(r.Retryable()) > 0 {
			want = append(want, "retry="+value)
		}
		if views().action(r).Package && len(r.Succeeded()) > 0 {
			want = append(want, "package="+value)
		}
		want = append(want, map[string][]string{
			"done-ended": {"successor=" + value}, "done-ended-unknown": {"successor=" + value}, "done-ended-followed": {"successor=" + value},
			"done-ended-several": {"successor=" + value}, "done-isolated": {"undo=" + value}, "done-isolated-undone": {"undo=" + value},
			"done-reads-ended": {"successor=" + value}, "approved-isolated": {"undo=" + value},
			"alone-ended": {"undo=" + value}, "alone-overdue": {"undo=" + value}, "alone-reviewed": {"undo=" + value},
		}[name]...)
		if diff := cmp.Diff(want, buttonsOf(drawn(r))); diff != "" {
			t.Errorf("%s: buttons (-want +got)\n%s", name, diff)
		}
		id, digest := splitValue(value)
		if id != r.ID || digest != r.Digest() {
			t.Errorf("%s: a click on %q means %q and %q", name, value, id, digest)
		}
	}
}

// TestCardBlockIDs: each version has its own, because clients keep the state of a block
// by its id.
func TestCardBlockIDs(t *testing.T) {
	r := pending("investigate", 1)
	before := encoded(t, views().buttons(r))
	r.Visible++
	if after := encoded(t, views().buttons(r)); string(before) == string(after) {
		t.Errorf("two versions of a card have the same buttons: %s", after)
	}
}

// TestCardPending: a pending card has what an approver needs.
func TestCardPending(t *testing.T) {
	r := twoNeeded(pending("investigate", 1))
	v := drawn(r)
	d := r.Devices[0]
	for what, words := range map[string][]string{
		"what it is": {"Investigate " + d.Name, "Start automated investigation", "D-7K3F9Q", "Waiting for approval"},
		"who asks":   {"Asked by <@" + ada + ">"},
		"why":        {r.Comment},
		"where":      {d.Name, d.ID, "Windows Server 2022 21H2", d.Health, "⚠️ risk " + d.Risk, d.Tags[0], d.Tags[1], "last seen " + when(d.LastSeen).markup()},
		"effect":     {views().action(r).Effect},
		"budget":     {"49 left of 50 an hour"},
		"expiry":     {"until " + when(r.Deadline()).markup()},
		"approvers":  {"Waiting for approval · 2 needed, from <!subteam^" + oncall + "> <@" + joan + "> (not <@" + ada + ">)"},
	} {
		for _, w := range words {
			if !strings.Contains(v.Text, w) {
				t.Errorf("%s: %q is not in the text\n%s", what, w, v.Text)
			}
		}
	}
	// TestTextHoldsTheBlocks holds the blocks to the same.
	if got := linksOf(v); !slices.Equal(got, []string{views().DevicePage(d.ID)}) {
		t.Errorf("links %q, want the device's page", got)
	}
}

// linksOf are the addresses that a card links to.
func linksOf(v view) []string {
	var all []string
	for _, b := range v.Blocks {
		rich, ok := b.(*slack.RichTextBlock)
		if !ok {
			continue
		}
		for _, part := range rich.Elements {
			section, ok := part.(*slack.RichTextSection)
			if !ok {
				continue
			}
			for _, e := range section.Elements {
				if l, ok := e.(*slack.RichTextSectionLinkElement); ok {
					all = append(all, l.URL)
				}
			}
		}
	}
	return all
}

// TestCardInvestigationLink takes an id that would end the address early.
func TestCardInvestigationLink(t *testing.T) {
	v := views()
	v.Investigation = "https://portal.example/inv/{id}?x=1"
	c := openCalls()["running"]
	c.Job.ID = "da1/?#_-2"
	for action, want := range map[string]string{"investigate": "https://portal.example/inv/da1%2F%3F%23_-2?x=1", "collect": ""} {
		blocks, _ := v.card(approved(action, c))
		got := slices.DeleteFunc(linksOf(view{Blocks: blocks}), func(l string) bool { return strings.Contains(l, "/machines/") || l == v.ActionCenter })
		if strings.Join(got, " ") != want {
			t.Errorf("%s: links %q, want %q", action, got, want)
		}
	}
}

// TestCardMentions: of many approvers only a few are mentioned.
func TestCardMentions(t *testing.T) {
	v := views()
	for i := range 50 {
		v.Policy.Default.Approvers.Users = append(v.Policy.Default.Approvers.Users, fmt.Sprintf("U0%03d", i))
	}
	r := oneGiven(twoNeeded(pending("investigate", 20)))
	r.Comment = strings.Repeat("<", commands.MaxComment)
	blocks, text := v.card(r)
	if what := broken(t, view{Text: text, Blocks: blocks}); what != "" {
		t.Error(what)
	}
	ask := view{Blocks: page{says(v.approvers(r)...)}.blocks()}
	var said strings.Builder
	for _, s := range spansOf(ask) {
		said.WriteString(s.text)
	}
	if got := strings.Count(said.String(), "<"); got != mostMentions || !strings.HasSuffix(said.String(), " and 40 more") {
		t.Errorf("%d mentions in %q, want %d and how many more", got, said.String(), mostMentions)
	}
}

// TestCardManyDevices: the more devices there are, the less is said of each.
func TestCardManyDevices(t *testing.T) {
	const seen = "last seen"
	for n, want := range map[int]bool{1: true, fewDevices: true, fewDevices + 1: false, 20: false} {
		if got := strings.Contains(drawn(pending("investigate", n)).Text, seen); got != want {
			t.Errorf("%d devices: %q is there: %v, want %v", n, seen, got, want)
		}
	}
	r := pending("investigate", 20)
	r.Comment = strings.Repeat("<", commands.MaxComment)
	for i := range r.Devices {
		r.Devices[i].Name, r.Devices[i].OS = strings.Repeat("n", 60), strings.Repeat("s", 60)
	}
	r.Devices[7].Verified = false
	text := encoded(t, drawn(r).Blocks)
	if strings.Contains(string(text), "risk High") || strings.Count(string(text), "not verified") != 1 {
		t.Errorf("with the longest comment there is no room for facts, and that a device is not verified is still said:\n%s", text)
	}
}

// TestDeviceLittleKnown: little is known of a device, or nothing, or only what cannot be seen.
func TestDeviceLittleKnown(t *testing.T) {
	for name, tt := range map[string]struct {
		device approvals.Device
		want   string
	}{
		"nothing":    {approvals.Device{}, "Open device"},
		"when":       {approvals.Device{LastSeen: asked}, "last seen " + when(asked).markup() + " · Open device"},
		"that":       {approvals.Device{OS: "Linux", Risk: "None"}, "Linux · Open device"},
		"risk":       {approvals.Device{OS: "Linux", Risk: "High"}, "⚠️ risk High · Linux · Open device"},
		"doubts":     {approvals.Device{OS: "Linux", Health: "Unknown", Onboarding: "CanBeOnboarded"}, "Linux · Open device\n⚠️ Not onboarded (CanBeOnboarded): Defender can probably not act on it.\n⚠️ Defender does not know whether it can reach it."},
		"both":       {approvals.Device{OS: "Linux", LastSeen: asked}, "Linux · last seen " + when(asked).markup() + " · Open device"},
		"unreadable": {approvals.Device{OS: "\u200b"}, "Open device"},
	} {
		r := pending("collect", 1)
		tt.device.ID, tt.device.Verified, tt.device.Name = r.Devices[0].ID, true, "kiosk-7"
		r.Devices[0] = tt.device
		v := drawn(r)
		if want := "see INC-42\n" + tt.want + "\nChanges nothing"; !strings.Contains(v.Text, want) {
			t.Errorf("%s: %q is not in\n%s", name, want, v.Text)
		}
		if what := broken(t, v); what != "" {
			t.Errorf("%s: %s", name, what)
		}
	}
}

// TestDeviceCalled: a headline names the device, or the ends of its id.
func TestDeviceCalled(t *testing.T) {
	for _, tt := range []struct {
		device approvals.Device
		want   string
	}{
		{approvals.Device{Name: "kiosk-7", ID: device(2).ID}, "kiosk-7"},
		{approvals.Device{Name: "\u200b", ID: device(2).ID}, "device 205bc9d7…0cc07"},
		{approvals.Device{ID: "1234567890123456"}, "device 1234567890123456"},
		{approvals.Device{}, "device"},
	} {
		if got := called(tt.device); got != tt.want {
			t.Errorf("%+v is called %q, want %q", tt.device, got, tt.want)
		}
	}
}

// TestSystem: operating systems as people write them, and what is none of Microsoft's as it came.
func TestSystem(t *testing.T) {
	for in, want := range map[string]string{
		"WindowsServer2022 21H2": "Windows Server 2022 21H2", "Windows11 23H2": "Windows 11 23H2", "WindowsServer2012R2": "Windows Server 2012R2",
		"Linux": "Linux", "Windows": "Windows", "WindowsPhone": "WindowsPhone", "": "",
	} {
		if got := system(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

// TestPageEmptySpans: Slack takes no empty text.
func TestPageEmptySpans(t *testing.T) {
	p := page{says(words(""), strong("\u200b"), code(""), words("a"), strong("\u202e"), words(""), words("b")), aside("c"), says(code(""), mention(ada))}
	got := view{Text: p.text(), Blocks: p.blocks()}
	if what := broken(t, got); what != "" || got.Text != "ab\nc\n<@"+ada+">" {
		t.Errorf("%s: %s", what, got.Text)
	}
}

func TestBudget(t *testing.T) {
	for _, tt := range []struct {
		left, ahead, devices int
		want                 string
	}{
		{50, 0, 1, "50 left of 50 an hour"},
		{50, 3, 1, "50 left of 50 an hour, 3 waiting ahead"},
		{3, 0, 4, "3 left of 50 an hour: 1 of the 4 devices would have to wait"},
		{3, 3, 4, "3 left of 50 an hour, 3 waiting ahead: this would have to wait"},
		{0, 0, 1, "0 left of 50 an hour: this would have to wait"},
	} {
		b := approvals.Budget{Left: tt.left, Of: 50, Per: time.Hour, Ahead: tt.ahead, At: asked}
		if got := budget(b, tt.devices); got != tt.want {
			t.Errorf("%d left, %d ahead, %d devices:\n got %s\nwant %s", tt.left, tt.ahead, tt.devices, got, tt.want)
		}
	}
	if got := budget(approvals.Budget{}, 1); got != "" {
		t.Errorf("nothing known: %q", got)
	}
}

// TestOutlook: whoever decides on what could not go at once sees when it could, and
// when the approval would run out.
func TestOutlook(t *testing.T) {
	const turn, runsOut = "⏳ If approved at once, its turn would come about ", "the approval would run out"
	at := func(minutes int) string { return inUTC(after(minutes)) }
	for name, tt := range map[string]struct {
		r    approvals.Request
		want string
	}{
		"all at once":  {pending("investigate", 1), ""},
		"full":         {withBudget(pending("investigate", 1), 0, 0, after(41)), turn + at(41) + "; " + runsOut + " " + at(120) + "."},
		"full behind":  {withBudget(pending("investigate", 1), 3, 3, after(41)), turn + at(41) + "; " + runsOut + " " + at(120) + "."},
		"for too long": {withBudget(pending("investigate", 1), 0, 130, after(120)), strings.Replace(turn, "⏳", "⚠️", 1) + at(120) + ", but " + runsOut + " first, " + at(120) + "."},
		"several":      {withBudget(pending("investigate", 4), 3, 0, after(41)), "⏳ If approved at once, the last call's turn would come about " + at(41) + "; " + runsOut + " " + at(120) + "."},
		"held":         {withBudget(pending("investigate", 1), 50, 0, after(20)), "⏳ Defender is throttling calls. " + strings.TrimPrefix(turn, "⏳ ") + at(20) + "; " + runsOut + " " + at(120) + "."},
	} {
		var got []string
		for _, p := range outlook(tt.r) {
			got = append(got, p.joined(func(s span) string {
				if s.at.IsZero() {
					return s.text
				}
				return inUTC(s.at)
			}))
		}
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

// TestCardIsPure: what is drawn twice is the same, and drawing changes nothing.
func TestCardIsPure(t *testing.T) {
	for name, r := range sampleRequests() {
		before := encoded(t, r)
		first, second := encoded(t, drawn(r)), encoded(t, drawn(r))
		if string(first) != string(second) || string(before) != string(encoded(t, r)) {
			t.Errorf("%s is drawn differently each time, or drawing changes it", name)
		}
	}
}
