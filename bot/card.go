package bot

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// Views make what people see of a request. They hold what a card says that is
// the same for every request; a card is a pure function of the request.
type Views struct {
	Approvers     approvals.List
	Catalogue     []defender.Action
	DevicePage    func(id string) string // the device in Defender's portal
	Investigation string                 // address of an investigation, with {id}; empty: none
}

// The action ids of the buttons. Outside programs press them by these names.
const (
	actionApprove = "approve"
	actionDeny    = "deny"
	actionCancel  = "cancel"
)

// card is the one message of a request, with its text.
func (v Views) card(r approvals.Request) ([]slack.Block, string) {
	p := v.page(r)
	blocks := p.blocks()
	if buttons := v.buttons(r); buttons != nil {
		blocks = append(blocks, buttons)
	}
	return blocks, p.text()
}

// page is all that the card says.
func (v Views) page(r approvals.Request) page {
	a := v.action(r)
	p := page{heading(a.Title), says(strong(stateLine(r)), words(" · "), code(r.ID))}
	p = append(p, people(r)...)
	if r.State == approvals.Pending {
		p = append(p, v.askFor(r))
	}
	for i := range r.Devices {
		p = append(p, v.device(r, i))
	}
	p = append(p, quoted(r.Comment))
	if r.State == approvals.Pending {
		p = append(p, says(expiry(r)...), aside(a.Effect+" "+budget(r.Budget, a)))
	}
	return p
}

func (v Views) action(r approvals.Request) defender.Action {
	for _, a := range v.Catalogue {
		if a.Name == r.Action {
			return a
		}
	}
	return defender.Action{Name: r.Action, Title: r.Action}
}

// people says who asked and who decided, and when.
func people(r approvals.Request) []para {
	list := []para{says(words("Asked by "), mention(r.By.ID), words(" "), when(r.Asked))}
	for _, a := range r.Approvals {
		list = append(list, says(words("Approved by "), mention(a.By.ID), words(" "), when(a.At)))
	}
	switch r.State {
	case approvals.Denied:
		list = append(list, says(words("Denied by "), mention(r.Ended.By.ID), words(" "), when(r.EndedAt), words(": "+r.Ended.Text)))
	case approvals.Cancelled:
		list = append(list, says(words("Cancelled by "), mention(r.Ended.By.ID), words(" "), when(r.EndedAt)))
	case approvals.Expired:
		list = append(list, says(words("Nobody decided in time; expired "), when(r.EndedAt), words(". Nothing was sent. Ask again if it is still needed.")))
	case approvals.Rejected:
		list = append(list, says(words(sentence(r.Ended.Why))))
	case approvals.Checking, approvals.Pending, approvals.Approved, approvals.Done:
	}
	return list
}

// askFor mentions those who may decide.
func (v Views) askFor(r approvals.Request) para {
	need := "Needs the approval of somebody other than the requester: "
	if left := r.Terms.Needed - len(r.Approvals); left > 1 || r.Terms.Needed > 1 {
		need = fmt.Sprintf("Needs %d more of %d approvals, none of them the requester's: ", left, r.Terms.Needed)
	}
	spans := []span{words(need)}
	for _, g := range v.Approvers.Groups {
		spans = append(spans, span{group: g}, words(" "))
	}
	for _, u := range v.Approvers.Users {
		spans = append(spans, mention(u), words(" "))
	}
	return says(spans[:len(spans)-1]...)
}

func expiry(r approvals.Request) []span {
	return []span{words("Expires "), when(r.Deadline()), words(".")}
}

// fewDevices is up to how many devices everything known about them is shown.
const fewDevices = 4

// device is one device and what became of its call.
func (v Views) device(r approvals.Request, i int) para {
	d := r.Devices[i]
	name := d.Name
	if name == "" {
		name = "device"
	}
	spans := []span{strong(cut(name, 64)), words(" "), code(d.ID)}
	if len(r.Devices) <= fewDevices && d.ID != "" {
		spans = []span{link(v.DevicePage(d.ID), cut(name, 64)), words(" "), code(d.ID)}
	}
	if i < len(r.Calls) {
		return says(append(spans, v.call(r, r.Calls[i])...)...)
	}
	return says(append(spans, facts(d, len(r.Devices) <= fewDevices)...)...)
}

// facts are what Defender knows about a device that an approver wants to know.
func facts(d approvals.Device, all bool) []span {
	if !d.Verified {
		return []span{words(" · not verified: Defender could not be asked about it")}
	}
	parts := []string{d.OS, d.Health}
	if d.Risk != "" && d.Risk != "None" {
		parts = append(parts, "risk "+d.Risk)
	}
	if all && len(d.Tags) > 0 {
		parts = append(parts, "tags "+strings.Join(d.Tags, ", "))
	}
	var b strings.Builder
	for _, p := range parts {
		if p != "" {
			b.WriteString(" · " + p)
		}
	}
	spans := []span{words(cut(b.String(), 160))}
	if all && !d.LastSeen.IsZero() {
		spans = append(spans, words(" · last seen "), when(d.LastSeen))
	}
	return spans
}

// budget says how much of Microsoft's limit was left when the card was made.
func budget(b approvals.Budget, a defender.Action) string {
	if b.Of == 0 {
		return ""
	}
	limit := defender.Limit{Calls: b.Of, Per: b.Per}
	s := fmt.Sprintf("Microsoft allows %s; %d left at %s", limit, b.Left, b.At.UTC().Format("15:04 UTC"))
	if b.Ahead > 0 {
		s += fmt.Sprintf(", with %d waiting ahead", b.Ahead)
	}
	if b.Left <= b.Ahead {
		s += ": " + a.Name + " will have to wait for a free slot"
	}
	return s + "."
}

// call says where a call is, in words.
func (v Views) call(r approvals.Request, c approvals.Call) []span {
	switch c.State {
	case approvals.Queued:
		return queued(c)
	case approvals.Sending:
		return []span{words(" · is being sent to Defender")}
	case approvals.Running:
		return append([]span{words(" · running in Defender since "), when(c.Started)}, v.job(r, c)...)
	case approvals.Uncertain:
		return []span{words(" · it is not known whether Defender took it; it is being looked up, and will not be sent again")}
	case approvals.CallCancelled:
		if c.By.ID != "" {
			return []span{words(" · cancelled by "), mention(c.By.ID), words(" before it was sent")}
		}
	case approvals.Succeeded, approvals.Failed, approvals.Lapsed, approvals.Unknown:
	}
	spans := []span{words(" · "), strong(string(c.State))}
	if c.Why.Reason != approvals.Ran {
		spans = append(spans, words(": "+cut(sentence(c.Why), 300)))
	}
	return append(append(spans, words(" "), when(c.EndedAt)), v.job(r, c)...)
}

func queued(c approvals.Call) []span {
	why := "waits its turn"
	if c.Why.Reason != "" {
		why = "waits: " + cut(sentence(c.Why), 200)
	}
	if c.Expected.IsZero() {
		return []span{words(" · " + why)}
	}
	return []span{words(" · " + why + " Expected to be sent about "), when(c.Expected)}
}

// job names what Defender made of a call and what it says about it.
func (v Views) job(r approvals.Request, c approvals.Call) []span {
	if c.Job.ID == "" {
		return nil
	}
	a := v.action(r)
	spans := []span{words(" · " + cut(defender.Explain(a.Tracks, c.Job.Status), 160))}
	if c.Job.Details != "" && len(r.Devices) <= fewDevices {
		spans = append(spans, words(" ("+cut(c.Job.Details, 200)+")"))
	}
	if c.Job.Adopted {
		spans = append(spans, words(" · "+adopted(c.Job)))
	}
	spans = append(spans, words(" · Defender id "))
	if a.Tracks == defender.TrackInvestigations && v.Investigation != "" {
		return append(spans, link(strings.ReplaceAll(v.Investigation, "{id}", c.Job.ID), c.Job.ID))
	}
	return append(spans, code(c.Job.ID))
}

func adopted(j approvals.Job) string {
	s := "found there; who started it is not known"
	if j.By != "" {
		s = "already running, started by " + cut(j.By, 60)
	}
	if !j.Created.IsZero() {
		s += " on " + j.Created.UTC().Format("2006-01-02 at 15:04 UTC")
	}
	return s
}

// buttons are what can still be done; nil where nothing can.
func (v Views) buttons(r approvals.Request) slack.Block {
	value := r.ID + "." + r.Digest()
	block := fmt.Sprintf("%s.%d", r.ID, r.Visible) // a new one for each version: clients cache by it
	switch r.State {
	case approvals.Pending:
		yes := slack.NewButtonBlockElement(actionApprove, value, plainText("Approve"))
		nay := slack.NewButtonBlockElement(actionDeny, value, plainText("Deny"))
		return slack.NewActionBlock(block, yes.WithStyle(slack.StylePrimary), nay.WithStyle(slack.StyleDanger), cancelButton(value, "Cancel request"))
	case approvals.Approved:
		for _, c := range r.Calls {
			if c.State == approvals.Queued {
				return slack.NewActionBlock(block, cancelButton(value, "Cancel what waits"))
			}
		}
	case approvals.Checking, approvals.Done, approvals.Denied, approvals.Cancelled, approvals.Expired, approvals.Rejected:
	}
	return nil
}

func cancelButton(value, label string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(actionCancel, value, plainText(label)).WithConfirm(slack.NewConfirmationBlockObject(
		plainText(label+"?"), plainText("What was not sent yet will not be sent."), plainText("Yes, cancel"), plainText("Keep it")))
}

// splitValue takes a button's value apart.
func splitValue(value string) (id, digest string) {
	id, digest, _ = strings.Cut(value, ".")
	return id, digest
}

// notice is one reply in the thread of a card.
func (v Views) notice(r approvals.Request, n int) page {
	switch r.Notices[n].Kind {
	case approvals.NoticeReminder:
		p := v.askFor(r)
		left := r.Deadline().Sub(r.Notices[n].At).Round(time.Minute)
		return page{says(append([]span{wordsf("%s is still waiting; %s left. ", r.ID, inWords(left))}, p.spans...)...)}
	case approvals.NoticeEnd:
	}
	list := page{says(mention(r.By.ID), words(" "), strong(stateLine(r)), words(" · "), code(r.ID))}
	list = append(list, people(r)[1:]...)
	for i := range r.Calls {
		list = append(list, v.device(r, i))
	}
	return list
}
