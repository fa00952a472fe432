package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// limit is as long as anything here may take: four builds from nothing, on a slow machine.
func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// copied is a copy of the source, without what is built and without the history, where nobody
// has built before.
func copied(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	left := []string{".git", ".bin", "node_modules"}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name, relErr := filepath.Rel("..", path)
		switch to := filepath.Join(root, name); {
		case err != nil || relErr != nil:
			return errors.Join(err, relErr)
		case slices.Contains(left, d.Name()) && d.IsDir():
			return fs.SkipDir
		case slices.Contains(left, d.Name()):
			return nil
		case d.IsDir():
			return os.MkdirAll(to, 0o700)
		default:
			text, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(to, text, 0o600))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// release runs the program on a source, and returns where it has put what it made.
func release(t *testing.T, root, verb string) (out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "dist")
	var said bytes.Buffer
	if err := run(limit(t), []string{"-root", root, "-out", out, verb}, &said); err != nil {
		t.Fatal(err)
	}
	for _, name := range made(t, out) {
		if !bytes.Contains(said.Bytes(), []byte(filepath.Join(out, name)+"\n")) {
			t.Errorf("it does not say that it made %s: %s", name, &said)
		}
	}
	return out
}

// made are the names of what is in a directory.
func made(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// read is the text of a file.
func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
