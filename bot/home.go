package bot

import (
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
)

// A Home tab holds at most 100 blocks and 250 kB
// (https://docs.slack.dev/reference/views/home-tab-views); whole cards leave room for the
// rest.
const (
	homeRequests  = 20
	homeCardsSize = 180_000 // bytes of JSON
	homeBlocks    = 60      // of cards
	homeMost      = 94      // of all but the end
)

// home is what a person sees on their Home tab: an answer to what they did last, what waits
// for them, what they have asked for, what ended last, and how much is left of Microsoft's
// limits.
func (v Views) home(slash string, h office.Home, said page) []slack.Block {
	var blocks []slack.Block
	if len(said) > 0 {
		blocks = append(said.blocks(), slack.NewDividerBlock())
	}
	if h.Barred {
		return append(blocks, whoMay().blocks()...)
	}
	if h.Unsure {
		blocks = append(blocks, say("⚠️ Slack could not tell me who is in a group of approvers, so something that waits for you may be missing here. "+
			"I look again in a minute.").blocks()...)
	}
	open, ended := byEnd(h.Mine.Requests)
	if !h.Unsure && len(h.Waiting.Requests)+h.Waiting.More+len(open)+len(ended) == 0 {
		blocks = append(blocks, howToBegin(slash).blocks()...)
	}
	blocks = append(blocks, homeFreeze(slash, h.Frozen, false)...)
	blocks, shown := v.homeWaiting(blocks, slash, h.Waiting)
	blocks = v.homeMine(blocks, slash, office.Listing{Requests: open, More: h.Mine.More}, homeRequests-shown)
	if rest := v.results(ended, h.Ended.Requests); len(rest) > 0 {
		blocks = append(blocks, append(page{heading("Last results")}, rest...).blocks()...)
	}
	blocks = append(blocks, homeLimits(h.Windows).blocks()...)
	if h.Frozen.Is() {
		return blocks
	}
	return append(blocks, homeFreeze(slash, h.Frozen, h.MayFreeze)...)
}

// byEnd tells requests that are open from those that have ended.
func byEnd(list []approvals.Request) (open, ended []approvals.Request) {
	for _, r := range list {
		if r.State.Ended() {
			ended = append(ended, r)
		} else {
			open = append(open, r)
		}
	}
	return open, ended
}

// whoMay is the home of somebody who may do nothing here.
func whoMay() page {
	return page{
		heading("This is not for you to use"),
		says(words("This bot asks a second person before Microsoft Defender acts on a device. Only full members of this workspace can ask it or decide: " +
			"no guests, and nobody from another organisation.")),
		says(words("If a device needs attention, tell somebody in the channel where its card is.")),
	}
}

// howToBegin is for those who have nothing here yet.
func howToBegin(slash string) page {
	return page{
		heading("Nothing waits for you"),
		says(words("To ask for something, type this in a channel that I am in: "), code(slash+" scan <device> <comment>"),
			words(". "), code(slash), words(" alone opens a form.")),
		says(words("A second person approves it on the card that follows there, or here. Everything else that I can do: "), code(slash+" help")),
	}
}

// homeWaiting shows what waits for the person as whole cards, with their buttons, and says
// how many there are for which there is no room.
func (v Views) homeWaiting(blocks []slack.Block, slash string, l office.Listing) (all []slack.Block, shown int) {
	if len(l.Requests)+l.More == 0 {
		return blocks, 0
	}
	blocks = append(blocks, page{heading("Waiting for your decision")}.blocks()...)
	before, size := len(blocks), 0
	for _, r := range l.Requests[:min(len(l.Requests), homeRequests)] {
		card := v.homeCard(r)
		size += len(inJSON(card))
		if shown > 0 && (len(blocks)-before+len(card) > homeBlocks || size > homeCardsSize) {
			break
		}
		blocks, shown = append(blocks, card...), shown+1
	}
	if more := len(l.Requests) - shown + l.More; more > 0 {
		blocks = append(blocks, howManyMore(more, slash).blocks()...)
	}
	return blocks, shown
}

// homeCard is the card of a request as its channel shows it, so that a press here is as
// good as one there, and the way to it.
func (v Views) homeCard(r approvals.Request) []slack.Block {
	card, _ := v.card(r)
	return append(card, append(page{says(words("In its channel: "), v.cardLink(r))}.blocks(), slack.NewDividerBlock())...)
}

// homeMine lists the person's own requests that are open, each with what they can do with it.
func (v Views) homeMine(blocks []slack.Block, slash string, l office.Listing, most int) []slack.Block {
	if len(l.Requests)+l.More == 0 {
		return blocks
	}
	blocks = append(blocks, page{heading("You have asked for")}.blocks()...)
	shown := 0
	for _, r := range l.Requests[:min(len(l.Requests), most)] {
		if len(blocks)+2 > homeMost {
			break
		}
		blocks = append(blocks, page{v.inList(r)}.blocks()...)
		if cancel := v.takeBack(r); cancel != nil {
			blocks = append(blocks, slack.NewActionBlock(fmt.Sprintf("mine.%s.%d", r.ID, r.Visible), cancel))
		}
		shown++
	}
	if more := len(l.Requests) - shown + l.More; more > 0 {
		blocks = append(blocks, howManyMore(more, slash).blocks()...)
	}
	return blocks
}

// takeBack is the button with which a request is cancelled, or nil where that cannot be.
func (v Views) takeBack(r approvals.Request) slack.BlockElement {
	for _, e := range v.decisive(r, r.ID+"."+r.Digest()) {
		if b, is := e.(*slack.ButtonBlockElement); is && b.ActionID == actionCancel {
			return b
		}
	}
	return nil
}

func howManyMore(n int, slash string) page {
	return page{says(wordsf("And %d more: ", n), code(slash+" list"))}
}

// results are the person's own and the last of all, each once, newest first.
func (v Views) results(own, all []approvals.Request) (p page) {
	seen := map[string]bool{}
	for _, r := range append(append([]approvals.Request{}, own...), all...) {
		if !seen[r.ID] && len(p) < homeResults {
			p = append(p, v.inList(r))
		}
		seen[r.ID] = true
	}
	return p
}

// homeResults is how many results a home has.
const homeResults = 8

// homeLimits is how much is used of Microsoft's limits on what people ask for, where
// something is. Look-ups come and go by the second, and count only where Defender throttles.
func homeLimits(windows []office.WindowState) page {
	p := page{heading("Microsoft's limits")}
	for _, w := range windows {
		used := slices.ContainsFunc(w.Limits, func(l office.LimitState) bool { return l.Used > 0 })
		if len(w.Actions) > 0 && (used || w.Waiting > 0) || !w.Held.IsZero() {
			p = append(p, window(w)...)
		}
	}
	if len(p) == 1 {
		p = append(p, says(words("Nothing is used right now.")))
	}
	return p
}
