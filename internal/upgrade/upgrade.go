// Package upgrade holds the version before, so that tests see this one take over from it:
// its source, as it was shipped, and what it left in Redis, Slack and Defender when it was
// killed in the middle of its work. `make previous REV=...` keeps another one.
package upgrade

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// source is what the version before is built from, without its tests.
//
//go:embed testdata/previous.tar.gz
var source []byte

// Previous builds the version before and returns the program.
func Previous(t testing.TB) (program string) {
	t.Helper()
	dir := t.TempDir()
	if err := unpack(dir); err != nil {
		t.Fatalf("unpack the version before: %v", err)
	}
	program = filepath.Join(dir, "bot-before")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "./cmd/bot")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the version before: %v\n%s", err, out)
	}
	return program
}

func unpack(dir string) error {
	z, err := gzip.NewReader(bytes.NewReader(source))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(z)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg { // directories come with their files
			continue
		}
		text, err := io.ReadAll(archive)
		if err := errors.Join(err, root.MkdirAll(filepath.Dir(h.Name), 0o750), root.WriteFile(h.Name, text, 0o600)); err != nil {
			return err
		}
	}
}
