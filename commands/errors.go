package commands

import (
	"fmt"
	"strings"
)

// Error says what was wrong with a text and how to put it right. It is meant
// for the person who typed it, in plain text: it repeats input, so it must not
// be shown as markup.
type Error struct {
	Problem string // sentences: what was wrong, quoting the input
	Form    string // the right form
	Nearest string // the word that was probably meant, or empty
}

// Error puts the parts together.
func (e *Error) Error() string {
	s := e.Problem
	if e.Nearest != "" {
		s += " Did you mean “" + e.Nearest + "”?"
	}
	return s + " Type: " + e.Form
}

const deviceForm = ", where a device is a host name, a device id (40 hex digits) " +
	"or the address of the device's page in the Defender portal"

func (g Grammar) unknown(raw, name string) *Error {
	words := make([]string, 0, len(g.Actions))
	for _, f := range g.forms() {
		words = append(words, f.name)
	}
	e := &Error{Problem: "There is no command " + quote(raw) + ".", Nearest: nearest(name, words)}
	e.Form = g.usage("help") + " (it lists all commands)"
	if e.Nearest != "" {
		e.Form = g.usage(e.Nearest)
	}
	return e
}

// wrong is an error in the command with that name.
func (g Grammar) wrong(name, format string, args ...any) *Error {
	return &Error{Problem: fmt.Sprintf(format, args...), Form: g.usage(name)}
}

func (g Grammar) extra(name, takes, rest string) *Error {
	return g.wrong(name, "“%s” takes %s after it; remove %s.", name, takes, quote(rest))
}

func (g Grammar) noRequest(name string) *Error {
	return g.wrong(name, "“%s” needs the id of a request, as in %s7K3F9Q.", name, requestPrefix)
}

func (g Grammar) badRequest(name, raw, why string) *Error {
	return g.wrong(name, "%s is not the id of a request: %s. One looks like %s7K3F9Q.", quote(raw), why, requestPrefix)
}

func (g Grammar) noDevice(action string) *Error {
	e := g.wrong(action, "“%s” needs a device and a comment, but nothing was given.", action)
	e.Form += deviceForm
	return e
}

func (g Grammar) emptyDevice(action string, i, n int) *Error {
	where := "between two commas"
	switch i {
	case 0:
		where = "before the first comma"
	case n - 1:
		where = "after the last comma"
	}
	return g.wrong(action, "A device is missing from the list: there is nothing %s.", where)
}

func (g Grammar) badDevice(action, raw, why string) *Error {
	e := g.wrong(action, "%s %s.", quote(raw), why)
	e.Form += deviceForm
	return e
}

func (g Grammar) sameDevice(action, first, again string) *Error {
	if first, again := quote(first), quote(again); first != again {
		return g.wrong(action, "%s and %s are the same device; name it once.", first, again)
	}
	return g.wrong(action, "%s is in the list twice; name it once.", quote(again))
}

func (g Grammar) tooMany(action string, n int) *Error {
	return g.wrong(action, "%d devices were given, and one request takes at most %d.", n, g.MaxDevices)
}

// noComment says what was read as devices: a comma in the comment makes
// devices of its words.
func (g Grammar) noComment(action string, devices []Device) *Error {
	const shown = 3
	names := make([]string, 0, shown)
	for _, d := range devices[:min(shown, len(devices))] {
		names = append(names, quote(d.String()))
	}
	list := strings.Join(names, ", ")
	if more := len(devices) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return g.wrong(action, "The comment is missing: there is nothing after the device list (%s). A comment tells the approver why.", list)
}

func (g Grammar) invisibleComment(action string) *Error {
	return g.wrong(action, "The comment has only invisible characters. A comment tells the approver why.")
}

func (g Grammar) longComment(action string, n int) *Error {
	return g.wrong(action, "The comment has %d characters; at most %d fit on the card.", n, MaxComment)
}
