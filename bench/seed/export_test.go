package seed

import (
	"fmt"
	"regexp"
	"strings"
)

// Shape is a pattern in which times are not told apart, nor what depends on how quickly the bot
// was asked: how much is left of a window, and by how many steps a record came to where it is.
func (p Pattern) Shape() string {
	var b strings.Builder
	for _, r := range p.records {
		fmt.Fprintf(&b, "%s = %s\n", r.key.shape(), r.text.shape())
	}
	for _, m := range p.members {
		fmt.Fprintf(&b, "%s: %s at %t\n", m.key, m.text.shape(), m.after != 0)
	}
	for _, e := range p.entries {
		fmt.Fprintf(&b, "%s:", e.key)
		for _, f := range e.fields {
			b.WriteString(" " + f.shape())
		}
		b.WriteString("\n")
	}
	return b.String()
}

var counts = regexp.MustCompile(`^\d+ |"(?:left|v|vv|shown)":\d+`)

func (t text) shape() string {
	var b strings.Builder
	for _, p := range t {
		if p.hole == word {
			b.WriteString(counts.ReplaceAllString(p.word, "n"))
			continue
		}
		fmt.Fprintf(&b, "<%d.%d>", p.hole, p.nth)
	}
	return b.String()
}
