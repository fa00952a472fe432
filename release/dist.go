package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// licences is the file with the terms of what others wrote that is in the program.
const licences = "THIRD_PARTY_LICENSES.txt"

// sums is the file with the checksums, as `sha256sum -c` reads it.
const sums = "checksums.txt"

// writeAll writes everything that a release has.
func writeAll(ctx context.Context, p places, built []binary) error {
	if err := writeImage(ctx, p, built[:2]); err != nil {
		return err
	}
	for _, b := range built {
		if err := writeArchive(ctx, p, b); err != nil {
			return err
		}
	}
	if err := writeChart(ctx, p, built[0]); err != nil {
		return err
	}
	return writeSums(p.out)
}

// writeArchive writes a binary with what its reader needs, and as a file of its own the list
// of the modules that are in it, as CycloneDX.
func writeArchive(ctx context.Context, p places, b binary) error {
	name := "defenderbot_" + b.label() + "_" + b.String()
	bot, err := fileEntry(name+"/bot", b.file, 0o755)
	if err != nil {
		return err
	}
	entries := []entry{{name + "/", 0o755, nil}, bot}
	for _, file := range []string{"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", licences, "slack-manifest.yaml", "deploy/defenderbot@.service"} {
		e, err := fileEntry(name+"/"+file, filepath.Join(p.root, file), 0o644)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	docs, err := entriesOf(filepath.Join(p.root, "docs"))
	if err != nil {
		return err
	}
	for _, e := range docs {
		if !strings.HasPrefix(e.name, "img/") && !strings.HasSuffix(e.name, ".go") {
			e.name = name + "/docs/" + e.name
			entries = append(entries, e)
		}
	}
	if err := writeTarGz(filepath.Join(p.out, name+".tar.gz"), b.made, entries); err != nil {
		return err
	}
	return tool(ctx, p, "cyclonedx-gomod", "bin", "-json", "-std", "-noserial", "-notimestamp",
		"-version", b.version, "-output", filepath.Join(p.out, name+".cdx.json"), b.file)
}

// writeSums writes the checksum of every file beside it.
func writeSums(out string) error {
	files, err := os.ReadDir(out)
	if err != nil {
		return fmt.Errorf("checksums: %w", err)
	}
	var text strings.Builder
	for _, f := range files {
		body, err := os.ReadFile(filepath.Join(out, f.Name()))
		if err != nil {
			return fmt.Errorf("checksums: %w", err)
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(body), f.Name())
	}
	return writeFile(filepath.Join(out, sums), func(w io.Writer) error {
		_, err := io.WriteString(w, text.String())
		return err
	})
}

// tool runs one of the programs that tools/go.mod pins.
func tool(ctx context.Context, p places, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.tools, name), args...) //nolint:gosec // our own arguments
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// entriesOf are the files below a directory, in one order.
func entriesOf(root string) (entries []entry, err error) {
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		e, err := fileEntry(path, filepath.Join(root, path), 0o644)
		entries = append(entries, e)
		return err
	})
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, err
}
