package defenderfake

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// lexKind tells the tokens of a filter apart; the zero value is the end.
type lexKind int

const (
	finish lexKind = iota
	word           // names, operators, numbers, dates
	sign           // ( ) ,
	quoted         // 'text', its doubled quotes undone
)

type lexeme struct {
	kind lexKind
	text string
}

func lex(s string) ([]lexeme, error) {
	var out []lexeme
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		var l lexeme
		var err error
		switch {
		case s[0] == '\'':
			l, s, err = lexQuoted(s[1:])
		case strings.ContainsRune("(),", rune(s[0])):
			l, s = lexeme{sign, s[:1]}, s[1:]
		default:
			n := strings.IndexAny(s+" ", " '(),")
			l, s = lexeme{word, s[:n]}, s[n:]
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// lexQuoted reads to the closing quote; two quotes stand for one.
func lexQuoted(s string) (l lexeme, rest string, err error) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "'")
		if !ok {
			return l, "", errors.New("a quoted text does not end")
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, "'") {
			return lexeme{quoted, b.String()}, after, nil
		}
		b.WriteByte('\'')
		s = after[1:]
	}
}

var isGUID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// value reads a literal of a kind: texts are quoted (identifiers may be bare), dates and numbers are not.
func (l lexeme) value(k kind) (any, error) {
	if l.kind == word && l.text == "null" {
		return nil, nil
	}
	switch {
	case k == textField && (l.kind == quoted || l.kind == word && isGUID.MatchString(l.text)):
		return l.text, nil
	case k == dateField && l.kind == word:
		return parseDate(l.text)
	case k == numberField && l.kind == word:
		if n, err := strconv.ParseFloat(l.text, 64); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("incompatible types were detected at %q", l.text)
}

// parseDate takes 2018-08-01Z and 2019-11-22T00:00:00Z, with any fraction of a second.
func parseDate(s string) (any, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%q is not a date", s)
}
