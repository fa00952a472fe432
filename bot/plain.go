package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack/slackutilsx"

	"defenderbot/commands"
)

// text is the page for notifications and screen readers, escaped. Every line of
// a quote is marked as one, so that nobody can write lines of the bot's.
func (p page) text() string {
	var lines []string
	for _, q := range p {
		if q.spoken != nil {
			q.spans = q.spoken
		}
		if q.kind == choosing {
			lines = append(lines, q.instead.text())
			continue
		}
		text := q.joined(span.markup)
		if text == "" && (q.kind == chosen || q.kind == charted) {
			continue
		}
		if q.kind == quote {
			text = quoteMark + strings.ReplaceAll(text, "\n", "\n"+quoteMark)
		}
		lines = append(lines, text)
	}
	return cutBytes(strings.Join(lines, "\n"), textLimit)
}

// quoteMark begins a line of a quote. It is escaped like all text.
const quoteMark = "&gt; "

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
	case s.channel != "":
		return "<#" + s.channel + ">"
	case !s.at.IsZero():
		return fmt.Sprintf("<!date^%d^%s|%s>", s.at.Unix(), dateFormat, inUTC(s.at))
	}
	return slackutilsx.EscapeMessage(s.text)
}

// bareWords is a line in which Slack reads no markup, no emoji and no link
// (https://docs.slack.dev/messaging/formatting-message-text).
var bareWords = regexp.MustCompile(`^(?:[A-Za-z0-9, -]|[.!?;](?: |$))*$`)

// bare reports whether the text alone is whole and looks like the page: nothing but lines of such words.
func (p page) bare() bool {
	left := textLimit
	for _, q := range p {
		text := q.plain()
		left -= len(text) + len("\n")
		styled := slices.ContainsFunc(q.spans, func(s span) bool { return !s.isPlain() })
		if q.kind != line || q.spoken != nil || styled || left < 0 || !bareWords.MatchString(text) {
			return false
		}
	}
	return true
}

// plain is the page where Slack renders nothing: beside the field of a form.
func (p page) plain() string {
	lines := make([]string, len(p))
	for i, q := range p {
		lines[i] = q.plain()
	}
	return strings.Join(lines, "\n")
}

// plain is the paragraph without anything that Slack renders. Where it has the name of a
// person, we have none.
func (q para) plain() string {
	return q.joined(func(s span) string {
		switch {
		case s.user != "":
			return "somebody"
		case !s.at.IsZero():
			return inUTC(s.at)
		}
		return s.text
	})
}

func (q para) joined(as func(span) string) string {
	var b strings.Builder
	for _, s := range q.shown() {
		b.WriteString(as(s))
	}
	return b.String()
}

// oneLine is what others wrote, as part of a sentence.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(commands.Legible, s)), " ")
}

// cut shortens s to at most n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// cutBytes shortens escaped text to at most n bytes, never inside a character,
// an entity or a mention.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	end := n - len(cutNote)
	for !utf8.RuneStart(s[end]) {
		end--
	}
	short := s[:end]
	for _, pair := range []string{"&;", "<>"} {
		if at := strings.LastIndexByte(short, pair[0]); at >= 0 && !strings.ContainsRune(short[at:], rune(pair[1])) {
			short = short[:at]
		}
	}
	return short + cutNote
}

// cutNote ends a text that is not whole.
const cutNote = "… (shortened: the message itself shows the rest)"
