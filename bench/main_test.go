package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"defenderbot/bench/document"
	"defenderbot/bench/side"
)

// TestDocument: the document says what the kept reports say and nothing else, and its plots are
// there.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	reports, err := kept(results(root))
	if err != nil {
		t.Fatal(err)
	}
	filled, err := document.Fill(string(text), reports)
	if err != nil {
		t.Fatal(err)
	}
	if filled != string(text) {
		t.Error("it differs from what bench/results says: make it with go run . -docs")
	}
	for _, r := range reports {
		for _, p := range r.Plots {
			for _, ext := range []string{".png", ".svg"} {
				if _, err := os.Stat(filepath.Join(root, "docs", "img", p.Name+ext)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestKept(t *testing.T) {
	dir := t.TempDir()
	for i, name := range slices.Backward(allNames()) {
		if err := (side.Report{Study: name, About: string(rune('a' + i))}).Save(dir); err != nil {
			t.Fatal(err)
		}
	}
	reports, err := kept(dir)
	var names []string
	for _, r := range reports {
		names = append(names, r.Study)
	}
	if err != nil || !slices.Equal(names, allNames()) {
		t.Errorf("%q, %v", names, err)
	}
	if err := os.Remove(filepath.Join(dir, names[0]+".json")); err != nil {
		t.Fatal(err)
	}
	if reports, err := kept(dir); err != nil || len(reports) != len(names) || reports[0].Study != names[0] || reports[0].About != "" {
		t.Errorf("without the first: %v, %v", reports, err)
	}
	if err := (side.Report{Study: "other"}).Save(dir); err != nil {
		t.Fatal(err)
	}
	if reports, err := kept(dir); err == nil {
		t.Errorf("with one of no study: %v", reports)
	}
}

func TestChoose(t *testing.T) {
	all := allNames()
	for _, tt := range []struct {
		names string
		want  []string
		wrong bool
	}{
		{"", all, false},
		{all[1], all[1:2], false},
		{all[1] + "," + all[0], all[:2], false},
		{"nonsense", nil, true},
		{all[0] + ",nonsense", nil, true},
	} {
		var got []string
		chosen, err := choose(tt.names)
		for _, s := range chosen {
			got = append(got, s.Name)
		}
		if (err != nil) != tt.wrong || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v", tt.names, got, err)
		}
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-only", "nonsense"}, &out); err == nil || out.Len() > 0 {
		t.Errorf("a study that is not there: %v, %s", err, &out)
	}
}
