// Package size measures how large the bot is, how soon it is ready and how much memory it takes,
// beside the least that can be made of its parts.
package size

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"defenderbot/bench/side"
)

const about = `The bot as a release builds it, stripped; *bare*, which is slack-go and one SET; and *Bolt 4* on Node.js %s with node-redis and one SET (bench/peers). They are not equals: the other two do nothing but keep a command and answer it.

*On disk* is the binary, which needs nothing else on Linux; for Bolt it is node_modules and the binary of Node.js, without the C library that Node.js needs. *In an image* is what has to be fetched for linux/amd64: for the bot all layers of its image, which also holds certificates and the licences of its libraries; for the others no image is made, and their files are compressed as a layer is.

*To hello* is from the start of the process to the greeting on its first socket, with Slack, Redis and Defender on the same machine. Up to a quarter of a second of that is a random pause which the bot makes on purpose: processes that start together should not all come to Slack at the same moment. The fastest start, given beside the median of %d, shows it with hardly any pause. *To ready* is until /readyz says that commands are taken. Resident memory is what Linux counts %s after the process has come to rest; medians of %d starts. Pending requests are made as in the study of growth; bare and Bolt have nothing of the kind.`

// counts are how often something is done, and for how long it is waited.
type counts struct {
	starts, idles int
	pending       []waiting
	rest          time.Duration
}

// waiting is a number of requests that wait for approval.
type waiting struct {
	n    int
	name string
}

// Run makes the study.
func Run(ctx context.Context, lab *side.Lab) (report side.Report, err error) {
	n := side.Pick(lab,
		counts{starts: 11, idles: 3, pending: []waiting{{1000, "1,000"}, {100_000, "100,000"}}, rest: 10 * time.Second},
		counts{starts: 1, idles: 1, pending: []waiting{{100, "100"}}, rest: 0})
	node, err := nodeVersion(ctx)
	if err != nil {
		return report, err
	}
	subjects, err := subjects(ctx, lab)
	if err != nil {
		return report, err
	}
	r, err := lab.Redis(ctx)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for i := range n.starts {
		for _, s := range subjects {
			err := s.run(ctx, r, func(p *side.Program) error {
				if i >= n.idles {
					return nil
				}
				mb, err := atRest(ctx, lab, p, n.rest)
				s.resident = append(s.resident, mb)
				return err
			})
			if err != nil {
				return report, fmt.Errorf("%s: %w", s.Name, err)
			}
		}
		lab.Say("  start %d", i+1)
	}
	residents, err := n.residents(ctx, lab, r, subjects[0].exe)
	if err != nil {
		return report, err
	}
	report.About = fmt.Sprintf(about, node, n.starts, n.rest, n.idles)
	report.Tables = []side.Table{table(subjects, n.pending, residents)}
	return report, nil
}

// residents is how much memory the bot has with each number of pending requests, in MB, of each
// start.
func (n counts) residents(ctx context.Context, lab *side.Lab, r *side.Redis, exe string) (all [][]float64, err error) {
	for _, w := range n.pending {
		resident, err := withPending(ctx, lab, r, exe, w.n, n)
		if err != nil {
			return nil, fmt.Errorf("%s pending: %w", w.name, err)
		}
		all = append(all, resident)
		lab.Say("  %s pending", w.name)
	}
	return all, nil
}

// subject is one program, and what was found of it.
type subject struct {
	side.Contender

	exe         string    // of the bot
	disk, layer float64   // MB
	hello       []float64 // ms, of each start
	ready       []float64 // the same; none where nothing says so
	resident    []float64 // MB, of each start
}

// table has a program in each column.
func table(subjects []*subject, pending []waiting, residents [][]float64) side.Table {
	t := side.Table{Title: "Size", Columns: []string{""}}
	rows := []struct {
		name string
		of   func(*subject) string
	}{
		{"on disk, MB", func(s *subject) string { return mb(s.disk) }},
		{"in an image, compressed, MB", func(s *subject) string { return mb(s.layer) }},
		{"to hello, ms: median / fastest", func(s *subject) string { return times(s.hello) }},
		{"to ready, ms: median / fastest", func(s *subject) string { return times(s.ready) }},
		{"resident memory, idle, MB", func(s *subject) string { return mb(side.Median(s.resident)) }},
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, []string{r.name})
	}
	for i, w := range pending {
		t.Rows = append(t.Rows, []string{"the same with " + w.name + " pending", mb(side.Median(residents[i]))})
	}
	for _, s := range subjects {
		t.Columns = append(t.Columns, s.Name)
		for i, r := range rows {
			t.Rows[i] = append(t.Rows[i], r.of(s))
		}
	}
	for i, row := range t.Rows { // what was asked of the bot alone
		t.Rows[i] = append(row, make([]string, len(t.Columns)-len(row))...)
	}
	return t
}

func mb(n float64) string { return fmt.Sprintf("%.1f", n) }

func times(ms []float64) string {
	if len(ms) == 0 {
		return ""
	}
	return side.MS(side.Median(ms)) + " / " + side.MS(slices.Min(ms))
}
