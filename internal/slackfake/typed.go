package slackfake

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// typedPattern finds what Slack's client turns into something else: addresses, mail, hosts, @names and #channels.
var typedPattern = regexp.MustCompile(`(?i)https?://[^\s<>|]+` +
	`|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}` +
	`|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:/[^\s<>|,]*)?` +
	`|[@#][a-z0-9][a-z0-9._-]*`)

// mangle turns what a person typed after a command into what the app gets with should_escape on:
// https://docs.slack.dev/interactivity/implementing-slash-commands. Real Slack links hosts of known top-level domains
// only; here every host with a dot is linked, which an app must survive anyway. The lock is held.
func (s *Server) mangle(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range typedPattern.FindAllStringIndex(text, -1) {
		b.WriteString(escape(text[end:at[0]]))
		word := text[at[0]:at[1]]
		end = at[1]
		if before, _ := utf8.DecodeLastRuneInString(text[:at[0]]); at[0] > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
			b.WriteString(escape(word))
			continue
		}
		trimmed := strings.TrimRight(word, `.,;:!?)'"-_`)
		b.WriteString(s.mangleWord(trimmed))
		b.WriteString(escape(word[len(trimmed):]))
	}
	b.WriteString(escape(text[end:]))
	return b.String()
}

func (s *Server) mangleWord(word string) string {
	plain := escape(word)
	switch {
	case strings.Contains(word, "://"):
		return "<" + plain + ">"
	case strings.HasPrefix(word, "@"):
		return s.mangleName(word)
	case strings.HasPrefix(word, "#"):
		return s.mangleChannel(word)
	case strings.Contains(word, "@"):
		return "<mailto:" + plain + "|" + plain + ">"
	}
	return "<http://" + plain + "|" + plain + ">"
}

func (s *Server) mangleName(word string) string {
	name := strings.ToLower(word[1:])
	switch name {
	case "here", "channel", "everyone":
		return "<!" + name + ">"
	}
	for _, u := range s.people {
		if strings.EqualFold(u.Name, name) {
			return "<@" + u.ID + ">"
		}
	}
	for _, g := range s.groups {
		if strings.EqualFold(g.Handle, name) {
			return "<!subteam^" + g.ID + "|@" + g.Handle + ">"
		}
	}
	return word
}

func (s *Server) mangleChannel(word string) string {
	for _, c := range s.channels {
		if c.Name != "" && strings.EqualFold(c.Name, word[1:]) {
			if c.Private {
				return "<#" + c.ID + "|>" // the name of a private channel stays private
			}
			return "<#" + c.ID + "|" + c.Name + ">"
		}
	}
	return word
}
