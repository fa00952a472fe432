package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// row is what one operation of a benchmark allocates.
type row struct {
	pkg, name     string
	allocs, bytes int64
}

// printed is a line of a benchmark: its name, without how many CPUs there were, and numbers
// (https://go.dev/design/14313-benchmark-format).
var printed = regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s.*\s(\d+) B/op\s+(\d+) allocs/op$`)

// medians are the numbers in what the benchmarks of a package have printed, by name.
func medians(pkg, text string) (rows []row) {
	rounds := map[string][]row{}
	for _, m := range printed.FindAllStringSubmatch(text, -1) {
		bytes, _ := strconv.ParseInt(m[2], 10, 64) // digits, by the pattern
		allocs, _ := strconv.ParseInt(m[3], 10, 64)
		rounds[m[1]] = append(rounds[m[1]], row{pkg, m[1], allocs, bytes})
	}
	for _, of := range rounds {
		slices.SortFunc(of, func(a, b row) int { return cmp.Or(cmp.Compare(a.allocs, b.allocs), cmp.Compare(a.bytes, b.bytes)) })
		rows = append(rows, of[len(of)/2])
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.name, b.name) })
	return rows
}

// format is the numbers as they are committed.
func format(rows []row) string {
	var b strings.Builder
	fmt.Fprintln(&b, "# What one operation allocates. make allocs UPDATE=-update writes this file.")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "# package\tbenchmark\tallocations\tbytes")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", r.pkg, r.name, r.allocs, r.bytes)
	}
	_ = w.Flush() // a Builder takes everything
	return b.String()
}

// parse reads what format wrote.
func parse(text string) (rows []row, err error) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var r row
		if _, err := fmt.Sscan(line, &r.pkg, &r.name, &r.allocs, &r.bytes); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}
