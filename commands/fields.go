package commands

import (
	"strings"
	"unicode/utf8"
)

// Wrong is what is wrong with the fields of the form, a sentence for each; empty: nothing.
type Wrong struct{ Action, Devices, Comment string }

// Fields reads the three fields of the form by the rules of a command. They come as they
// were typed: Slack puts no markup into the fields of a form. Devices may have commas,
// spaces or line breaks between them.
func (g Grammar) Fields(action, devices, comment string) (Ask, Wrong) {
	a := Ask{Action: action, Comment: Readable(strings.ToValidUTF8(comment, "\uFFFD"))}
	var wrong Wrong
	wrong.Action = g.actionProblem(action)
	a.Devices, wrong.Devices = g.deviceField(escape.Replace(strings.ToValidUTF8(devices, "\uFFFD")))
	switch n := utf8.RuneCountInString(a.Comment); {
	case !visible(a.Comment):
		wrong.Comment = "Say why: whoever approves it reads this."
	case n > MaxComment:
		wrong.Comment = g.longComment(anyForm, n).Problem
	}
	return a, wrong
}

func (g Grammar) actionProblem(name string) string {
	for _, a := range g.Actions {
		switch {
		case a.Name == name && a.Off:
			return "“" + name + "” is switched off here; choose another action."
		case a.Name == name:
			return ""
		}
	}
	return "Choose an action."
}

// anyForm stands where an error wants the form of a command, which the fields do not show.
const anyForm = "help"

// deviceField reads the field of devices, escaped as a command is.
func (g Grammar) deviceField(text string) (list []Device, wrong string) {
	words := deviceWords(text)
	typed := make(map[Device]string, len(words))
	for i, word := range words {
		d, problem := g.readDevice(anyForm, words, i)
		if problem != nil {
			return nil, problem.Problem
		}
		if first, again := typed[d]; again {
			return nil, g.sameDevice(anyForm, first, word).Problem
		}
		typed[d] = word
		list = append(list, d)
	}
	switch {
	case len(list) == 0:
		return nil, "Name at least one device. " + aboutDevices
	case len(list) > g.MaxDevices:
		return nil, g.tooMany(anyForm, len(list)).Problem
	}
	return list, ""
}

// deviceWords are the words of a list with anything between them that can separate words.
func deviceWords(text string) (words []string) {
	separates := func(r rune) bool { return isBlank(r) || isComma(r) }
	for text = strings.TrimLeftFunc(text, separates); text != ""; text = strings.TrimLeftFunc(text, separates) {
		var word string
		word, text = cutDevice(text)
		words = append(words, word)
	}
	return words
}
