package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// platform is what a binary is for.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

// platforms are those that a release has; the image is made of the first two.
func platforms() []platform {
	return []platform{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}
}

// binary is the program built for one platform.
type binary struct {
	platform

	file     string
	version  string    // as `bot version` prints it
	revision string    // of the source; empty where it is not a checkout
	made     time.Time // when the source was committed; 1970 where that is not known
}

// build builds the program. What is in it depends on the source and on the
// version of Go, not on where either is; the version comes from the checkout's
// tag (https://go.dev/doc/go1.24#go-command).
func build(ctx context.Context, root, work string, p platform) (binary, error) {
	b := binary{platform: p, file: filepath.Join(work, p.String(), "bot")}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=auto", "-ldflags=-s -w", "-o", b.file, "./cmd/bot") //nolint:gosec // our own arguments
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOFLAGS=", "GOWORK=off", "GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return b, fmt.Errorf("build for %s: %w\n%s", p, err, out)
	}
	return b, b.read()
}

// read takes from the binary what it knows of itself.
func (b *binary) read() error {
	info, err := buildinfo.ReadFile(b.file)
	if err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	b.version, b.made = info.Main.Version, time.Unix(0, 0).UTC()
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.time":
			if b.made, err = time.Parse(time.RFC3339, s.Value); err != nil {
				return fmt.Errorf("time of the commit: %w", err)
			}
		}
	}
	return nil
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// label is the version as file names and the tags of images can have it.
func (b binary) label() string {
	if b.version == "(devel)" {
		return "devel"
	}
	return unfit.ReplaceAllString(b.version, "-")
}
