package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeChart packs the chart. Its version is that of the program without the v, as Helm wants
// it, and its image is the one of this release.
func writeChart(ctx context.Context, p places, b binary) (err error) {
	work, err := os.MkdirTemp("", "chart")
	if err != nil {
		return fmt.Errorf("a place for the chart: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	version := chartVersion(b.label())
	err = tool(ctx, p, "helm", "package", filepath.Join(p.root, "charts/defenderbot"), "--version", version, "--app-version", b.label(), "--destination", work)
	if err != nil {
		return err
	}
	// Helm notes when it packed; here all is of one time.
	name := "defenderbot-" + version + ".tgz"
	entries, err := unpack(filepath.Join(work, name))
	if err != nil {
		return err
	}
	return writeTarGz(filepath.Join(p.out, name), b.made, entries)
}

// chartVersion is a label as a version that Helm takes (https://semver.org).
func chartVersion(label string) string {
	if rest, numbered := strings.CutPrefix(label, "v"); numbered {
		return rest
	}
	return "0.0.0-" + cmp.Or(label, "devel")
}

// unpack reads a compressed archive.
func unpack(file string) (entries []entry, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", file, err)
	}
	return untar(z)
}

// untar reads an archive.
func untar(from io.Reader) (entries []entry, err error) {
	t := tar.NewReader(from)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		text, err := io.ReadAll(t)
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", h.Name, err)
		}
		entries = append(entries, entry{h.Name, fs.FileMode(h.Mode) & fs.ModePerm, text}) //nolint:gosec // the bits of a mode
	}
}
