package size

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"defenderbot/bench/side"
)

// subjects are the programs, and how large they are.
func subjects(ctx context.Context, lab *side.Lab) (all []*subject, err error) {
	contenders, err := lab.Contenders(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range contenders {
		s := &subject{Contender: c}
		switch c.Name {
		case side.Bot:
			err = s.bot(ctx, lab)
		case side.Bare:
			err = s.bare(ctx, lab)
		case side.Bolt:
			err = s.bolt(lab)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("size of %s: %w", c.Name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func (s *subject) bot(ctx context.Context, lab *side.Lab) (err error) {
	if s.exe, err = lab.Bot(ctx); err != nil {
		return err
	}
	if s.disk, _, err = weigh(gzip.NoCompression, s.exe); err != nil {
		return err
	}
	s.layer, err = image(ctx, lab)
	return err
}

func (s *subject) bare(ctx context.Context, lab *side.Lab) error {
	exe, err := lab.Peer(ctx, "peers/bare")
	if err != nil {
		return err
	}
	s.disk, s.layer, err = weigh(gzip.DefaultCompression, exe)
	return err
}

func (s *subject) bolt(lab *side.Lab) error {
	node, err := exec.LookPath("node")
	if err == nil {
		node, err = filepath.EvalSymlinks(node)
	}
	if err != nil {
		return fmt.Errorf("where Node.js is: %w", err)
	}
	dir := filepath.Join(lab.Root, "bench", "peers", "bolt")
	level := side.Pick(lab, gzip.DefaultCompression, gzip.BestSpeed)
	s.disk, s.layer, err = weigh(level, node, filepath.Join(dir, "node_modules"), filepath.Join(dir, "index.js"))
	return err
}

// weigh is how large some files and directories are, and how large they are compressed one
// after the other, in MB. That is what a layer has, without the names.
func weigh(level int, paths ...string) (plain, compressed float64, err error) {
	var out counter
	z, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		return 0, 0, fmt.Errorf("compress: %w", err)
	}
	in := int64(0)
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			n, err := pour(z, file)
			in += n
			return err
		})
		if err != nil {
			return 0, 0, fmt.Errorf("weigh %s: %w", path, err)
		}
	}
	if err := z.Close(); err != nil {
		return 0, 0, fmt.Errorf("compress: %w", err)
	}
	return float64(in) / 1e6, float64(out) / 1e6, nil
}

func pour(to io.Writer, file string) (n int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.Copy(to, f)
}

// counter counts what is written.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// nodeVersion is what runs Bolt.
func nodeVersion(ctx context.Context) (string, error) {
	text, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("version of Node.js: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
