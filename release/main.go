// Command release makes what is given to others: the image, and beside it
// archives of the program, lists of what is in them, the chart and checksums.
// It needs no container engine, and makes the same bytes of the same source
// wherever that lies.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

const help = `release makes what is given to others from the source in -root:

  release [flags] image      the image for two architectures, as a tar of an OCI layout
  release [flags] dist       the image, archives, lists of contents (SBOM), the chart, checksums
  release [flags] push REF   the image in -out to a registry; prints its digest

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// places are where things are.
type places struct {
	root  string // of the source
	out   string // where what is made goes
	tools string // where helm and cyclonedx-gomod are
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var p places
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&p.root, "root", "..", "the source")
	flags.StringVar(&p.out, "out", "../.bin/dist", "where what is made goes")
	flags.StringVar(&p.tools, "tools", "../.bin", "where helm and cyclonedx-gomod are")
	flags.SetOutput(io.Discard) // what is wrong is said once, by main
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stdout)
		_, err = io.WriteString(stdout, help)
		flags.PrintDefaults()
		return err
	}
	if err != nil {
		return err
	}
	for _, dir := range []*string{&p.root, &p.out, &p.tools} { // other programs run elsewhere
		if *dir, err = filepath.Abs(*dir); err != nil {
			return fmt.Errorf("%s: %w", *dir, err)
		}
	}
	switch verb := flags.Args(); {
	case len(verb) == 1 && verb[0] == "image":
		return withBuilds(ctx, p, platforms()[:2], stdout, writeImage)
	case len(verb) == 1 && verb[0] == "dist":
		return withBuilds(ctx, p, platforms(), stdout, writeAll)
	case len(verb) == 2 && verb[0] == "push":
		return push(ctx, p, verb[1], stdout)
	}
	return errors.New("unknown arguments; -help shows what there is")
}

// withBuilds builds the program for platforms and gives the binaries to make,
// with an empty place for what it makes.
func withBuilds(ctx context.Context, p places, platforms []platform, stdout io.Writer, make func(context.Context, places, []binary) error) error {
	if err := clearOut(p.out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return fmt.Errorf("a place to build in: %w", err)
	}
	defer os.RemoveAll(work)
	var built []binary
	for _, one := range platforms {
		b, err := build(ctx, p.root, work, one)
		if err != nil {
			return err
		}
		built = append(built, b)
	}
	if err := make(ctx, p, built); err != nil {
		return err
	}
	return list(stdout, p.out)
}

// clearOut takes away what an earlier call has made. A directory with anything else in it is
// left as it is: -out may name one that is dear to somebody.
func clearOut(out string) error {
	files, err := os.ReadDir(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear the way: %w", err)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), "defenderbot") && !strings.HasPrefix(f.Name(), sums) {
			return fmt.Errorf("%s has %s in it, which is not of a release: name another directory", out, f.Name())
		}
	}
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o750)); err != nil {
		return fmt.Errorf("clear the way: %w", err)
	}
	return nil
}

// list says what was made.
func list(stdout io.Writer, out string) error {
	files, err := os.ReadDir(out)
	for _, f := range files {
		info, infoErr := f.Info()
		if infoErr != nil {
			return fmt.Errorf("list what was made: %w", infoErr)
		}
		_, writeErr := fmt.Fprintf(stdout, "%6.1f MB  %s\n", float64(info.Size())/1e6, filepath.Join(out, f.Name()))
		err = errors.Join(err, writeErr)
	}
	return err
}
