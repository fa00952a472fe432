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
	Input   string // the whole command as it was typed, or where Sure, as it was meant
	Sure    bool   // it is sure enough what was meant: Input is a command to copy
	Form    string // the right form, as it is typed
	Note    string // a sentence about the form, or empty
	Draft   Draft  // what could be understood
}

// Draft is what could be understood of a command for an action: enough to fill in the
// form. What was not is empty. A button holds it as JSON.
type Draft struct {
	Action  string `json:"action,omitempty"`  // the Name of one that is offered
	Device  string `json:"device,omitempty"`  // devices as they were typed, commas between them
	Comment string `json:"comment,omitempty"` // of any length
}

// What is all of it but the lines to copy: what was wrong, and what was probably meant.
func (e *Error) What() string {
	if e.Nearest == "" || e.Sure {
		return e.Problem
	}
	return e.Problem + " Did you mean “" + e.Nearest + "”?"
}

// Line is something to copy, and what is said before it.
type Line struct{ Says, Typed string }

// Lines are what was typed, and how it is typed right.
func (e *Error) Lines() []Line {
	switch {
	case e.Sure:
		return []Line{{"Did you mean: ", e.Input}}
	case strings.HasPrefix(e.Form, e.Input):
		return []Line{{"Type: ", e.Form}}
	}
	return []Line{{"You typed: ", e.Input}, {"Type: ", e.Form}}
}

// About is what else is to be said of the form; empty: nothing.
func (e *Error) About() string {
	if e.Sure {
		return ""
	}
	return e.Note
}

// Error puts the parts together, what is to be copied on lines of its own.
func (e *Error) Error() string {
	lines := []string{e.What()}
	for _, line := range e.Lines() {
		lines = append(lines, line.Says+line.Typed)
	}
	if e.About() != "" {
		lines = append(lines, e.About())
	}
	return strings.Join(lines, "\n")
}

const aboutDevices = "A device is a host name, a device id (40 hex digits) or the address of the device's page in the Defender portal."

// unknown is a first word that is no command. A device in its place is told from
// a word by its dots and digits.
func (g Grammar) unknown(raw, name string) *Error {
	help := Error{Form: g.usage("help"), Note: "It lists all commands."}
	meant, off := g.meant(name)
	proposed := g.proposed()
	switch {
	case name == "":
		help.Problem = "You did not say what to do."
	case meant != "":
		return &Error{Problem: "There is no command " + quote(raw) + ".", Nearest: meant, Form: g.usage(meant)}
	case off != "":
		help.Problem = "There is no command " + quote(raw) + "; “" + off + "” would do that, and it is switched off here."
	case proposed != "" && beginsWithDevice(raw):
		first, _ := cutDevice(raw)
		d, _ := parseDevice(hyphens(bare(first)))
		e := g.wrong(proposed, "%s looks like a device; the command comes first.", quote(first))
		e.Nearest = proposed + " " + shortened(d.String()) + " …"
		return e
	default:
		help.Problem = "There is no command " + quote(raw) + "."
	}
	return &help
}

// meant is the command that a word which is none was meant for: one of which it is another
// word, or the nearest. What is meant may be switched off: another word for it says so, a
// mistyped one says nothing, and what is next nearest is no help, for it could be its
// opposite.
func (g Grammar) meant(name string) (word, off string) {
	for _, a := range g.Actions {
		switch also := slices.Contains(a.Also, name); {
		case also && a.Off:
			return "", a.Name
		case also:
			return a.Name, ""
		}
	}
	words := make([]string, 0, len(g.Actions))
	for _, f := range g.offered() {
		words = append(words, f.name)
	}
	if nearest := Nearest(name, append(words, g.off()...)); slices.Contains(words, nearest) {
		return nearest, ""
	}
	return "", ""
}

// proposed is the action that is offered to whoever names none; empty: there is none.
func (g Grammar) proposed() string {
	for _, a := range g.Actions {
		if !a.Off && !a.Ended {
			return a.Name
		}
	}
	return ""
}

func beginsWithDevice(text string) bool {
	first, _ := cutDevice(text)
	d, why := parseDevice(hyphens(bare(first)))
	return why == "" && looksLikeDevice(d.String())
}

// looksLikeDevice tells a host name or an id from a word of a sentence.
func looksLikeDevice(name string) bool { return strings.ContainsAny(name, ".0123456789") }

// wrong is an error in the command with that name.
func (g Grammar) wrong(name, format string, args ...any) *Error {
	return &Error{Problem: fmt.Sprintf(format, args...), Form: g.usage(name)}
}

func (g Grammar) extra(name, takes, rest string) *Error {
	return g.wrong(name, "“%s” takes %s after it; remove %s.", name, takes, quote(rest))
}

func (g Grammar) publicFirst(name string) *Error {
	return g.wrong(name, "“public” belongs at the end.")
}

func (g Grammar) noRequest(name string) *Error {
	return g.wrong(name, "“%s” needs the id of a request, such as %s7K3F9Q.", name, requestPrefix)
}

func (g Grammar) noHistory() *Error {
	e := g.wrong("history", "“history” needs a device.")
	e.Note = aboutDevices
	return e
}

func (g Grammar) badDays(raw string) *Error {
	return g.wrong("report", "%s is not how far back a report can go: give a number of days from 1 to %d, such as 7d.", quote(raw), MaxReport)
}

func (g Grammar) noReason(name string) *Error {
	return g.wrong(name, "The reason is missing: “%s” needs one, and everybody can read it.", name)
}

func (g Grammar) longReason(name string, n int) *Error {
	return g.wrong(name, "The reason has %d characters; at most %d are taken.", n, MaxComment)
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
		return g.wrong(action, "There is nothing after the last comma. Remove it, and put the comment after a space.")
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
