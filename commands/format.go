package commands

import (
	"fmt"
	"strings"
)

// Help is the whole grammar in plain text, for a person.
func (g Grammar) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n    Ask for an action in a form, with nothing else to type.\n", g.Slash)
	for _, f := range g.offered() {
		fmt.Fprintf(&b, "%s\n    %s.\n", g.typed(f), f.summary)
		if f.note != "" {
			fmt.Fprintf(&b, "    %s\n", f.note)
		}
	}
	b.WriteString(g.aloneHelp())
	fmt.Fprintf(&b, "\nA <device> is a host name, a device id (40 hex digits) or the address of the device's page in the Defender portal. "+
		"List up to %d, separated by commas.\n", g.MaxDevices)
	fmt.Fprintf(&b, "The <comment> says why, in at most %d characters. The approver reads it, and Defender keeps it.\n", MaxComment)
	fmt.Fprintf(&b, "An <id> names a request, such as %s7K3F9Q. "+
		"Only you see the answers, unless you put “public” at the end: then everybody in the channel does.\n", requestPrefix)
	return b.String()
}

// Table is the list of commands in Markdown, for the README.
func (g Grammar) Table() string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n|---|---|\n")
	for _, f := range g.offered() {
		text := f.summary
		if f.note != "" {
			text += ". " + f.note
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", g.typed(f), strings.ReplaceAll(text, "|", `\|`))
	}
	return b.String()
}
