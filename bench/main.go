package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"defenderbot/bench/document"
	"defenderbot/bench/plots"
	"defenderbot/bench/side"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// root is the repository, from where `go run .` runs.
const root = ".."

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "which studies to make, comma-separated; empty: all")
	quick := flags.Bool("quick", false, "do next to no work and keep nothing, to see that everything runs")
	docs := flags.Bool("docs", false, "make only the document, from what was measured before")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *docs {
		return write(root)
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if err := measure(ctx, chosen, *quick, out); err != nil || *quick {
		return err
	}
	return write(root)
}

// choose is the studies by those names, in the order of the list.
func choose(names string) ([]side.Study, error) {
	if names == "" {
		return studies(), nil
	}
	wanted := strings.Split(names, ",")
	chosen := slices.DeleteFunc(studies(), func(s side.Study) bool { return !slices.Contains(wanted, s.Name) })
	if len(chosen) != len(wanted) {
		return nil, fmt.Errorf("-only %s: the studies are %s", names, strings.Join(allNames(), ", "))
	}
	return chosen, nil
}

func allNames() []string {
	var names []string
	for _, s := range studies() {
		names = append(names, s.Name)
	}
	return names
}

// measure makes studies one after the other. What one found is kept even if the next one fails.
func measure(ctx context.Context, chosen []side.Study, quick bool, out io.Writer) error {
	lab, err := side.NewLab(root, quick, out)
	if err != nil {
		return err
	}
	machine, commit := side.Machine(), side.Commit(root)
	for _, s := range chosen {
		began := time.Now()
		lab.Say("%s: %s", s.Name, s.Title)
		report, failed := s.Run(ctx, lab)
		if failed != nil && ctx.Err() != nil {
			err = errors.Join(err, fmt.Errorf("%s: interrupted", s.Name)) // what else it says follows from that
			break
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", s.Name, failed))
			continue
		}
		report.Study, report.Taken, report.Machine, report.Commit = s.Name, began.UTC().Truncate(time.Second), machine, commit
		report.Took = time.Since(began).Round(time.Second).String()
		lab.Say("%s", document.Markdown(report))
		if !quick {
			err = errors.Join(err, report.Save(results(root)))
		}
	}
	return errors.Join(err, lab.Close())
}

func results(root string) string { return filepath.Join(root, "bench", "results") }

// write makes the document and its plots from the kept reports.
func write(root string) error {
	file := filepath.Join(root, "docs", "performance.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the document: %w", err)
	}
	reports, err := kept(results(root))
	if err != nil {
		return err
	}
	for _, r := range reports {
		for _, p := range r.Plots {
			if err := plots.Draw(p, filepath.Join(root, "docs", "img")); err != nil {
				return err
			}
		}
	}
	filled, err := document.Fill(string(text), reports)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(filled), 0o600) //nolint:gosec // the document of this repository
}

// kept are the reports in a directory, in the order of the studies. That of a study that was
// never made is empty; a report that no study makes is an error.
func kept(dir string) (reports []side.Report, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("kept reports: %w", err)
	}
	for _, name := range allNames() {
		file := filepath.Join(dir, name+".json")
		if !slices.Contains(files, file) {
			reports = append(reports, side.Report{Study: name})
			continue
		}
		files = slices.DeleteFunc(files, func(f string) bool { return f == file })
		r, err := side.Load(dir, name)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	if len(files) > 0 {
		return nil, fmt.Errorf("no study makes %s", strings.Join(files, ", "))
	}
	return reports, nil
}
