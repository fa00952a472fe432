package side

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Study is one comparison.
type Study struct {
	Name  string
	Title string
	Run   func(context.Context, *Lab) (Report, error)
}

// Lab is where studies are made: it builds programs once and ends what was started.
type Lab struct {
	Root  string    // of the repository
	Quick bool      // do next to no work, to see that everything runs
	Out   io.Writer // a line about each step

	dir   string
	mu    sync.Mutex
	built map[string]string
}

// NewLab makes a lab for the repository at root. Close removes what it keeps.
func NewLab(root string, quick bool, out io.Writer) (*Lab, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, fmt.Errorf("a place for programs: %w", err)
	}
	return &Lab{Root: root, Quick: quick, Out: out, dir: dir, built: map[string]string{}}, nil
}

// Close removes what was built.
func (l *Lab) Close() error { return os.RemoveAll(l.dir) }

// Dir is an empty directory that goes with the lab.
func (l *Lab) Dir() (string, error) { return os.MkdirTemp(l.dir, "") }

// Say writes a line about a step.
func (l *Lab) Say(format string, args ...any) { fmt.Fprintf(l.Out, format+"\n", args...) }

// Pick is full, or quick in a lab that does next to no work.
func Pick[T any](l *Lab, full, quick T) T {
	if l.Quick {
		return quick
	}
	return full
}

// Bot is the bot's binary, built as a release builds it.
func (l *Lab) Bot(ctx context.Context) (string, error) { return l.build(ctx, l.Root, "./cmd/bot") }

// Peer is the binary of a peer that is written in Go, such as "peers/bare".
func (l *Lab) Peer(ctx context.Context, path string) (string, error) {
	return l.build(ctx, filepath.Join(l.Root, "bench"), "./"+path)
}

// build builds a program once.
func (l *Lab) build(ctx context.Context, module, path string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if file := l.built[path]; file != "" {
		return file, nil
	}
	file := filepath.Join(l.dir, filepath.Base(path))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, path)
	cmd.Dir, cmd.Env = module, append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build %s: %w", path, err), errors.New(string(text)))
	}
	l.built[path] = file
	return file, nil
}
