package bot

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"
)

// page is what a card says, before it is made into blocks and into the plain
// text that notifications and screen readers use: one source for both, so that
// the text says all that the card says.
type page []para

// para is one paragraph.
type para struct {
	kind  paraKind
	spans []span
}

type paraKind int

const (
	title paraKind = iota // the largest; one a page
	line                  // one line of text
	quote                 // what somebody wrote
	small                 // an aside, plain text only
)

// span is a piece of text or one thing that Slack renders itself. Text is never
// read as markup: it goes into rich_text and plain_text only.
type span struct {
	text  string
	bold  bool
	code  bool
	url   string // text links to it
	user  string // a mention, instead of text
	group string // likewise
	at    time.Time
}

func words(s string) span            { return span{text: s} }
func strong(s string) span           { return span{text: s, bold: true} }
func code(s string) span             { return span{text: s, code: true} }
func mention(user string) span       { return span{user: user} }
func when(t time.Time) span          { return span{at: t} }
func link(url, s string) span        { return span{url: url, text: s, bold: true} }
func says(spans ...span) para        { return para{line, spans} }
func aside(s string) para            { return para{small, []span{words(s)}} }
func heading(s string) para          { return para{title, []span{words(s)}} }
func quoted(s string) para           { return para{quote, []span{words(s)}} }
func wordsf(f string, a ...any) span { return words(fmt.Sprintf(f, a...)) }

// blocks lays the page out. Lines and quotes that follow each other share one
// block; lines share one section, because sections are not set apart by Slack.
func (p page) blocks() []slack.Block {
	var out []slack.Block
	var rich *slack.RichTextBlock
	var section *slack.RichTextSection
	for _, q := range p {
		if q.kind == title || q.kind == small {
			rich, section = nil, nil
		} else if rich == nil {
			rich = slack.NewRichTextBlock("")
			out = append(out, rich)
		}
		switch q.kind {
		case title:
			out = append(out, slack.NewHeaderBlock(plainText(cut(q.plain(), 150))))
		case small:
			out = append(out, slack.NewContextBlock("", plainText(cut(q.plain(), 2000))))
		case quote:
			rich.Elements = append(rich.Elements, &slack.RichTextQuote{Type: slack.RTEQuote, Elements: q.elements()})
			section = nil
		case line:
			if section == nil {
				section = slack.NewRichTextSection()
				rich.Elements = append(rich.Elements, section)
			} else {
				section.Elements = append(section.Elements, words("\n").element())
			}
			section.Elements = append(section.Elements, q.elements()...)
		}
	}
	return out
}

func (q para) elements() []slack.RichTextSectionElement {
	list := make([]slack.RichTextSectionElement, len(q.spans))
	for i, s := range q.spans {
		list[i] = s.element()
	}
	return list
}

func (s span) element() slack.RichTextSectionElement {
	switch {
	case s.user != "":
		return slack.NewRichTextSectionUserElement(s.user, nil)
	case s.group != "":
		return slack.NewRichTextSectionUserGroupElement(s.group)
	case !s.at.IsZero():
		fallback := s.at.UTC().Format("2006-01-02 15:04 UTC")
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

// text is the page for notifications and screen readers, escaped.
func (p page) text() string {
	lines := make([]string, len(p))
	for i, q := range p {
		var b strings.Builder
		for _, s := range q.spans {
			b.WriteString(s.markup())
		}
		lines[i] = b.String()
	}
	return cutBytes(strings.Join(lines, "\n"), textLimit)
}

// textLimit is how many bytes the text of a message may have. Slack documents
// 4,000 characters for an update
// (https://docs.slack.dev/reference/methods/chat.update) and was seen to count
// bytes.
const textLimit = 4000

func (s span) markup() string {
	switch {
	case s.user != "":
		return "<@" + s.user + ">"
	case s.group != "":
		return "<!subteam^" + s.group + ">"
	case !s.at.IsZero():
		return fmt.Sprintf("<!date^%d^%s|%s>", s.at.Unix(), dateFormat, s.at.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return slackutilsx.EscapeMessage(s.text)
}

// plain is the paragraph without anything that Slack renders.
func (q para) plain() string {
	var b strings.Builder
	for _, s := range q.spans {
		b.WriteString(s.text)
	}
	return b.String()
}

func plainText(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// cut shortens s to at most n runes.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// cutBytes shortens escaped text to at most n bytes, never inside a character,
// an entity or a mention.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n - len("…")
	for !utf8.RuneStart(s[end]) {
		end--
	}
	short := s[:end]
	for _, pair := range []string{"&;", "<>"} {
		if at := strings.LastIndexByte(short, pair[0]); at >= 0 && !strings.ContainsRune(short[at:], rune(pair[1])) {
			short = short[:at]
		}
	}
	return short + "…"
}
