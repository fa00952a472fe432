package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// Views make what people see of a request. They hold what a card says that is
// the same for every request; a card is a pure function of the request.
type Views struct {
	Policy        approvals.Policy       // who decides on what, and what is switched on
	Counts        func(user string) bool // whether an approver may decide at all; nil: all may
	Catalogue     defender.Catalogue
	DevicePage    func(id string) string          // the device in Defender's portal
	Permalink     func(channel, ts string) string // a message in Slack; nil: none
	Slash         string                          // the command, with its slash
	Investigation string                          // address of an investigation, with {id}; empty: none
}

// card is the one message of a request, with its text.
func (v Views) card(r approvals.Request) ([]slack.Block, string) {
	p := fitting(r, v.page)
	blocks := p.blocks()
	if buttons := v.buttons(r); buttons != nil {
		blocks = append(blocks, buttons)
	}
	return blocks, p.text()
}

// detail is how much is said about each device.
type detail int

const (
	full  detail = iota // all that is known, on lines of its own
	brief               // one line
	bare                // no more than which device and how it stands
)

// fewDevices is up to how many devices of a request are shown in full.
const fewDevices = 4

// pageLimit is how large the JSON of a page may be. Slack documents no limit
// for all blocks of a message; 13,200 characters were seen to be too many
// (https://github.com/slackapi/bolt-js/issues/2509), and buttons come on top.
const pageLimit = 10_900

// fitting is the page of r with the most about its devices that fits. The
// comment is never what gives way.
func fitting(r approvals.Request, draw func(approvals.Request, detail) page) page {
	d := full
	if len(r.Devices) > fewDevices {
		d = brief
	}
	p := draw(r, d)
	for ; d < bare && p.size() > pageLimit; d++ {
		p = draw(r, d+1)
	}
	return p
}

// size is how many characters of JSON the page's blocks are.
func (p page) size() int {
	text, err := json.Marshal(p.blocks())
	if err != nil {
		return 0 // unreachable: blocks are text and numbers
	}
	return utf8.RuneCount(text)
}

// page is all that the card says: what, who and why, on which devices, and what
// can be done until when.
func (v Views) page(r approvals.Request, d detail) page {
	a := v.action(r)
	p := page{heading(a.Title), says(strong(stateLine(r)), words(" · "), code(r.ID))}
	p = append(p, says(words("Asked by "), mention(r.By.ID), words(", "), when(r.Asked), words(":")), quoted(r.Comment))
	p = append(p, decisions(r)...)
	p = append(p, v.lineage(r)...)
	for _, i := range v.doubtfulFirst(r) {
		p = append(p, v.device(r, i, d)...)
	}
	p = append(p, v.instead(r)...)
	if r.State == approvals.Pending {
		p = append(p, v.endedNotice(a)...)
		p = append(p, v.askFor(r))
		p = append(p, barred(r)...)
		p = append(p, says(words("Expires "), when(r.Deadline()), words(".")))
		p = append(p, outlook(r)...)
		p = append(p, aside(strings.TrimSpace(a.Effect+" "+budget(r.Budget, len(r.Devices)))))
	}
	return p
}

// barred names who cannot approve it beside the requester.
func barred(r approvals.Request) []para {
	if len(r.Barred) == 0 {
		return nil
	}
	var spans []span
	for i, p := range r.Barred {
		if i > 0 {
			spans = append(spans, words(", "))
		}
		spans = append(spans, mention(p.ID))
	}
	if r.From.Request != "" {
		return []para{says(append(spans, words(" asked for "), code(r.From.Request), words(" and cannot approve this either."))...)}
	}
	return []para{says(append(spans, words(" asked for this before and cannot approve it."))...)}
}

func (v Views) action(r approvals.Request) defender.Action {
	if a, ok := v.Catalogue.Named(r.Action); ok {
		return a
	}
	return defender.Action{Name: r.Action, Title: r.Action}
}

// decisions say who decided what, and when, or why nobody could.
func decisions(r approvals.Request) []para {
	var list []para
	for _, a := range r.Approvals {
		list = append(list, by("Approved", a.By, a.At, "."))
	}
	switch r.State {
	case approvals.Denied:
		list = append(list, by("Denied", r.Ended.By, r.EndedAt, ":"), quoted(r.Ended.Text))
	case approvals.Cancelled:
		list = append(list, by("Cancelled", r.Ended.By, r.EndedAt, "."))
	case approvals.Expired:
		list = append(list, says(words("Nobody decided in time, so it expired "), when(r.EndedAt),
			words(". Nothing was sent. Ask again if it is still needed.")))
	case approvals.Rejected:
		list = append(list, says(words(sentence(r.Ended.Why))))
	case approvals.Checking, approvals.Pending, approvals.Approved, approvals.Done:
	}
	if r.RetryOf != "" {
		list = append(list, says(words("Retry of "), code(r.RetryOf), words(".")))
	}
	if r.RetriedAs != "" {
		list = append(list, says(words("Retried as "), code(r.RetriedAs), words(".")))
	}
	return list
}

func by(did string, p approvals.Person, at time.Time, end string) para {
	return says(words(did+" by "), mention(p.ID), words(", "), when(at), words(end))
}

// mostMentions is how many approvers are mentioned; a card is no place for the
// whole workspace.
const mostMentions = 12

// askFor mentions those who may decide on the action.
func (v Views) askFor(r approvals.Request) para {
	need := "Needs approval from somebody other than the requester:"
	switch left := r.Terms.Needed - len(r.Approvals); {
	case len(r.Approvals) > 0 && left == 1:
		need = fmt.Sprintf("Needs 1 more approval (%d of %d given), from somebody else:", len(r.Approvals), r.Terms.Needed)
	case len(r.Approvals) > 0:
		need = fmt.Sprintf("Needs %d more approvals (%d of %d given), from other people:", left, len(r.Approvals), r.Terms.Needed)
	case left > 1:
		need = fmt.Sprintf("Needs %d approvals from people other than the requester:", left)
	}
	spans, list := []span{words(need)}, v.Policy.RuleFor(r.Action).Approvers
	for _, g := range list.Groups {
		spans = append(spans, words(" "), span{group: g})
	}
	for _, u := range list.Users {
		if v.Counts != nil && !v.Counts(u) {
			continue // to call somebody who cannot decide would be no help
		}
		spans = append(spans, words(" "), mention(u))
	}
	if more := (len(spans)-1)/2 - mostMentions; more > 0 {
		spans = append(spans[:1+2*mostMentions], wordsf(" and %d more", more))
	}
	return says(spans...)
}

// budget says how much of Microsoft's limit was left when the card was made,
// and whether that is enough for n calls.
func budget(b approvals.Budget, n int) string {
	if b.Of == 0 {
		return ""
	}
	s := fmt.Sprintf("Microsoft allows %s; %d left at %s", defender.Limit{Calls: b.Of, Per: b.Per}, b.Left, b.At.UTC().Format("15:04 UTC"))
	if b.Ahead > 0 {
		s += fmt.Sprintf(", with %d waiting ahead", b.Ahead)
	}
	switch free := b.Left - b.Ahead; {
	case free <= 0:
		s += ", so this would have to wait"
	case free < n:
		s += fmt.Sprintf(", so %d of the %d devices would have to wait", n-free, n)
	}
	return s + "."
}

// outlook says of a request whose calls could not all go at once when the last of
// them could, and when an approval given at once would run out.
func outlook(r approvals.Request) []para {
	free, lapses := r.Budget.Free, r.Budget.At.Add(r.Terms.ExecutionTTL)
	if free.IsZero() {
		return nil
	}
	turn := "If approved at once, its turn would come about "
	if len(r.Devices) > 1 {
		turn = "If approved at once, the last call's turn would come about "
	}
	if r.Budget.Left-r.Budget.Ahead >= len(r.Devices) { // no window is full
		turn = "Defender is throttling calls. " + turn
	}
	if free.Before(lapses) {
		return []para{says(words(turn), when(free), words("; the approval would run out "), when(lapses), words("."))}
	}
	return []para{says(words("⚠️ "+turn), when(free), words(", but the approval would run out first, "), when(lapses), words("."))}
}

// notice is one reply in the thread of a card, with its text.
func (v Views) notice(r approvals.Request, n int) ([]slack.Block, string) {
	p := fitting(r, v.outcome)
	if note := r.Notices[n]; note.Kind == approvals.NoticeReminder {
		left := r.Deadline().Sub(note.At).Round(time.Minute)
		p = page{says(wordsf("%s is still waiting for a decision; it expires in %s.", r.ID, inWords(left))), v.askFor(r)}
	}
	return p.blocks(), p.text()
}

// outcome tells the requester how it ended.
func (v Views) outcome(r approvals.Request, d detail) page {
	p := page{says(mention(r.By.ID), words(" "), strong(stateLine(r)), words(" · "), code(r.ID))}
	p = append(p, decisions(r)...)
	p = append(p, v.lineage(r)...)
	for i := range r.Calls {
		p = append(p, v.device(r, i, d)...)
	}
	return p
}
