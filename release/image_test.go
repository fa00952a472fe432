package main

import (
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// largest is how much an image may hold, unpacked.
const largest = 20 << 20

// image: for each architecture one static program, certificates, and a user who is not root.
func image(t *testing.T, out string) {
	for _, p := range platforms()[:2] {
		config, dir := unpacked(t, out, p)
		if diff := cmp.Diff([]string{licences, "bot", rootsFile}, filesIn(t, dir)); diff != "" {
			t.Errorf("%s holds (-want +got):\n%s", p, diff)
		}
		var size int64
		for _, f := range filesIn(t, dir) {
			info, err := os.Stat(filepath.Join(dir, f))
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
		if size > largest {
			t.Errorf("%s has %d bytes; at most %d", p, size, largest)
		}
		static(t, filepath.Join(dir, "bot"), p)
		certificates(t, read(t, dir, rootsFile))
		dockerfile(t, config)
		if l := config.Config.Labels; l["org.opencontainers.image.version"] != "(devel)" || l["org.opencontainers.image.licenses"] != "Apache-2.0" {
			t.Errorf("labels %q", l)
		}
	}
}

// unpacked is the image for a platform, in a directory as a container has it.
func unpacked(t *testing.T, out string, p platform) (*v1.ConfigFile, string) {
	t.Helper()
	index, _, err := readImage(out, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 2 {
		t.Fatalf("the image is for %d platforms", len(manifest.Manifests))
	}
	for _, m := range manifest.Manifests {
		if m.Platform == nil || m.Platform.OS != p.os || m.Platform.Architecture != p.arch {
			continue
		}
		one, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := one.ConfigFile()
		if err != nil || config.OS != p.os || config.Architecture != p.arch {
			t.Fatalf("%v: the image for %s is for %s and %s", err, p, config.OS, config.Architecture)
		}
		return config, layersOf(t, one)
	}
	t.Fatalf("no image for %s", p)
	return nil, ""
}

func layersOf(t *testing.T, one v1.Image) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	layers, err := one.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		text, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		entries, err := untar(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := place(root, entries); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, text); err != nil { // checks the digest
			t.Fatal(err)
		}
	}
	return dir
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := entriesOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.name)
	}
	return names
}

// static: the program is for the machine, and needs nothing of it to be loaded.
func static(t *testing.T, file string, p platform) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[p.arch]
	if libraries, err := f.ImportedLibraries(); f.Machine != want || len(libraries) > 0 || err != nil && !strings.Contains(err.Error(), "no symbol") {
		t.Errorf("%s: %v, libraries %q (%v)", p, f.Machine, libraries, err)
	}
	for _, part := range f.Progs {
		if part.Type == elf.PT_INTERP {
			t.Errorf("%s: it wants a loader", p)
		}
	}
}

// certificates: those that Slack's and Microsoft's hosts are signed by are among them
// (https://learn.microsoft.com/azure/security/fundamentals/azure-certificate-authority-details).
func certificates(t *testing.T, text []byte) {
	t.Helper()
	found := map[string]bool{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		found[c.Subject.CommonName] = true
	}
	for _, name := range []string{"DigiCert Global Root G2", "DigiCert Global Root G3", "Amazon Root CA 1", "Microsoft RSA Root Certificate Authority 2017"} {
		if !found[name] {
			t.Errorf("no certificate of %s among %d", name, len(found))
		}
	}
	if len(found) < 100 {
		t.Errorf("%d certificates", len(found))
	}
}

// dockerfile: the image is the one that the Dockerfile describes.
func dockerfile(t *testing.T, config *v1.ConfigFile) {
	t.Helper()
	_, last, _ := strings.Cut(string(read(t, "../Dockerfile")), "\nFROM scratch\n")
	want := map[string]string{
		"USER": config.Config.User, "ENTRYPOINT": `["` + strings.Join(config.Config.Entrypoint, `", "`) + `"]`, "EXPOSE": "",
	}
	for port := range config.Config.ExposedPorts {
		want["EXPOSE"] = strings.TrimSuffix(port, "/tcp")
	}
	got := map[string]string{}
	var files []string
	for _, line := range regexp.MustCompile(`(?m)^([A-Z]+) (.*)$`).FindAllStringSubmatch(last, -1) {
		if words := strings.Fields(line[2]); line[1] == "COPY" {
			files = append(files, strings.TrimPrefix(words[len(words)-1], "/"))
			continue
		}
		got[line[1]] = line[2]
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("the image (+) and the Dockerfile (-):\n%s", diff)
	}
	if diff := cmp.Diff([]string{rootsFile, licences, "bot"}, files); diff != "" {
		t.Errorf("files of the image (-) and of the Dockerfile (+):\n%s", diff)
	}
}
