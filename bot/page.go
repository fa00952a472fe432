package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/commands"
)

// page is what a card or an answer says, before it is made into blocks and into
// the plain text that notifications and screen readers use: one source for both,
// so that the text says all that the blocks say.
type page []para

// para is one paragraph.
type para struct {
	kind    paraKind
	spans   []span
	spoken  []span   // what the plain text says in its place; nil: the same
	buttons []button // of a choice
	chart   *slack.DataVisualizationBlock
	menu    menu // to choose from
	instead page // the same for whoever has no menu
}

type paraKind int

const (
	title    paraKind = iota // the largest; one a page
	line                     // one line of text
	quote                    // what somebody wrote
	small                    // an aside, plain text only
	chosen                   // buttons; where there can be none, what to do instead
	choosing                 // a menu; likewise
	item                     // a line with a button beside it
	charted                  // a chart of what is said in words beside it
	toAll                    // that everybody in the channel sees the page; without it one person does
)

// button is one of a private answer. Those of cards are not of a page: they count on the
// card alone.
type button struct {
	id, label, value string
	about            string // what a screen reader says behind the label; empty: nothing
	style            slack.Style
}

// span is a piece of text or one thing that Slack renders itself. Text is never
// read as markup: it goes into rich_text and plain_text only.
type span struct {
	text  string
	bold  bool
	code  bool
	url   string // text links to it
	user  string // a mention, instead of text
	group string // likewise
	// channel is one, instead of text: those who may not see it are not told its name.
	channel string
	at      time.Time
}

func words(s string) span            { return span{text: s} }
func strong(s string) span           { return span{text: s, bold: true} }
func code(s string) span             { return span{text: s, code: true} }
func mention(user string) span       { return span{user: user} }
func when(t time.Time) span          { return span{at: t} }
func link(url, s string) span        { return span{url: url, text: s, bold: true} }
func says(spans ...span) para        { return para{kind: line, spans: spans} }
func aside(s string) para            { return para{kind: small, spans: []span{words(s)}} }
func heading(s string) para          { return para{kind: title, spans: []span{words(s)}} }
func quoted(s string) para           { return para{kind: quote, spans: []span{words(s)}} }
func wordsf(f string, a ...any) span { return words(fmt.Sprintf(f, a...)) }

// say is a page of one line.
func say(s string) page                 { return page{says(words(s))} }
func sayf(format string, a ...any) page { return say(fmt.Sprintf(format, a...)) }

// asWritten is a page of the lines of a text, which may be any length.
func asWritten(text string) (p page) {
	for line := range strings.SplitSeq(cut(text, 3000), "\n") {
		p = append(p, says(words(line)))
	}
	return p
}

// choice is a paragraph of buttons, which says the same in words to those who cannot press
// any; without buttons, only the words.
func choice(instead []span, buttons []button) page {
	switch {
	case len(buttons) > 0:
		return page{{kind: chosen, spans: instead, buttons: buttons}}
	case len(instead) > 0:
		return page{says(instead...)}
	}
	return nil
}

// menu is something of a private answer to choose from.
type menu struct {
	id, prompt string
	options    []option
}

// option is one of them.
type option struct{ label, more, value string }

// withButton is a line with a button beside it.
func withButton(text string, b button) para {
	return para{kind: item, spans: []span{words(text)}, buttons: []button{b}}
}

// block is a menu for Slack.
func (m menu) block() *slack.ActionBlock {
	list := make([]*slack.OptionBlockObject, len(m.options))
	for i, o := range m.options {
		list[i] = slack.NewOptionBlockObject(o.value, plainText(cut(o.label, optionLimit)), plainText(cut(o.more, optionLimit)))
	}
	return slack.NewActionBlock("", slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText(m.prompt), m.id, list...))
}

// withoutButtons is the page for a place where a button would not do what it says.
func (p page) withoutButtons() (q page) {
	for _, each := range p {
		switch each.kind {
		case chosen, item:
			q = append(q, choice(each.spans, nil)...)
		case choosing:
			q = append(q, each.instead...)
		case title, line, quote, small, charted, toAll:
			q = append(q, each)
		}
	}
	return q
}

// blocks lays the page out. Lines and quotes that follow each other share one
// block; lines share one section, because sections are not set apart by Slack.
func (p page) blocks() []slack.Block {
	var out []slack.Block
	for len(p) > 0 {
		switch q := p[0]; q.kind {
		case title:
			out, p = append(out, slack.NewHeaderBlock(plainText(cut(q.plain(), 150)))), p[1:]
		case small, toAll:
			out, p = append(out, slack.NewContextBlock("", plainText(cut(q.plain(), 2000)))), p[1:]
		case chosen:
			out, p = append(out, q.row()), p[1:]
		case charted:
			out, p = append(out, q.chart), p[1:]
		case choosing:
			out, p = append(out, q.menu.block()), p[1:]
		case item:
			out, p = append(out, slack.NewSectionBlock(plainText(cut(q.plain(), 3000)), nil, slack.NewAccessory(q.buttons[0].element()))), p[1:]
		case line, quote:
			n := p.run(line, quote)
			out, p = append(out, p[:n].rich()), p[n:]
		}
	}
	return out
}

// row is the buttons of a choice.
func (q para) row() *slack.ActionBlock {
	row := slack.NewActionBlock("")
	for _, b := range q.buttons {
		row.Elements.ElementSet = append(row.Elements.ElementSet, b.element())
	}
	return row
}

func (b button) element() *slack.ButtonBlockElement {
	element := slack.NewButtonBlockElement(b.id, b.value, plainText(cut(b.label, 75)))
	if b.style != "" {
		element = element.WithStyle(b.style)
	}
	if b.about != "" {
		element.AccessibilityLabel = cut(b.label+": "+b.about, 75)
	}
	return element
}

// run is how many paragraphs from the first on are of one of these kinds.
func (p page) run(kinds ...paraKind) int {
	n := slices.IndexFunc(p, func(q para) bool { return !slices.Contains(kinds, q.kind) })
	if n < 0 {
		return len(p)
	}
	return n
}

// rich is lines and quotes as one block.
func (p page) rich() *slack.RichTextBlock {
	block := slack.NewRichTextBlock("")
	for len(p) > 0 {
		n := p.run(line)
		if n == 0 {
			block.Elements = append(block.Elements, &slack.RichTextQuote{Type: slack.RTEQuote, Elements: elements(p[0].shown())})
			p = p[1:]
			continue
		}
		var spans []span
		for i, q := range p[:n] {
			if i > 0 {
				spans = append(spans, words("\n"))
			}
			spans = append(spans, q.shown()...)
		}
		block.Elements = append(block.Elements, slack.NewRichTextSection(elements(spans)...))
		p = p[n:]
	}
	return block
}

// elements are the spans for Slack. Plain text that follows plain text is one
// element, which keeps cards with many devices small; Slack takes no empty one.
func elements(spans []span) []slack.RichTextSectionElement {
	var list []slack.RichTextSectionElement
	for i := 0; i < len(spans); i++ {
		s, text := spans[i], strings.Builder{}
		for text.WriteString(s.text); s.isPlain() && i+1 < len(spans) && spans[i+1].isPlain(); i++ {
			text.WriteString(spans[i+1].text)
		}
		s.text = text.String()
		if s != (span{bold: s.bold, code: s.code}) {
			list = append(list, s.element())
		}
	}
	return list
}

func (s span) isPlain() bool { return s == words(s.text) }

// shown is the paragraph's spans without what could make a reader see something
// else than what is there. Only a quote has lines of its own.
func (q para) shown() []span {
	list := make([]span, 0, len(q.spans))
	for _, s := range q.spans {
		s.text = strings.Map(commands.Legible, s.text)
		if q.kind != quote {
			s.text = strings.ReplaceAll(s.text, "\n", " ")
		}
		list = append(list, s)
	}
	return list
}

func (s span) element() slack.RichTextSectionElement {
	switch {
	case s.user != "":
		return slack.NewRichTextSectionUserElement(s.user, nil)
	case s.group != "":
		return slack.NewRichTextSectionUserGroupElement(s.group)
	case s.channel != "":
		return slack.NewRichTextSectionChannelElement(s.channel, nil)
	case !s.at.IsZero():
		fallback := inUTC(s.at)
		return slack.NewRichTextSectionDateElement(s.at.Unix(), dateFormat, nil, &fallback)
	case s.url != "":
		return slack.NewRichTextSectionLinkElement(s.url, s.text, &slack.RichTextSectionTextStyle{Bold: s.bold})
	case s.bold || s.code:
		return slack.NewRichTextSectionTextElement(s.text, &slack.RichTextSectionTextStyle{Bold: s.bold, Code: s.code})
	}
	return slack.NewRichTextSectionTextElement(s.text, nil)
}

// dateFormat shows a time in the reader's own time zone
// (https://docs.slack.dev/messaging/formatting-message-text#date-formatting).
const dateFormat = "{date_short_pretty} at {time}"

// inUTC is a time for those to whom Slack does not show their own.
func inUTC(t time.Time) string { return t.UTC().Format("2006-01-02 at 15:04 UTC") }

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}
