package commands

import (
	"iter"
	"slices"
	"strings"
)

// Action is one action of the catalogue, as a person types and reads it.
type Action struct {
	Name    string   // one lower-case word, none of the grammar's own
	Also    []string // other words for it, which are suggested and never taken
	Summary string   // what it does, in a few words
	Note    string   // what whoever chooses it should know, in one sentence; mostly empty
	Ended   bool     // it is not offered to whoever names no action
	Off     bool     // it is understood and not offered: nobody may ask for it here
}

// Grammar holds what the caller decides about the language.
type Grammar struct {
	Slash      string // the slash command, as in "/defender"; Parse gets what stands behind it
	Actions    []Action
	MaxDevices int  // devices in one request, at least 1
	Alone      bool // help says how to act without a second person
}

// Parse reads the text after the slash command, as Slack sends it. Empty text
// is a wish for the form. The error is always an *Error. An action that is switched
// off is never an error: what is wrong with the command does not matter.
func (g Grammar) Parse(text string) (Command, error) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	c, problem := g.read(text)
	if problem != nil {
		g.mend(text, problem)
		return nil, problem
	}
	return c, nil
}

func (g Grammar) read(text string) (Command, *Error) {
	raw, rest := cutWord(text)
	if raw == "" {
		return Form{}, nil
	}
	name := strings.ToLower(bare(raw))
	f, known := g.form(name)
	if !known {
		return nil, g.unknown(raw, name)
	}
	c, problem := f.read(g, name, rest)
	if problem != nil {
		return nil, problem
	}
	return c, nil
}

// form is one sentence of the language: its first word, what follows it, what
// it does, what to know of it, and how what follows is read. One that is off is
// understood and not offered.
type form struct {
	name, args, summary, note string

	read func(g Grammar, name, rest string) (Command, *Error)
	off  bool
}

// forms is the whole language in the order in which it is shown. Each form is made only when the
// loop gets to it: most commands are among the first.
func (g Grammar) forms() iter.Seq[form] {
	return func(yield func(form) bool) {
		for _, a := range g.Actions {
			if !yield(asking(a)) || !yield(forcing(a)) {
				return
			}
		}
		for _, f := range words() {
			if !yield(f) {
				return
			}
		}
	}
}

// offered are the forms that are not off. Help, the table of the README and
// suggestions come from them.
func (g Grammar) offered() []form {
	return slices.DeleteFunc(slices.Collect(g.forms()), func(f form) bool { return f.off })
}

// off are the names of the actions that are switched off.
func (g Grammar) off() (names []string) {
	for _, a := range g.Actions {
		if a.Off {
			names = append(names, a.Name)
		}
	}
	return names
}

// form is the one that begins with that word.
func (g Grammar) form(word string) (form, bool) {
	for f := range g.forms() {
		if f.name == word {
			return f, true
		}
	}
	return form{}, false
}

// usage is how the command with that name is typed.
func (g Grammar) usage(name string) string {
	f, _ := g.form(name)
	return g.typed(f)
}

func (g Grammar) typed(f form) string {
	return strings.TrimSpace(g.Slash + " " + f.name + " " + f.args)
}
