package blockhtml

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mrkdwn reads Slack's own markup:
// https://docs.slack.dev/messaging/formatting-message-text.
func (r Reader) mrkdwn(s string) []part {
	var parts []part
	for i, piece := range strings.Split(s, "```") {
		switch {
		case i%2 == 1:
			parts = append(parts, part{Kind: "pre", Spans: []span{{Kind: "text", Text: unescape(strings.Trim(piece, "\n"))}}})
		case strings.Trim(piece, "\n") != "":
			parts = append(parts, r.lines(strings.Trim(piece, "\n"))...)
		}
	}
	return parts
}

// lines tells quoted lines from others.
func (r Reader) lines(s string) []part {
	var parts []part
	var held []string
	kind := ""
	flush := func() {
		if held != nil {
			parts = append(parts, part{Kind: kind, Spans: r.inline(strings.Join(held, "\n"), style{})})
		}
		held = nil
	}
	for line := range strings.SplitSeq(s, "\n") {
		is := "line"
		if rest, quoted := strings.CutPrefix(line, "&gt;"); quoted {
			is, line = "quote", strings.TrimPrefix(rest, " ")
		}
		if is != kind {
			flush()
		}
		kind, held = is, append(held, line)
	}
	flush()
	return parts
}

// marks finds what stands in angle brackets, and styled text.
var marks = regexp.MustCompile("<([^<>\n]+)>|`([^`\n]+)`|\\*([^*\n]+)\\*|_([^_\n]+)_|~([^~\n]+)~")

// inline reads one line or several. Text in a style can hold others.
func (r Reader) inline(s string, in style) []span {
	var list []span
	plain := func(t string) {
		if t != "" {
			list = append(list, span{Kind: "text", Text: unescape(t), style: in})
		}
	}
	done := 0
	for _, at := range marks.FindAllStringSubmatchIndex(s, -1) {
		inner := marks.FindStringSubmatch(s[at[0]:at[1]])
		if inner[1] == "" && !apart(s, at[0], at[1]) {
			continue
		}
		plain(s[done:at[0]])
		list = append(list, r.marked(inner, in)...)
		done = at[1]
	}
	plain(s[done:])
	return list
}

// apart reports whether a style begins and ends at the edge of a word.
func apart(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	word := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }
	return !word(before) && !word(after)
}

// marked is one match of marks.
func (r Reader) marked(m []string, in style) []span {
	switch {
	case m[1] != "":
		s := r.angled(m[1])
		s.style = in
		return []span{s}
	case m[2] != "":
		in.Code = true
		return []span{{Kind: "text", Text: unescape(m[2]), style: in}}
	case m[3] != "":
		in.Bold = true
		return r.inline(m[3], in)
	case m[4] != "":
		in.Italic = true
		return r.inline(m[4], in)
	}
	in.Strike = true
	return r.inline(m[5], in)
}

// angled is what stands in angle brackets.
func (r Reader) angled(inner string) span {
	target, label, _ := strings.Cut(inner, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return r.mention(target[1:])
	case strings.HasPrefix(target, "#"):
		return r.channel(target[1:])
	case strings.HasPrefix(target, "!subteam^"):
		return r.mention(strings.TrimPrefix(target, "!subteam^"))
	case strings.HasPrefix(target, "!date^"):
		return angledDate(strings.TrimPrefix(target, "!date^"), unescape(label))
	case strings.HasPrefix(target, "!"):
		return span{Kind: "mention", Text: target[1:], Me: true}
	case label == "":
		label = strings.TrimPrefix(target, "mailto:")
	}
	return span{Kind: "link", Text: unescape(label), URL: unescape(target)}
}

// angledDate reads <!date^unix^format^link|fallback>.
func angledDate(spec, fallback string) span {
	fields := strings.SplitN(spec, "^", 3)
	unix, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || len(fields) < 2 {
		return span{Kind: "text", Text: fallback}
	}
	url := ""
	if len(fields) == 3 {
		url = unescape(fields[2])
	}
	return date(unix, fields[1], fallback, url)
}
