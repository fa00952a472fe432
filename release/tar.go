package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// entry is a file of an archive, or a directory.
type entry struct {
	name string // of a directory: with a slash at the end
	mode fs.FileMode
	text []byte
}

// fileEntry is a file of this machine under another name.
func fileEntry(name, file string, mode fs.FileMode) (entry, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return entry{}, fmt.Errorf("archive: %w", err)
	}
	return entry{name, mode, text}, nil
}

// writeTar writes entries, of nobody's and all of one time.
func writeTar(w io.Writer, made time.Time, entries []entry) error {
	t := tar.NewWriter(w)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: int64(e.mode), Size: int64(len(e.text)), ModTime: made, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if e.name[len(e.name)-1] == '/' {
			h.Typeflag = tar.TypeDir
		}
		if err := t.WriteHeader(h); err != nil {
			return fmt.Errorf("archive %s: %w", e.name, err)
		}
		if _, err := t.Write(e.text); err != nil {
			return fmt.Errorf("archive %s: %w", e.name, err)
		}
	}
	return t.Close()
}

// writeTarGz writes a compressed archive into a file.
func writeTarGz(file string, made time.Time, entries []entry) error {
	return writeFile(file, func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		return errors.Join(writeTar(z, made, entries), z.Close())
	})
}

// writeFile makes a file of what write writes.
func writeFile(file string, write func(io.Writer) error) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}
