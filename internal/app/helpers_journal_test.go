package app_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// journal is a log that tests wait for.
type journal struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.changed)
	j.changed = make(chan struct{})
	return j.text.Write(line)
}

func (j *journal) read() (string, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String(), j.changed
}

// wait waits for a line that has all of the words in it.
func (j *journal) wait(t testing.TB, words ...string) {
	t.Helper()
	ctx := limit(t)
	for {
		text, changed := j.read()
		for line := range strings.Lines(text) {
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
				return
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("no line of the log says %q:\n%s", words, text)
		}
	}
}
