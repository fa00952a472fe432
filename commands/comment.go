package commands

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxComment is how many characters (Unicode code points) a comment may have:
// a card shows it whole, always, and must stay within Slack's limits.
const MaxComment = 1000

// Readable keeps what is to be read of what somebody wrote: its inner text with its
// spaces and line breaks, without what cannot be seen and without what only
// surrounds it. It is idempotent.
func Readable(s string) string {
	s = lines(strings.Map(Legible, strings.ReplaceAll(s, "\r\n", "\n")))
	for {
		t := unquote(edges(s))
		if t == s {
			return s
		}
		s = t
	}
}

// Legible is for [strings.Map]: line breaks of every system become "\n" and other
// spaces one space, and what cannot be seen or turns the direction of reading around
// goes, unless it joins its neighbours.
func Legible(r rune) rune {
	switch {
	case ' ' <= r && r <= '~': // most of what is typed
		return r
	case strings.ContainsRune("\n\r\v\f\u0085\u2028\u2029", r):
		return '\n'
	case isJoiner(r):
		return r
	case isSpace(r):
		return ' '
	case isInvisible(r):
		return -1
	default:
		return r
	}
}

// lines takes away spaces at line ends, and empty lines beyond the first of a
// run: a card must not be pushed out of sight.
func lines(s string) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	kept := make([]string, 0, strings.Count(s, "\n")+1)
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " ")
		if line == "" && len(kept) > 0 && kept[len(kept)-1] == "" {
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// edges takes away what a comment neither begins nor ends with. A comma at
// its beginning would make a device of its first word.
func edges(s string) string {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return isSpace(r) || isJoiner(r) || isComma(r) })
	return strings.TrimRightFunc(s, func(r rune) bool {
		return isSpace(r) || r == zeroWidthJoiner || r == zeroWidthNonJoiner
	})
}

// unquote takes one pair of quotes off s when they belong together: inside
// there is no further quote of their kind.
func unquote(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	last, m := utf8.DecodeLastRuneInString(s)
	if len(s) < n+m {
		return s
	}
	inner := s[n : len(s)-m]
	for _, kind := range []string{doubleQuotes, singleQuotes, codeQuotes} {
		if strings.ContainsRune(kind, first) && strings.ContainsRune(kind, last) && !quotes(inner, kind) {
			return inner
		}
	}
	return s
}

// quotes reports whether s has a quote of that kind. One between two letters is
// an apostrophe.
func quotes(s, kind string) bool {
	before := ' '
	for i, r := range s {
		if strings.ContainsRune(kind, r) {
			after, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			if !unicode.IsLetter(before) || !unicode.IsLetter(after) {
				return true
			}
		}
		before = r
	}
	return false
}
