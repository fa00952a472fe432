package redistest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// clockSource is in C: it takes the place of the C library's clock in a program of others.
//
//go:embed testdata/clock.c
var clockSource []byte

// From runs a test on a real server that begins with the data of another, the
// directory that one kept it in, and whose clock is ahead of this machine's by a number of
// whole seconds; mostly it is behind. It needs a C compiler.
func From(t *testing.T, data string, ahead time.Duration, test func(t *testing.T, s *Server)) {
	t.Helper()
	if installed(t, program()) {
		t.Run("redis-server", func(t *testing.T) {
			s := newServer(t, program())
			if err := os.CopyFS(s.dir, os.DirFS(data)); err != nil {
				t.Fatalf("the data of redis-server: %v", err)
			}
			s.env = append(os.Environ(), "LD_PRELOAD="+clock(t), fmt.Sprintf("AHEAD=%d", int64(ahead/time.Second)))
			s.Up(t)
			t.Cleanup(func() { s.Kill(t) })
			test(t, s)
		})
	}
}

// clock is a library that moves the clock of whoever is started with it.
func clock(t testing.TB) (library string) {
	t.Helper()
	dir := t.TempDir()
	source, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	if err := os.WriteFile(source, clockSource, 0o600); err != nil {
		t.Fatal(err)
	}
	cc := exec.CommandContext(t.Context(), "cc", "-shared", "-fPIC", "-O1", "-o", library, source)
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("a clock for redis-server: %v\n%s", err, out)
	}
	return library
}

// Keep stops the server in good order and copies its data, as little as it can be, to a
// directory that [From] takes.
func (s *Server) Keep(t testing.TB, to string) {
	t.Helper()
	rdb := s.Client(t)
	must(t, rdb.BgRewriteAOF(t.Context()))
	Eventually(t, "the file is rewritten", func(ctx context.Context) bool {
		text := rdb.Info(ctx, "persistence").Val()
		return info(text, "aof_rewrite_in_progress") == "0" && info(text, "aof_rewrite_scheduled") == "0"
	})
	s.Shutdown(t)
	if err := errors.Join(os.RemoveAll(to), os.MkdirAll(to, 0o750), os.CopyFS(to, os.DirFS(s.dir))); err != nil {
		t.Fatalf("keep the data of redis-server: %v", err)
	}
	s.Up(t)
}
