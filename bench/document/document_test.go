package document

import (
	"flag"
	"os"
	"testing"
	"time"

	"defenderbot/bench/side"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() side.Report {
	return side.Report{
		Study: "one", Taken: time.Date(2026, 3, 1, 3, 4, 5, 0, time.UTC), Machine: "a machine, 2 cores", Commit: "abc1234", Took: "1m2s",
		About: "What it is about.\n\nAnd how.",
		Targets: []side.Target{
			side.AtMost("p50, times eval", 1.0512, 1.1), side.AtMost("p99, times eval", 1.2512, 1.25), side.AtLeast("speed, times eval", 0.9, 0.9), side.AtLeast("more", 0.89, 0.9),
		},
		Tables: []side.Table{
			{Title: "First, ms", Columns: []string{"", "a", "b"}, Rows: [][]string{{"x", "1.00", "2.00"}, {"y", "", "3.00"}}},
			{Title: "Second", Columns: []string{"only"}, Rows: [][]string{{"one"}}},
		},
		Plots: []side.Plot{{Name: "one-plot", Title: "A plot"}},
	}
}

// TestMarkdown holds a report as people read it against testdata.
func TestMarkdown(t *testing.T) {
	const file = "testdata/report.md"
	got := Markdown(sample())
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestMarkdownNone(t *testing.T) {
	if got, want := Markdown(side.Report{Study: "one"}), "\nNot measured yet; `make bench-peers ONLY=one` does that.\n\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFill(t *testing.T) {
	one := side.Report{Study: "one", About: "About one.", Commit: "c", Taken: sample().Taken}
	two := side.Report{Study: "two", About: "About two.", Commit: "c", Taken: sample().Taken}
	const empty = "# Title\n\n<!-- one -->\n<!-- /one -->\n\nBetween.\n\n<!-- two -->\nold\n<!-- /two -->\nEnd.\n"
	for _, tt := range []struct {
		name, text string
		reports    []side.Report
		want       string // empty: an error
	}{
		{"none", empty, nil, empty},
		{"one", empty, []side.Report{one}, "# Title\n\n<!-- one -->\n" + Markdown(one) + "<!-- /one -->\n\nBetween.\n\n<!-- two -->\nold\n<!-- /two -->\nEnd.\n"},
		{
			"both, in whatever order", empty,
			[]side.Report{two, one},
			"# Title\n\n<!-- one -->\n" + Markdown(one) + "<!-- /one -->\n\nBetween.\n\n<!-- two -->\n" + Markdown(two) + "<!-- /two -->\nEnd.\n",
		},
		{"no marks", "# Title\n", []side.Report{one}, ""},
		{"no end", "<!-- one -->\n", []side.Report{one}, ""},
		{"the end first", "<!-- /one -->\n<!-- one -->\n", []side.Report{one}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Fill(tt.text, tt.reports)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("%v, got:\n%s\nwant:\n%s", err, got, tt.want)
			}
			if again, err := Fill(got, tt.reports); tt.want != "" && (again != got || err != nil) {
				t.Errorf("filled again it becomes (%v)\n%s", err, again)
			}
		})
	}
}
