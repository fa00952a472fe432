package size

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"defenderbot/bench/side"
)

// image makes the image as a release does, and says how much of it has to be fetched for
// linux/amd64, in MB.
func image(ctx context.Context, lab *side.Lab) (float64, error) {
	dir, err := lab.Dir()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "go", "run", ".", "-out", dir, "image")
	cmd.Dir = filepath.Join(lab.Root, "release")
	if text, err := cmd.CombinedOutput(); err != nil {
		return 0, errors.Join(fmt.Errorf("make the image: %w", err), errors.New(string(text)))
	}
	made, err := filepath.Glob(filepath.Join(dir, "*_image.tar"))
	if err != nil || len(made) != 1 {
		return 0, fmt.Errorf("make the image: %q, %w", made, err)
	}
	f, err := os.Open(made[0])
	if err != nil {
		return 0, fmt.Errorf("read the image: %w", err)
	}
	defer f.Close()
	n, err := fetched(f, "amd64")
	return float64(n) / 1e6, err
}

// descriptor names a blob of an OCI layout, and a manifest or an index lists such:
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md.
type descriptor struct {
	Digest   string `json:"digest"`
	Size     int64  `json:"size"`
	Platform struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
	} `json:"platform"`
}

type manifest struct {
	Manifests []descriptor `json:"manifests"` // of an index
	Config    descriptor   `json:"config"`
	Layers    []descriptor `json:"layers"`
}

// fetched is how many bytes of a layout's image are fetched on Linux: its manifest, its
// configuration and its layers.
func fetched(layout io.Reader, arch string) (int64, error) {
	files, err := small(layout)
	if err != nil {
		return 0, err
	}
	at := files["index.json"]
	for {
		var m manifest
		if err := json.Unmarshal(at, &m); err != nil {
			return 0, fmt.Errorf("read the image: %w", err)
		}
		if len(m.Manifests) == 0 {
			sum := int64(len(at)) + m.Config.Size
			for _, l := range m.Layers {
				sum += l.Size
			}
			return sum, nil
		}
		if at = files[m.of(arch)]; at == nil {
			return 0, fmt.Errorf("read the image: it has nothing for linux/%s", arch)
		}
	}
}

// of is the file of what an index has for Linux on an architecture, or for whatever platform.
func (m manifest) of(arch string) string {
	for _, d := range m.Manifests {
		if p := d.Platform; p.OS == "" || p.OS == "linux" && p.Architecture == arch {
			return filepath.Join("blobs", "sha256", d.Digest[len("sha256:"):])
		}
	}
	return ""
}

// mostDescribed is how large a file can be that describes others.
const mostDescribed = 1 << 20

// small are the files of an archive that can describe others.
func small(archive io.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	for t := tar.NewReader(archive); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err == nil && h.Size < mostDescribed {
			files[h.Name], err = io.ReadAll(t)
		}
		if err != nil {
			return nil, fmt.Errorf("read the image: %w", err)
		}
	}
}
