package growth

import (
	"fmt"
	"slices"

	"defenderbot/bench/side"
)

// measure is one thing that people wait for.
type measure struct {
	name string
	of   func(*stand) []side.Sample
}

func measures() []measure {
	return []measure{
		{"command", func(s *stand) []side.Sample { return s.commands }},
		{"click", func(s *stand) []side.Sample { return s.clicks }},
		{"list", func(s *stand) []side.Sample { return s.here }},
		{"list of everything", func(s *stand) []side.Sample { return s.everywhere }},
		{"expiry", func(s *stand) []side.Sample { return s.late }},
	}
}

// p50 is the median of the rounds' medians, and p99 that of all rounds together, in ms.
func p50(rounds []side.Sample) float64 {
	var of []float64
	for _, r := range rounds {
		of = append(of, side.Millis(r.At(50)))
	}
	return side.Median(of)
}

func p99(rounds []side.Sample) float64 { return side.Millis(slices.Concat(rounds...).At(99)) }

func reportOf(stands []*stand) side.Report {
	return side.Report{
		About: about, Tables: []side.Table{waits(stands), sizes(stands)}, Plots: plots(stands), Targets: targets(stands),
	}
}

const about = `todo`

func waits(stands []*stand) side.Table {
	t := side.Table{Title: "What people wait for, p50 / p99 in ms", Columns: []string{"pending"}}
	for _, m := range measures() {
		t.Columns = append(t.Columns, m.name)
	}
	for _, s := range stands {
		row := []string{s.level.name}
		for _, m := range measures() {
			row = append(row, side.MS(p50(m.of(s)))+" / "+side.MS(p99(m.of(s))))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func sizes(stands []*stand) side.Table {
	t := side.Table{
		Title:   "What it takes",
		Columns: []string{"pending", "Redis, MB", "bytes each", "bot, MB", "ready after, s", "at rest after, s", "longest in Redis, ms"},
	}
	for _, s := range stands {
		each := "-"
		if n := s.level.pending + s.level.ended; n > 0 {
			each = fmt.Sprint((s.memory - stands[0].memory) / int64(n))
		}
		t.Rows = append(t.Rows, []string{
			s.level.name, megabytes(s.memory), each, megabytes(s.resident), fmt.Sprintf("%.2f", s.ready.Seconds()), fmt.Sprintf("%.1f", s.rest.Seconds()), side.MS(side.Millis(s.slowest)),
		})
	}
	return t
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

func plots([]*stand) []side.Plot { return nil }

func targets([]*stand) []side.Target { return nil }
