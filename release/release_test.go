package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/mod/modfile"
)

// TestRelease makes all of a release and looks at it as whoever downloads it does.
func TestRelease(t *testing.T) {
	root := copied(t)
	out := release(t, root, "dist")
	for name, look := range map[string]func(*testing.T, string){
		"names": names, "checksums": checksums, "archive": archive, "contents": contents, "chart": chart, "image": image, "run": runs, "push": pushed,
	} {
		t.Run(name, func(t *testing.T) { look(t, out) })
	}
	t.Run("again", func(t *testing.T) { again(t, out) })
}

func names(t *testing.T, out string) {
	want := []string{"checksums.txt", "defenderbot-0.0.0-devel.tgz"}
	for _, p := range []string{"darwin_amd64", "darwin_arm64", "image", "linux_amd64", "linux_arm64"} {
		if p == "image" {
			want = append(want, "defenderbot_devel_image.tar")
			continue
		}
		want = append(want, "defenderbot_devel_"+p+".cdx.json", "defenderbot_devel_"+p+".tar.gz")
	}
	if diff := cmp.Diff(want, made(t, out)); diff != "" {
		t.Errorf("what a release has (-want +got):\n%s", diff)
	}
}

// checksums are true, and of everything but themselves.
func checksums(t *testing.T, out string) {
	cmd := exec.CommandContext(limit(t), "sha256sum", "--check", "--strict", sums)
	cmd.Dir = out
	said, err := cmd.CombinedOutput()
	if err != nil || bytes.Count(said, []byte(": OK\n")) != len(made(t, out))-1 {
		t.Errorf("%v: %s", err, said)
	}
}

// archive: the program in it runs here, and beside it stands what its reader needs.
func archive(t *testing.T, out string) {
	name := "defenderbot_devel_" + runtime.GOOS + "_" + runtime.GOARCH
	dir := t.TempDir()
	if said, err := exec.CommandContext(limit(t), "tar", "-xzf", filepath.Join(out, name+".tar.gz"), "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	said, err := exec.CommandContext(limit(t), filepath.Join(dir, name, "bot"), "version").Output()
	if err != nil || string(said) != "(devel)\n" {
		t.Errorf("bot version: %v, %q", err, said)
	}
	for _, file := range []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", licences, "slack-manifest.yaml", "docs/redis.md", "deploy/defenderbot@.service"} {
		if !bytes.Equal(read(t, dir, name, file), read(t, "..", file)) {
			t.Errorf("%s is not that of the source", file)
		}
	}
	if tests, err := filepath.Glob(filepath.Join(dir, name, "docs", "*.go")); err != nil || len(tests) > 0 {
		t.Errorf("what its reader does not need: %q, %v", tests, err)
	}
}

// contents: every module that go.mod requires for the program is in the list, by its version.
func contents(t *testing.T, out string) {
	for _, p := range platforms() {
		var list struct {
			BOMFormat  string `json:"bomFormat"`
			Components []struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"components"`
		}
		if err := json.Unmarshal(read(t, out, "defenderbot_devel_"+p.String()+".cdx.json"), &list); err != nil || list.BOMFormat != "CycloneDX" {
			t.Fatalf("%s: %v, %q", p, err, list.BOMFormat)
		}
		listed := map[string]string{}
		for _, c := range list.Components {
			listed[c.Name] = c.Version
		}
		for _, module := range []string{"github.com/redis/go-redis/v9", "github.com/slack-go/slack", "golang.org/x/oauth2"} {
			if want := required(t)[module]; want == "" || listed[module] != want {
				t.Errorf("%s: %s %q, and go.mod requires %q", p, module, listed[module], want)
			}
		}
		if listed["std"] == "" || listed["github.com/alicebob/miniredis/v2"] != "" {
			t.Errorf("%s: Go %q, and miniredis %q, which only tests use", p, listed["std"], listed["github.com/alicebob/miniredis/v2"])
		}
	}
}

func required(t *testing.T) map[string]string {
	t.Helper()
	file, err := modfile.Parse("go.mod", read(t, "../go.mod"), nil)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, r := range file.Require {
		all[r.Mod.Path] = r.Mod.Version
	}
	return all
}

// chart: Helm renders it, and takes the image of the same release.
func chart(t *testing.T, out string) {
	helm := exec.CommandContext(limit(t), "../.bin/helm", "template", "r", filepath.Join(out, "defenderbot-0.0.0-devel.tgz"),
		"-f", "../charts/defenderbot/ci/example-values.yaml")
	said, err := helm.CombinedOutput()
	if err != nil || !strings.Contains(string(said), `image: "defenderbot:devel"`) {
		t.Errorf("%v: %s", err, said)
	}
}

// again: the same source elsewhere makes the same bytes.
func again(t *testing.T, out string) {
	second := release(t, copied(t), "dist")
	if diff := cmp.Diff(string(read(t, out, sums)), string(read(t, second, sums))); diff != "" {
		t.Errorf("checksums of a second release (-first +second):\n%s", diff)
	}
}

// pushed: a registry has the image for all architectures under its name, and what is printed
// names it by its digest.
func pushed(t *testing.T, out string) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	to := strings.TrimPrefix(server.URL, "http://") + "/security/defenderbot"
	var said bytes.Buffer
	if err := run(limit(t), []string{"-out", out, "push", to + ":v1"}, &said); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{to + ":v1", strings.TrimSpace(said.String())} {
		ref, err := name.ParseReference(tag)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range platforms()[:2] {
			got, err := remote.Image(ref, remote.WithPlatform(v1.Platform{OS: p.os, Architecture: p.arch}), remote.WithContext(limit(t)))
			if err != nil {
				t.Fatalf("%s for %s: %v", tag, p, err)
			}
			if config, err := got.ConfigFile(); err != nil || config.Architecture != p.arch || config.Config.User != "65532:65532" {
				t.Errorf("%s for %s: %v, %+v", tag, p, err, config)
			}
		}
	}
	if err := run(limit(t), []string{"-out", t.TempDir(), "push", to + ":v1"}, io.Discard); err == nil {
		t.Error("nothing was pushed without an error")
	}
}

// TestReleaseTagged: in a checkout of a tag the tag is the version, of the program and of
// everything that has one in its name.
func TestReleaseTagged(t *testing.T) {
	root := copied(t)
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-q", "-m", "all"}, {"tag", "v1.2.3"}} {
		git := exec.CommandContext(limit(t), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		git.Dir = root
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
	b, err := build(limit(t), root, t.TempDir(), platform{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(limit(t), b.file, "version").Output()
	if err != nil || string(said) != "v1.2.3\n" || b.label() != "v1.2.3" || chartVersion(b.label()) != "1.2.3" || len(b.revision) != 40 || b.made.Year() < 2026 {
		t.Errorf("%v: it says %q; %+v", err, said, b)
	}
}

// TestLabel: what cannot stand in a file's name or an image's tag is replaced.
func TestLabel(t *testing.T) {
	for version, want := range map[string][2]string{
		"(devel)": {"devel", "0.0.0-devel"},
		"v1.2.3":  {"v1.2.3", "1.2.3"},
		"v1.2.4-0.20261130100916-ebb5e3e93a01+dirty": {"v1.2.4-0.20261130100916-ebb5e3e93a01-dirty", "1.2.4-0.20261130100916-ebb5e3e93a01-dirty"},
	} {
		label := binary{version: version}.label()
		if got := [2]string{label, chartVersion(label)}; got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

// TestRunArguments: what makes no sense is an error, and makes nothing.
func TestRunArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"dist", "now"}, {"push"}, {"all"}, {"-fast", "dist"}, {"push", "not a name"}} {
		out := filepath.Join(t.TempDir(), "dist")
		if err := run(limit(t), append([]string{"-out", out}, args...), io.Discard); err == nil {
			t.Errorf("release %q is no error", args)
		}
		if files, err := filepath.Glob(fmt.Sprint(out, "/*")); err != nil || len(files) > 0 {
			t.Errorf("release %q made %q (%v)", args, files, err)
		}
	}
}

// TestOutKept: a directory that has something of somebody's in it is not cleared.
func TestOutKept(t *testing.T) {
	out := t.TempDir()
	theirs := filepath.Join(out, "thesis.txt")
	if err := os.WriteFile(theirs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(limit(t), []string{"-root", t.TempDir(), "-out", out, "image"}, io.Discard); err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("%v, want an error that names the file", err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}
