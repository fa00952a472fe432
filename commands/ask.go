package commands

import (
	"strings"
	"unicode/utf8"
)

const askArgs = "<device>[,<device>...] <comment>"

// asking is the form of an action.
func asking(a Action) form {
	f := form{name: a.Name, args: askArgs, summary: a.Summary, note: a.Note, read: Grammar.readAsk}
	if a.Off {
		f.off, f.read = true, Grammar.readOff
	}
	return f
}

func (Grammar) readOff(name, _ string) (Command, *Error) {
	return Off{strings.TrimSuffix(name, aloneMark)}, nil
}

func (g Grammar) readAsk(name, rest string) (Command, *Error) { return g.ask(name, rest) }

// ask reads devices and comment for the action with that name.
func (g Grammar) ask(action, rest string) (Ask, *Error) {
	devices, rest, problem := g.readDevices(action, rest)
	if problem != nil {
		return Ask{}, problem
	}
	comment, problem := g.readComment(action, rest, devices)
	return Ask{Action: action, Devices: devices, Comment: comment}, problem
}

// readDevices reads the device list and returns what stands behind it.
func (g Grammar) readDevices(action, text string) ([]Device, string, *Error) {
	words, rest := cutList(withoutQuotes(text))
	if len(words) == 1 && words[0] == "" && rest == "" {
		return nil, "", g.noDevice(action)
	}
	devices := make([]Device, 0, len(words))
	typed := make(map[Device]string, len(words))
	for i, word := range words {
		d, problem := g.readDevice(action, words, i)
		if problem != nil {
			return nil, "", problem
		}
		if first, again := typed[d]; again {
			return nil, "", g.sameDevice(action, first, word)
		}
		typed[d] = word
		devices = append(devices, d)
	}
	if len(devices) > g.MaxDevices {
		return nil, "", g.tooMany(action, len(devices))
	}
	return devices, rest, nil
}

// cutList takes a list off s: words with commas between them. The list goes on
// as long as a comma follows.
func cutList(s string) (words []string, rest string) {
	for {
		word, after := cutDevice(s)
		words = append(words, word)
		next, found := cutComma(after)
		if !found {
			return words, after
		}
		s = next
	}
}

func (g Grammar) readDevice(action string, words []string, i int) (Device, *Error) {
	if words[i] == "" {
		return Device{}, g.emptyDevice(action, i, len(words))
	}
	d, why := parseDevice(hyphens(bare(words[i])))
	if why == "" && quotesLike(words[i]) != "" && quotedLen(words[i]) == 0 {
		why = "begins with a quotation mark that is never closed"
	}
	if why != "" {
		return Device{}, g.badDevice(action, words[i], why)
	}
	return d, nil
}

func (g Grammar) readComment(action, text string, devices []Device) (string, *Error) {
	comment := Readable(readable(text))
	switch n := utf8.RuneCountInString(comment); {
	case visible(comment) && n <= MaxComment:
		return comment, nil
	case visible(comment):
		return "", g.longComment(action, n)
	case strings.TrimFunc(text, surrounds) == "":
		return "", g.noComment(action, devices)
	default:
		return "", g.invisibleComment(action)
	}
}

// surrounds reports whether r belongs around a comment and not into it.
func surrounds(r rune) bool {
	return isSpace(r) || isComma(r) || strings.ContainsRune(doubleQuotes+singleQuotes+codeQuotes, r)
}
