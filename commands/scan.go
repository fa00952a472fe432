package commands

import (
	"strings"
	"unicode/utf8"
)

// cutWord takes the first word off s. A piece of Slack's markup is never cut
// in two, whatever it contains.
func cutWord(s string) (word, rest string) { return cut(s, isSpace) }

// cutDevice takes the first word off a list that commas separate.
func cutDevice(s string) (word, rest string) {
	return cut(s, func(r rune) bool { return isSpace(r) || isComma(r) })
}

func cut(s string, ends func(rune) bool) (word, rest string) {
	s = strings.TrimLeftFunc(s, isBlank)
	for i := 0; i < len(s); {
		if n := markupLen(s[i:]); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if ends(r) {
			return s[:i], s[i:]
		}
		i += size
	}
	return s, ""
}

// cutComma takes one comma and the blanks before it off s.
func cutComma(s string) (rest string, found bool) {
	after := strings.TrimLeftFunc(s, isBlank)
	r, size := utf8.DecodeRuneInString(after)
	if !isComma(r) {
		return s, false
	}
	return after[size:], true
}
