package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinks: what the documents link to is there, to the heading. Other hosts are left out.
func TestLinks(t *testing.T) {
	known := map[string]document{}
	for _, d := range documents(t) {
		known[d.path] = d
	}
	for _, d := range known {
		for _, link := range d.links {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			path, anchor, _ := strings.Cut(link, "#")
			target := d.path
			if path != "" {
				target = filepath.Join(filepath.Dir(d.path), path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s: %v", d.path, link, err)
			} else if other, is := known[target]; anchor != "" && (!is || !other.anchors[anchor]) {
				t.Errorf("%s links to %s, and %s has no such heading", d.path, link, target)
			}
		}
	}
}
