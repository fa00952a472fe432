package bot

import (
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// notice is one reply in the thread of a card, with its text.
func (v Views) notice(r approvals.Request, n int) ([]slack.Block, string) {
	p := fitting(r, func(r approvals.Request, d detail) page { return v.noticePage(r, r.Notices[n], d) })
	return p.blocks(), p.text()
}

// noticePage is what a notice says, by its kind.
func (v Views) noticePage(r approvals.Request, n approvals.Notice, d detail) page {
	switch n.Kind {
	case approvals.NoticeReminder:
		return v.reminder(r, n)
	case approvals.NoticeEscalation:
		return v.escalation(r, n)
	case approvals.NoticeFailure:
		return v.failure(r, d)
	case approvals.NoticeSlow:
		return v.slowLeft(r, d)
	case approvals.NoticeReview:
		return v.reviewDue(r)
	case approvals.NoticeReviewed:
		return v.reviewDone(r)
	case approvals.NoticeEnd:
	}
	return v.outcome(r, d)
}

// reminder calls those who may decide once more.
func (v Views) reminder(r approvals.Request, n approvals.Notice) page {
	left := inWords(r.Deadline().Sub(n.At).Round(time.Minute))
	return page{
		says(strong("🟡 "+v.headline(r)+"?"), wordsf(" Nobody has decided yet; it expires in %s, ", left), when(r.Deadline()), words(".")),
		says(append([]span{words("Waiting for approval")}, v.askFor(r)...)...),
		aside(r.ID),
	}
}

// outcome tells those who asked for it and those who approved it how it ended.
func (v Views) outcome(r approvals.Request, d detail) page {
	s := v.telling(r)
	emoji, said, _ := strings.Cut(s.word, " ")
	p := page{says(strong(emoji + " " + v.headline(r))), says(append([]span{strong(said)}, s.rest...)...)}
	p = append(p, s.more...)
	if len(r.Calls) > 1 {
		p = append(p, v.devices(r, d)...)
	}
	p = append(p, v.lineage(r)...)
	p = append(p, says(words("Asked by "), mention(r.By.ID), words(", "), when(r.Asked)))
	p = append(p, decided(r)...)
	if links := v.portal(r); len(links) > 0 {
		p = append(p, joined(links))
	}
	return append(p, aside(r.ID))
}

// portal are the links of a request whose calls were made: its device, and all actions.
func (v Views) portal(r approvals.Request) (links []span) {
	if len(r.Calls) == 0 {
		return nil
	}
	if len(r.Devices) == 1 {
		links = append(links, v.open(r.Devices[0])...)
	}
	if v.ActionCenter != "" {
		links = append(links, link(v.ActionCenter, "Action center"))
	}
	return links
}
