// Command allocs compares what the hot paths allocate with the numbers in allocs.txt. Times
// say little on a machine that has other work; allocations of an operation are the same on
// each run to within half a percent, so it fails where one is more than ten percent off.
//
//	go run ./allocs          compare
//	go run ./allocs -update  write the numbers anew
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "allocs:", err)
		os.Exit(1)
	}
}

// The repository and the committed numbers, from the module's folder.
const (
	root = ".."
	file = "allocs/allocs.txt"
)

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("allocs", flag.ContinueOnError)
	update := flags.Bool("update", false, "write the numbers anew")
	if err := flags.Parse(args); err != nil {
		return err
	}
	now, err := measure(ctx, root)
	if err != nil {
		return err
	}
	if *update {
		return os.WriteFile(file, []byte(format(now)), 0o600)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	committed, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return report(out, compare(committed, now))
}

// report prints what is not as it was, and fails if anything is.
func report(out io.Writer, differences []string) error {
	for _, d := range differences {
		fmt.Fprintln(out, d)
	}
	if len(differences) == 0 {
		return nil
	}
	return errors.New("the hot paths do not allocate what bench/allocs/allocs.txt says; " +
		"where that is meant, make allocs UPDATE=-update writes it down")
}
