package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push uploads the image for all architectures, signed in as `docker login` left it, and
// prints what it is called there: the name with the digest, which is what gets signed.
func push(ctx context.Context, p places, to string, stdout io.Writer) (err error) {
	ref, err := name.ParseReference(to, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	work, err := os.MkdirTemp("", "push")
	if err != nil {
		return fmt.Errorf("a place for the layout: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	index, digest, err := readImage(p.out, work)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(ref, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	_, err = fmt.Fprintln(stdout, ref.Context().Digest(digest.String()))
	return err
}

// readImage is the one image in out, unpacked into work.
func readImage(out, work string) (v1.ImageIndex, v1.Hash, error) {
	files, err := filepath.Glob(filepath.Join(out, "defenderbot_*_image.tar"))
	if err != nil || len(files) != 1 {
		return nil, v1.Hash{}, fmt.Errorf("%d images in %s; make one with `release image`", len(files), out)
	}
	if err := extract(files[0], work); err != nil {
		return nil, v1.Hash{}, err
	}
	outer, err := layout.ImageIndexFromPath(work)
	if err != nil {
		return nil, v1.Hash{}, fmt.Errorf("read %s: %w", files[0], err)
	}
	manifest, err := outer.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		return nil, v1.Hash{}, fmt.Errorf("read %s: it holds no single image: %w", files[0], err)
	}
	digest := manifest.Manifests[0].Digest
	index, err := outer.ImageIndex(digest)
	return index, digest, err
}

// extract writes the files of an archive into a directory.
func extract(file, to string) (err error) {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	entries, err := untar(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return place(root, entries)
}

// place writes entries below root, and nothing outside it.
func place(root *os.Root, entries []entry) error {
	for _, e := range entries {
		if e.name[len(e.name)-1] == '/' {
			if err := root.MkdirAll(e.name[:len(e.name)-1], 0o755); err != nil {
				return fmt.Errorf("unpack %s: %w", e.name, err)
			}
			continue
		}
		if err := errors.Join(root.MkdirAll(filepath.Dir(e.name), 0o755), root.WriteFile(e.name, e.text, e.mode)); err != nil {
			return fmt.Errorf("unpack %s: %w", e.name, err)
		}
	}
	return nil
}
