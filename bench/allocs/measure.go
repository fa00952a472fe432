package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
)

// suite is some benchmarks of one package.
type suite struct {
	pkg     string // its path in the repository
	pattern string // as of go test -bench
	times   int    // how many operations are averaged
}

// suites are the hot paths: each step by itself and, with Redis, whole ways. Benchmarks in which
// the bot works beside what is measured are left out: what they allocate changes from run to run.
func suites() []suite {
	return []suite{
		{"commands", `^BenchmarkParse`, 5000},
		{"approvals", `^BenchmarkNext$`, 5000},
		{"approvals/ledger", `^Benchmark(Encode|Decode|Change)$`, 5000},
		{"approvals/ledger", `^Benchmark(Create|Commit)$`, 500},
		{"approvals/ledger", `^BenchmarkWindowDecision$/^waiting=1$`, 500},
		{"approvals/office", `^BenchmarkAsk$`, 500},
		{"bot", `^Benchmark(Frame|Ack|Card)$`, 5000},
		{"bot", `^Benchmark(Command|Click|HelpToAck)$`, 500},
	}
}

// What each is measured on: pools keep something for each CPU, so that more of them allocate
// more. The median of the rounds counts.
const (
	cpus   = 2
	rounds = 3
)

// measure runs all suites.
func measure(ctx context.Context, root string) ([]row, error) {
	dir, err := os.MkdirTemp("", "allocs-")
	if err != nil {
		return nil, fmt.Errorf("a place for programs: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := build(ctx, root, dir); err != nil {
		return nil, err
	}
	var all []row
	for _, s := range suites() {
		text, err := s.run(ctx, root, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, medians(s.pkg, text)...)
	}
	return all, nil
}

// build builds the tests of all packages.
func build(ctx context.Context, root, dir string) error {
	args := []string{"test", "-c", "-o", dir + "/"}
	for _, s := range suites() {
		if pkg := "./" + s.pkg; !slices.Contains(args, pkg) {
			args = append(args, pkg)
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the benchmarks: %w\n%s", err, text)
	}
	return nil
}

// run is what the benchmarks print. Where redis-server is missing they fail: another server in
// the same process would allocate as well.
func (s suite) run(ctx context.Context, root, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, path.Base(s.pkg)+".test"), //nolint:gosec // it was built just now
		"-test.run=^$", "-test.bench="+s.pattern, "-test.benchmem",
		fmt.Sprintf("-test.benchtime=%dx", s.times), fmt.Sprintf("-test.count=%d", rounds), fmt.Sprintf("-test.cpu=%d", cpus))
	var out, log bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = filepath.Join(root, s.pkg), append(os.Environ(), "REQUIRE_REDIS=1"), &out, &log
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", s.pkg, err, out.String(), log.String())
	}
	return out.String(), nil
}
