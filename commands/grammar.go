package commands

import (
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
	for _, f := range g.forms() {
		if f.name == name {
			c, problem := f.read(rest)
			if problem != nil {
				return nil, problem
			}
			return c, nil
		}
	}
	return nil, g.unknown(raw, name)
}

// form is one sentence of the language: its first word, what follows it, what
// it does, what to know of it, and how what follows is read. One that is off is
// understood and not offered.
type form struct {
	name, args, summary, note string

	read func(rest string) (Command, *Error)
	off  bool
}

const askArgs = "<device>[,<device>...] <comment>"

// forms is the whole language in the order in which it is shown.
func (g Grammar) forms() []form {
	all := make([]form, 0, 2*len(g.Actions)+mostWords)
	for _, v := range g.Actions {
		f := form{name: v.Name, args: askArgs, summary: v.Summary, note: v.Note, read: g.asker(v.Name)}
		if v.Off {
			f.off, f.read = true, func(string) (Command, *Error) { return Off{v.Name}, nil }
		}
		all = append(all, f, g.forcer(v))
	}
	return append(all, g.words()...)
}

// offered are the forms that are not off. Help, the table of the README and
// suggestions come from them.
func (g Grammar) offered() []form {
	return slices.DeleteFunc(g.forms(), func(f form) bool { return f.off })
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

// usage is how the command with that name is typed.
func (g Grammar) usage(name string) string {
	forms := g.forms()
	i := slices.IndexFunc(forms, func(f form) bool { return f.name == name })
	return g.typed(forms[i])
}

func (g Grammar) typed(f form) string {
	return strings.TrimSpace(g.Slash + " " + f.name + " " + f.args)
}
