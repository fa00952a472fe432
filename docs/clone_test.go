package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// cloned are the files of the repository, from its root, as far as somebody who clones it
// gets them.
func cloned(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", ".bin", "node_modules", "dist"}, entry.Name()) {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() {
			rel, err := filepath.Rel(root, path)
			paths = append(paths, rel)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// clone copies them into a folder of the test's own.
func clone(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	for _, path := range cloned(t) {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, path), text, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
