package commands

import (
	"fmt"
	"slices"
	"strings"
)

// Error says what was wrong with a text and how to put it right. It is meant
// for the person who typed it, in plain text: it repeats input, so it must not
// be shown as markup.
type Error struct {
	Problem string // sentences: what was wrong, quoting the input
	Nearest string // what was probably meant, or empty
	Form    string // the right form, as it is typed
	Note    string // a sentence about the form, or empty
}

// What is all of it but the form: what was wrong, and what was probably meant.
func (e *Error) What() string {
	if e.Nearest == "" {
		return e.Problem
	}
	return e.Problem + " Did you mean “" + e.Nearest + "”?"
}

// Error puts the parts together, the form on a line of its own.
func (e *Error) Error() string {
	s := e.What() + "\nType: " + e.Form
	if e.Note != "" {
		s += "\n" + e.Note
	}
	return s
}

const aboutDevices = "A device is a host name, a device id (40 hex digits) or the address of the device's page in the Defender portal."

// unknown is a first word that is no command. A device in its place is told from
// a word by its dots and digits.
func (g Grammar) unknown(raw, name string) *Error {
	help := Error{Form: g.usage("help"), Note: "It lists all commands."}
	words := make([]string, 0, len(g.Actions))
	for _, f := range g.offered() {
		words = append(words, f.name)
	}
	on := slices.DeleteFunc(slices.Clone(g.Actions), func(a Action) bool { return a.Off })
	if name == "" {
		help.Problem = "Nothing to do was given."
		return &help
	}
	// What is nearest may be switched off, and is then no help; nor is the next one,
	// which could be its opposite.
	if meant := Nearest(name, append(words, g.off()...)); slices.Contains(words, meant) {
		return &Error{Problem: "There is no command " + quote(raw) + ".", Nearest: meant, Form: g.usage(meant)}
	}
	first, _ := cutDevice(raw)
	if d, why := parseDevice(hyphens(bare(first))); why == "" && strings.ContainsAny(d.String(), ".0123456789") && len(on) > 0 {
		e := g.wrong(on[0].Name, "%s looks like a device, and what to do with it comes first.", quote(first))
		e.Nearest = on[0].Name + " " + shortened(d.String()) + " …"
		return e
	}
	help.Problem = "There is no command " + quote(raw) + "."
	return &help
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

func (g Grammar) noHistory() *Error {
	e := g.wrong("history", "“history” needs a device.")
	e.Note = aboutDevices
	return e
}

func (g Grammar) badDays(raw string) *Error {
	return g.wrong("report", "%s is not how far back a report can go: give a number of days from 1 to %d, as in 7d.", quote(raw), MaxReport)
}

func (g Grammar) badRequest(name, raw, why string) *Error {
	return g.wrong(name, "%s is not the id of a request: %s. One looks like %s7K3F9Q.", quote(raw), why, requestPrefix)
}

func (g Grammar) noDevice(action string) *Error {
	e := g.wrong(action, "“%s” needs a device and a comment, but nothing was given.", action)
	e.Note = aboutDevices
	return e
}

func (g Grammar) emptyDevice(action string, i, n int) *Error {
	switch i {
	case 0:
		return g.wrong(action, "The device list begins with a comma; remove it.")
	case n - 1:
		return g.wrong(action, "The device list ends with a comma; remove it, or add a device.")
	}
	return g.wrong(action, "The device list has two commas in a row; remove one, or add a device.")
}

func (g Grammar) badDevice(action, raw, why string) *Error {
	e := g.wrong(action, "%s %s.", quote(raw), why)
	e.Note = aboutDevices
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
	if len(devices) == 1 {
		return g.wrong(action, "The comment is missing: there is nothing after the device %s. A comment tells the approver why.", quote(devices[0].String()))
	}
	return g.wrong(action, "The comment is missing: because of the comma, %s were read as devices. "+
		"Put the comment after a space, without a comma before it.", listed(devices))
}

// listed quotes the first of some devices.
func listed(devices []Device) string {
	const shown = 3
	names := make([]string, 0, shown)
	for _, d := range devices[:min(shown, len(devices))] {
		names = append(names, quote(d.String()))
	}
	if more := len(devices) - len(names); more > 0 {
		return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func (g Grammar) invisibleComment(action string) *Error {
	return g.wrong(action, "The comment has only invisible characters. A comment tells the approver why.")
}

func (g Grammar) longComment(action string, n int) *Error {
	return g.wrong(action, "The comment has %d characters; at most %d fit on the card.", n, MaxComment)
}
