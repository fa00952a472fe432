package size

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defenderbot/bench/side"
)

// archive is a tar of files.
func archive(t *testing.T, files map[string]string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

// TestFetched: of an image for two platforms, what one of them needs is counted and nothing of
// the other.
func TestFetched(t *testing.T) {
	arm := `{"config":{"digest":"sha256:c2","size":9},"layers":[{"digest":"sha256:l3","size":9000}]}`
	amd := `{"config":{"digest":"sha256:c1","size":5},"layers":[{"digest":"sha256:l1","size":100},{"digest":"sha256:l2","size":20}]}`
	both := `{"manifests":[{"digest":"sha256:arm","size":1,"platform":{"os":"linux","architecture":"arm64"}},` +
		`{"digest":"sha256:amd","size":1,"platform":{"os":"linux","architecture":"amd64"}}]}`
	files := map[string]string{
		"oci-layout": "{}", "index.json": `{"manifests":[{"digest":"sha256:both","size":1}]}`,
		"blobs/sha256/both": both, "blobs/sha256/arm": arm, "blobs/sha256/amd": amd, "blobs/sha256/l1": strings.Repeat("x", mostDescribed+1),
	}
	if got, err := fetched(archive(t, files), "amd64"); err != nil || got != int64(len(amd)+5+120) {
		t.Errorf("amd64: %d bytes, %v, want %d", got, err, len(amd)+5+120)
	}
	if got, err := fetched(archive(t, files), "riscv64"); err == nil {
		t.Errorf("a platform that it is not for: %d bytes", got)
	}
	files["blobs/sha256/amd"] = "no JSON"
	if got, err := fetched(archive(t, files), "amd64"); err == nil {
		t.Errorf("one that is damaged: %d bytes", got)
	}
}

// TestWeigh: files count as they are, in directories too, and what leads elsewhere does not.
func TestWeigh(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a": 1e6, "sub/b": 2e6} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.Repeat([]byte{'x'}, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "a"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	plain, compressed, err := weigh(gzip.DefaultCompression, dir)
	if err != nil || plain != 3 || compressed <= 0 || compressed > 0.1 {
		t.Errorf("%v MB, %v compressed, %v", plain, compressed, err)
	}
	if _, _, err := weigh(gzip.DefaultCompression, filepath.Join(dir, "none")); err == nil {
		t.Error("what is not there has a weight")
	}
}

// TestTable: what was not measured of a program is empty, and all rows are as long.
func TestTable(t *testing.T) {
	bot := &subject{Contender: side.Contender{Name: side.Bot}, disk: 17.25, layer: 7.4, hello: []float64{200, 100, 150}, ready: []float64{210}, resident: []float64{25, 24, 26}}
	bare := &subject{Contender: side.Contender{Name: side.Bare}, disk: 9, layer: 3.6, hello: []float64{6.3}, resident: []float64{9}}
	got, err := json.Marshal(table([]*subject{bot, bare}, []int{1000}, [][]float64{{30, 28, 29}}).Rows)
	want := `[["on disk, MB","17.2","9.0"],["in an image, compressed, MB","7.4","3.6"],["to hello, ms: median / fastest","150 / 100","6.30 / 6.30"],` +
		`["to ready, ms: median / fastest","210 / 210",""],["resident memory, idle, MB","25.0","9.0"],["the same with 1000 pending","29.0",""]]`
	if err != nil || string(got) != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
}
