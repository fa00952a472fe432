package main

import (
	"cmp"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write "+licences+" anew")

// TestLicences: what is given to others names whose work is in it, on what terms: each module
// of the program, Go itself, and the certificates.
func TestLicences(t *testing.T) {
	want := licencesOf(t, modulesOfProgram(t))
	if *update {
		if err := os.WriteFile("../"+licences, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(read(t, "..", licences)); got != want {
		t.Errorf("%s is not what the modules say (run make golden); it has %d bytes, want %d", licences, len(got), len(want))
	}
}

// modulesOfProgram are the modules in the program, on any of its systems, and where each
// lies.
func modulesOfProgram(t *testing.T) map[string]string {
	t.Helper()
	dirs := map[string]string{"Go, its standard library": goSays(t, "..", "env", "GOROOT")}
	line := `{{with .Module}}{{if not .Main}}{{.Path}}|{{.Dir}}{{end}}{{end}}`
	said := []string{goSays(t, ".", "list", "-m", "-f", `{{.Path}}|{{.Dir}}`, "golang.org/x/crypto/x509roots/fallback")}
	for _, p := range platforms() {
		t.Setenv("GOOS", p.os)
		t.Setenv("GOARCH", p.arch)
		said = append(said, goSays(t, "..", "list", "-deps", "-f", line, "./cmd/bot"))
	}
	for one := range strings.Lines(strings.Join(said, "\n")) {
		if module, dir, is := strings.Cut(strings.TrimSpace(one), "|"); is {
			dirs[module] = dir
		}
	}
	return dirs
}

func goSays(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(limit(t), "go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %q: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// licencesOf are the terms of all modules, each text once.
func licencesOf(t *testing.T, dirs map[string]string) string {
	t.Helper()
	whose := map[string][]string{} // of a text
	for module, dir := range dirs {
		terms := 0
		for _, pattern := range []string{"LICENSE*", "NOTICE*", "PATENTS"} {
			files, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				text := strings.TrimSpace(strings.ReplaceAll(string(read(t, file)), "\r\n", "\n"))
				whose[text] = append(whose[text], module)
				terms++
			}
		}
		if terms == 0 {
			t.Errorf("%s has no licence in %s", module, dir)
		}
	}
	type part struct{ modules, text string }
	var parts []part
	for text, modules := range whose {
		slices.Sort(modules)
		parts = append(parts, part{strings.Join(modules, "\n"), text})
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(strings.Compare(a.modules, b.modules), strings.Compare(a.text, b.text))
	})
	var out strings.Builder
	out.WriteString("What others wrote that is in the program and its image, and on what terms.\n")
	for _, p := range parts {
		out.WriteString("\n" + strings.Repeat("=", 80) + "\n" + p.modules + "\n" + strings.Repeat("-", 80) + "\n\n" + p.text + "\n")
	}
	return out.String()
}
