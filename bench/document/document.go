// Package document writes reports into docs/performance.md.
package document

import (
	"fmt"
	"strings"

	"defenderbot/bench/side"
)

// Fill puts the report of each study between its marks, `<!-- study -->` and
// `<!-- /study -->`, and leaves all else as it is.
func Fill(text string, reports []side.Report) (string, error) {
	for _, r := range reports {
		begin, end := "<!-- "+r.Study+" -->\n", "<!-- /"+r.Study+" -->"
		before, rest, found := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			return "", fmt.Errorf("the document has no marks for %s", r.Study)
		}
		text = before + begin + Markdown(r) + end + after
	}
	return text, nil
}

// Markdown is a report as people read it; of a study that was never made, it says that.
func Markdown(r side.Report) string {
	if r.Taken.IsZero() {
		return fmt.Sprintf("\nNot measured yet; `make bench-peers ONLY=%s` does that.\n\n", r.Study)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n`make bench-peers ONLY=%s`, %s, commit %s, %s.\n%s.\n", r.About, r.Study, r.Taken.UTC().Format("2006-01-02 15:04 MST"), r.Commit, r.Took, r.Machine)
	if len(r.Targets) > 0 {
		b.WriteString("\n" + table([]string{"target", "wanted", "measured", ""}, targets(r.Targets)))
	}
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "\n**%s**\n\n%s", t.Title, table(t.Columns, t.Rows))
	}
	for _, p := range r.Plots {
		fmt.Fprintf(&b, "\n![%s](img/%s.svg)\n", p.Title, p.Name)
	}
	return b.String() + "\n"
}

func targets(all []side.Target) [][]string {
	rows := make([][]string, len(all))
	for i, t := range all {
		met := "met"
		if !t.Met {
			met = "**missed**"
		}
		rows[i] = []string{t.What, t.Want, t.Got, met}
	}
	return rows
}

func table(columns []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(columns)
	b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return b.String()
}
