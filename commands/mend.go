package commands

import (
	"slices"
	"strings"
	"unicode"
)

// mend adds to an error what was typed, corrected where it is sure enough what was meant,
// and what of it could be understood.
func (g Grammar) mend(text string, e *Error) {
	e.Input = g.Slash + " " + AsRead(text)
	raw, rest := cutWord(text)
	word := strings.ToLower(bare(raw))
	if meant, _ := g.meant(word); !g.has(word) {
		word = meant
		if proposed := g.proposed(); meant == "" && proposed != "" && beginsWithDevice(raw) {
			word, rest = proposed, text
		}
	}
	if word != "" && !g.isAction(word) {
		g.correct(e, word+rest)
		return
	}
	l := loosely(rest)
	if _, why := requestID(strings.Join(l.devices, ",")); word == "" && (why == "" || !slices.ContainsFunc(l.devices, looksLikeDevice)) {
		l = loose{comment: Readable(readable(text))}
	}
	e.Draft = Draft{word, strings.Join(l.devices, ", "), l.comment}
	if word == "" || len(l.devices) == 0 || l.wrong {
		return
	}
	if l.comment == "" {
		e.Form = g.Slash + " " + word + " " + strings.Join(l.devices, ",") + " <comment>"
	}
	if !l.changed || !slices.ContainsFunc(l.devices, func(d string) bool { return !looksLikeDevice(d) }) {
		g.correct(e, word+" "+strings.Join(l.devices, ",")+" "+escape.Replace(l.comment))
	}
}

// correct takes a text, as Slack would send it, for what was meant if it is a command.
func (g Grammar) correct(e *Error, text string) {
	c, problem := g.read(text)
	if problem != nil {
		return
	}
	e.Input, e.Sure = g.Slash+" "+AsRead(text), true
	if ask, is := c.(Ask); is {
		e.Input = g.Slash + " " + ask.Typed()
	}
}

func (g Grammar) has(word string) bool {
	_, has := g.form(word)
	return has
}

func (g Grammar) isAction(word string) bool {
	return slices.ContainsFunc(g.Actions, func(a Action) bool { return a.Name == word })
}

// AsRead is what a person reads of a text that Slack sends: its markup read, and nothing
// invisible.
func AsRead(text string) string { return strings.TrimSpace(strings.Map(Legible, readable(text))) }

// loose is a list of devices and a comment, read for what was meant.
type loose struct {
	devices []string
	comment string
	changed bool // the list was put together in another way than it was typed
	wrong   bool // one of the devices is none
}

func loosely(text string) (l loose) {
	rest := withoutQuotes(text)
	for more := true; more; {
		word, after := cutDevice(rest)
		if l.beginsComment(word) {
			l.changed = true
			break
		}
		l.take(word)
		if rest, more = cutComma(after); !more {
			rest = after
		}
	}
	l.comment = Readable(readable(rest))
	return l
}

// beginsComment reports whether a word behind a comma belongs to a sentence, while what
// stands before the comma are devices.
func (l *loose) beginsComment(word string) bool {
	if quotesLike(word) != "" {
		return false
	}
	word = strings.TrimRight(bare(word), ".;:!?)")
	return len(l.devices) > 0 && !slices.ContainsFunc(l.devices, func(d string) bool { return !looksLikeDevice(d) }) &&
		strings.ContainsFunc(word, unicode.IsLetter) && !strings.ContainsFunc(word, unicode.IsDigit) && !strings.ContainsAny(word, `.-_/\@:`)
}

// take adds a device. A domain before its name is left out, and so is what is there already.
func (l *loose) take(word string) {
	typed := hyphens(bare(word))
	d, why := parseDevice(typed)
	if _, name, is := strings.Cut(typed, domainMark); why != "" && is {
		d, why = parseName(name)
	}
	device := d.String()
	if why != "" {
		device = AsRead(word)
	}
	switch open := quotesLike(word) != "" && quotedLen(word) == 0; {
	case typed == "":
		l.changed, l.wrong = true, l.wrong || device != ""
	case slices.Contains(l.devices, device):
		l.changed = true
	default:
		l.devices, l.wrong = append(l.devices, device), l.wrong || why != "" || open
	}
}
