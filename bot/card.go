package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
	ActionCenter  string                          // address of all actions in the portal; empty: none
	Permalink     func(channel, ts string) string // a message in Slack; nil: none
	Slash         string                          // the command, with its slash
	Investigation string                          // address of an investigation, with {id}; empty: none
}

// card is the one message of a request, with its text. What is small comes after the buttons.
func (v Views) card(r approvals.Request) ([]slack.Block, string) {
	var buttons []slack.Block
	if b := v.buttons(r); b != nil {
		buttons = append(buttons, b)
	}
	p := fittingBeside(buttons, r, v.page)
	body, foot := p[:len(p)-1], p[len(p)-1:]
	return slices.Concat(body.blocks(), buttons, foot.blocks()), p.text()
}

// detail is how much is said about each device.
type detail int

const (
	full  detail = iota // of one device: all that is known, on lines of its own
	few                 // of a handful: one line each
	brief               // of many: one short line each
	bare                // no more than which device and how it stands
)

// fewDevices is up to how many devices of a request have longer lines.
const fewDevices = 4

// blocksLimit is how large the JSON of a message's blocks may be. Slack documents no limit
// for all of them; 13,200 characters were seen to be too many
// (https://github.com/slackapi/bolt-js/issues/2509).
const blocksLimit = 11_900

// fitting is the page of r with the most about its devices that fits. The
// comment is never what gives way.
func fitting(r approvals.Request, draw func(approvals.Request, detail) page) page {
	return fittingBeside(nil, r, draw)
}

// fittingBeside is the same where other blocks need room too.
func fittingBeside(others []slack.Block, r approvals.Request, draw func(approvals.Request, detail) page) page {
	room := blocksLimit - size(others)
	d := full
	switch n := len(r.Devices); {
	case n > fewDevices:
		d = brief
	case n > 1:
		d = few
	}
	p := draw(r, d)
	for ; d < bare && size(p.blocks()) > room; d++ {
		p = draw(r, d+1)
	}
	return p
}

// size is how many characters of JSON blocks are.
func size(blocks []slack.Block) int { return utf8.RuneCount(inJSON(blocks)) }

// inJSON is blocks as Slack gets them, or an answer of Slack's.
func inJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil // unreachable: all of it is texts, numbers, yes or no, lists and maps
	}
	return text
}

// page is all that the card says, in the order in which a hurried reader needs it: what is
// asked of which device; how it stands, what comes next and who acts; who wants it, and why;
// what is known of the devices; what it does to them. Ids and limits come last.
func (v Views) page(r approvals.Request, d detail) page {
	a, s := v.action(r), v.telling(r)
	p := append(append(page{v.heading(r)}, v.unreviewed(r)...), s.line())
	p = append(append(p, s.more...), v.reviewed(r)...)
	p = append(p, beyondReach(r)...)
	p = append(p, wanted(r)...)
	p = append(p, lifts(r)...)
	p = append(p, astray(r)...)
	p = append(p, decided(r)...)
	p = append(p, v.lineage(r)...)
	p = append(p, barred(r)...)
	p = append(p, v.devices(r, d)...)
	p = append(p, v.instead(r)...)
	if r.State == approvals.Pending {
		p = append(p, v.endedNotice(a)...)
		p = append(p, choice([]span{words(a.Effect)}, nil)...)
		p = append(p, outlook(r)...)
	}
	return append(p, v.foot(r, d))
}

// wanted is who asked for it, when and why: the comment whole.
func wanted(r approvals.Request) page {
	return page{says(words("Asked by "), mention(r.By.ID), words(", "), when(r.Asked), words(":")), quoted(r.Comment)}
}

// headline is the action and what it is about: "Isolate srv-db-01.contoso.example".
func (v Views) headline(r approvals.Request) string {
	if r.Unfreezes() {
		return v.action(r).Verb
	}
	on := fmt.Sprintf("%d devices", len(r.Devices))
	if len(r.Devices) == 1 {
		on = called(r.Devices[0])
	}
	return v.action(r).Verb + " " + on
}

// heading is the headline, as a question as long as it is one. A lock screen and a screen
// reader get more of the question in its place: who wants it and why, and until when.
func (v Views) heading(r approvals.Request) para {
	h := heading(v.headline(r))
	if r.State != approvals.Pending {
		return h
	}
	h = heading(v.headline(r) + "?")
	h.spoken = append([]span{words("Approve? " + v.headline(r) + about(r, v.atStake(r)) + " – ")}, mention(r.By.ID),
		words(": "+cut(oneLine(r.Comment), 80)+" · until "), when(r.Deadline()), words(" · "+r.ID))
	return h
}

// mostStakes is how many are told before the rest of the card.
const mostStakes = 3

// about are the names of several devices, and what speaks against the action on them.
func about(r approvals.Request, stakes []string) string {
	var items []string
	if len(r.Devices) > 1 {
		items = append(items, namesOf(r.Devices))
	}
	if more := len(stakes) - mostStakes; more > 0 {
		stakes = append(stakes[:mostStakes:mostStakes], fmt.Sprintf("%d more", more))
	}
	if items = append(items, stakes...); len(items) > 0 {
		return " (" + strings.Join(items, "; ") + ")"
	}
	return ""
}

// atStake is what an approver should know of the devices before anything else, in a few words.
func (v Views) atStake(r approvals.Request) []string {
	if len(r.Devices) == 1 {
		return append(nonEmpty(risk(r.Devices[0].Risk)), inShort(v.warnings(r, r.Devices[0]), brief)...)
	}
	n := 0
	for _, dev := range r.Devices {
		if v.alarming(r, dev) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("look twice at %d", n)}
}

func (v Views) action(r approvals.Request) defender.Action {
	if r.Unfreezes() {
		return lifting()
	}
	if a, ok := v.Catalogue.Named(r.Action); ok {
		return a
	}
	return defender.Action{Name: r.Action, Title: r.Action, Verb: r.Action}
}

// foot is the small last line: what one looks for only when one needs it.
func (v Views) foot(r approvals.Request, d detail) para {
	items := append([]string{r.ID}, nonEmpty(fact(v.action(r).Title))...)
	if d < bare {
		items = append(items, nonEmpty(deviceIDs(r))...)
	}
	if d < brief {
		items = append(items, v.references(r)...)
	}
	if r.State == approvals.Pending {
		items = append(items, nonEmpty(budget(r.Budget, len(r.Devices)))...)
	}
	return aside(strings.Join(items, " · "))
}

// deviceIDs are the whole ids of what is asked for, in its order: what was approved.
func deviceIDs(r approvals.Request) string {
	var ids []string
	for _, dev := range r.Devices {
		ids = append(ids, nonEmpty(dev.ID)...)
	}
	return strings.Join(ids, ", ")
}

// references are the ids of jobs in Defender and of errors, for Microsoft's support.
func (v Views) references(r approvals.Request) []string {
	var jobs, errors []string
	for _, c := range r.Calls {
		if !v.linksTo(r) {
			jobs = append(jobs, nonEmpty(cut(fact(c.Job.ID), 64))...)
		}
		for _, w := range []approvals.Why{c.Why, c.Stop.Why} {
			errors = append(errors, nonEmpty(cut(fact(w.Target), 64))...)
		}
	}
	return append(listed("Defender id", jobs), listed("correlation id", errors)...)
}

// listed are ids, behind what they are.
func listed(what string, ids []string) []string {
	if len(ids) == 0 {
		return nil
	}
	return []string{what + " " + strings.Join(ids, ", ")}
}

// nonEmpty is s as a list, of nothing where it says nothing.
func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
