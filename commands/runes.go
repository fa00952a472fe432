package commands

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthNonJoiner = '\u200C' // Persian and others need it inside words
	zeroWidthJoiner    = '\u200D' // joins emoji
	textStyle          = '\uFE0E' // after a character: show it as text
	emojiStyle         = '\uFE0F' // after a character: show it as emoji
	brailleBlank       = '\u2800' // a symbol by category, a space to the eye
	minus              = '\u2212'
)

// isSpace reports whether r separates words.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == brailleBlank }

// isInvisible reports whether r leaves no mark of its own: controls, formats
// (bidirectional ones, zero-width ones, tags), fillers, variation selectors.
func isInvisible(r rune) bool {
	if isSpace(r) {
		return false
	}
	if r <= unicode.MaxASCII { // most of what is typed, without the tables
		return unicode.IsControl(r)
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func isBlank(r rune) bool { return isSpace(r) || isInvisible(r) }

// isJoiner reports whether r is invisible but changes how its neighbours are
// drawn in a way that writers mean.
func isJoiner(r rune) bool {
	return r == zeroWidthNonJoiner || r == zeroWidthJoiner || r == textStyle || r == emojiStyle
}

// isComma reports whether r separates devices; phones with East Asian keyboards
// type the wide ones.
func isComma(r rune) bool { return r == ',' || r == '，' || r == '、' }

const (
	doubleQuotes = "\"“”„‟«»"
	singleQuotes = "'‘’‚‛‹›"
	codeQuotes   = "`"
)

// visible reports whether s has anything to read.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return !isBlank(r) && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsPunct(r) || unicode.IsSymbol(r))
	})
}

// seen is s without what cannot be seen.
func seen(s string) string {
	return strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, s)
}

// hyphens undoes the dashes that keyboards make of hyphens.
func hyphens(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Pd, r) || r == minus {
			return '-'
		}
		return r
	}, s)
}

// bare is a word as a person means it: Slack's markup read, invisible
// characters, quotes, the brackets of a copied <form> and marks of bold, italic and
// struck text taken away.
func bare(word string) string {
	for s := seen(readable(word)); ; {
		t := unmarked(strings.Trim(s, doubleQuotes+singleQuotes+codeQuotes+"<>"))
		if t == s {
			return s
		}
		s = t
	}
}

// unmarked is a word without the marks on both of its sides that make Slack show it
// in bold, in italics or struck
// (https://docs.slack.dev/messaging/formatting-message-text). On one side only a
// mark is part of the word: a name can begin with an underscore.
func unmarked(s string) string {
	if last := len(s) - 1; last > 1 && s[0] == s[last] && strings.IndexByte("*_~", s[0]) >= 0 {
		return s[1:last]
	}
	return s
}

// maxShown is how many characters of somebody's input an error repeats.
const maxShown = 60

// quote repeats input inside an error: on one line, nothing invisible, cut
// between characters.
func quote(input string) string {
	return "“" + shortened(strings.Join(strings.FieldsFunc(seen(readable(input)), isSpace), " ")) + "”"
}

// shortened is as much of s as an error repeats.
func shortened(s string) string {
	if utf8.RuneCountInString(s) <= maxShown {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:maxShown-1]), " ") + "…"
}
