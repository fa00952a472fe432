package commands

import (
	"strings"
	"unicode/utf8"
)

// cutWord takes the first word off s. A piece of Slack's markup is never cut
// in two, whatever it contains.
func cutWord(s string) (word, rest string) { return cut(s, isSpace) }

// cutDevice takes the first word off a list that commas separate. What stands in
// quotes is one word, whatever it holds.
func cutDevice(s string) (word, rest string) {
	s = strings.TrimLeftFunc(s, isBlank)
	if n := quotedLen(s); n > 0 {
		return s[:n], s[n:]
	}
	return cut(s, endsDevice)
}

// withoutQuotes is s without the quotes around a list of devices that it begins with.
func withoutQuotes(s string) string {
	s = strings.TrimLeftFunc(s, isBlank)
	list := s[:quotedLen(s)]
	if !strings.ContainsFunc(list, isComma) {
		return s
	}
	marks := quotesLike(s)
	return strings.Trim(list, marks) + s[len(list):]
}

func endsDevice(r rune) bool { return isSpace(r) || isComma(r) }

// quotedLen is the length of the text in quotes that s begins with; 0: there is none,
// or its end is missing.
func quotedLen(s string) int {
	marks := quotesLike(s)
	if marks == "" {
		return 0
	}
	for i, r := range s {
		after, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		ends := after == utf8.RuneError || endsDevice(after)
		if i > 0 && strings.ContainsRune(marks, r) && ends {
			return i + utf8.RuneLen(r)
		}
	}
	return 0
}

// quotesLike are the quotes of the kind that s begins with; empty: it begins with none.
func quotesLike(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	for _, marks := range []string{doubleQuotes, singleQuotes} {
		if strings.ContainsRune(marks, first) {
			return marks
		}
	}
	return ""
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
