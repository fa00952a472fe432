package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Where Go looks for certificates on Linux, among other places.
const rootsFile = "etc/ssl/certs/ca-certificates.crt"

// writeImage writes the image as a tar of an OCI layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
func writeImage(_ context.Context, p places, built []binary) error {
	index, err := imageIndex(p, built)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "layout")
	if err != nil {
		return fmt.Errorf("a place for the layout: %w", err)
	}
	defer os.RemoveAll(work)
	dir, err := layout.Write(work, empty.Index)
	if err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	// docker load, podman load and skopeo take it by this name.
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": built[0].label()})
	if err := dir.AppendIndex(index, named); err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	entries, err := entriesOf(work)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.out, imageFile(built[0])), func(w io.Writer) error { return writeTar(w, built[0].made, entries) })
}

func imageFile(b binary) string { return "defenderbot_" + b.label() + "_image.tar" }

// imageIndex names one image for each architecture.
func imageIndex(p places, built []binary) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, b := range built {
		image, err := imageOf(p, b)
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", b.arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: b.os, Architecture: b.arch}},
		})
	}
	return index, nil
}

// imageOf is the binary, the certificates that it trusts and the terms of what others wrote of
// both, and nothing else: what the Dockerfile makes, too.
func imageOf(p places, b binary) (v1.Image, error) {
	bot, err := fileEntry("bot", b.file, 0o755)
	if err != nil {
		return nil, err
	}
	terms, err := fileEntry(licences, filepath.Join(p.root, licences), 0o644)
	if err != nil {
		return nil, err
	}
	trusted, err := roots()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = writeTar(&text, b.made, []entry{
		terms, bot, {"etc/", 0o755, nil}, {"etc/ssl/", 0o755, nil}, {"etc/ssl/certs/", 0o755, nil}, {rootsFile, 0o644, trusted},
	})
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "release image", Created: v1.Time{Time: b.made}}}); err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = b.os, b.arch, v1.Time{Time: b.made}
	config.Config = v1.Config{
		Entrypoint: []string{"/bot"}, User: "65532:65532", ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title": "defenderbot", "org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.version": b.version, "org.opencontainers.image.revision": b.revision,
		},
	}
	return mutate.ConfigFile(image, config)
}
