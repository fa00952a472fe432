package side

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFailedEndsTheProgram: a program that failed is not left running.
func TestFailedEndsTheProgram(t *testing.T) {
	p, err := Start(t.Context(), nil, "sleep", "600")
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("no socket was opened")
	err = p.Failed(cause)
	select {
	case <-p.Ended():
	default:
		t.Error("it still runs")
	}
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("%v", err)
	}
}

// TestRedisThatDoesNotStart: the error has what redis-server wrote before it gave up.
func TestRedisThatDoesNotStart(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho 'FATAL CONFIG FILE ERROR'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(dir, "redis-server"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	lab, err := NewLab("..", true, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	if _, err := lab.Redis(t.Context()); err == nil || !strings.Contains(err.Error(), "FATAL CONFIG FILE ERROR") || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("%v", err)
	}
}
