package blockhtml

import (
	"encoding/json"
	"flag"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// joan reads as Joan, who is on call.
func joan() Reader {
	names := map[string]string{"U0ADA": "Ada", "U0JOAN": "Joan", "S0ONCALL": "oncall", "C0INCIDENT": "incident-42"}
	return Reader{
		Name:   func(id string) string { return names[id] },
		Is:     func(id string) bool { return id == "U0JOAN" || id == "S0ONCALL" },
		Errors: map[string]string{"reason": "Please say <why>."},
	}
}

func TestGolden(t *testing.T) {
	for pattern, show := range map[string]func(json.RawMessage) (template.HTML, error){
		"testdata/*.json": joan().Blocks, "testdata/attached/*.json": joan().Attachments,
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files: %v", pattern, len(files), err)
		}
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				raw, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				html, err := show(raw)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, strings.TrimSuffix(file, ".json")+".html", string(html))
			})
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestHostile looks for markup in what the golden files keep: they could be
// written anew without being read.
func TestHostile(t *testing.T) {
	for file, show := range map[string]func(json.RawMessage) (template.HTML, error){
		"testdata/message.json": joan().Blocks, "testdata/modal.json": joan().Blocks, "testdata/attached/alert.json": joan().Attachments,
	} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		html, err := show(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<script", "<img", "javascript:", "<b>package", "<logins>", "<failed>"} {
			if strings.Contains(string(html), bad) {
				t.Errorf("%s: what somebody wrote became markup: %q", file, bad)
			}
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", "a & b", `<p class="bk-line">a &amp; b</p>`},
		{"escaped once", "&amp;lt;", `<p class="bk-line">&amp;lt;</p>`},
		{"mail", "<mailto:a@b.example>", `<p class="bk-line"><a href="mailto:a@b.example" target="_blank" rel="noopener noreferrer">a@b.example</a></p>`},
		{"wrong date", "<!date^soon^{time}|later>", `<p class="bk-line">later</p>`},
		{"not a style", "2*3*4 = 24", `<p class="bk-line">2*3*4 = 24</p>`},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := joan().Text(tt.text)
			if err != nil || string(got) != tt.want {
				t.Errorf("Text(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
			}
		})
	}
}

// TestViewsOfTheBot shows everything that the bot posts: nothing of it is unknown.
func TestViewsOfTheBot(t *testing.T) {
	files, err := filepath.Glob("../../../bot/testdata/views/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files of the bot's views: %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var view struct {
			Blocks json.RawMessage `json:"blocks"`
		}
		if err := json.Unmarshal(raw, &view); err != nil {
			t.Fatal(err)
		}
		if view.Blocks == nil {
			continue
		}
		html, err := joan().Blocks(view.Blocks)
		if err != nil || html == "" || strings.Contains(string(html), "bk-unknown") {
			t.Errorf("%s: %v\n%s", file, err, html)
		}
	}
}

func TestNotBlocks(t *testing.T) {
	if _, err := joan().Blocks(json.RawMessage(`{"type":"header"}`)); err == nil {
		t.Error("an object was taken for a list of blocks")
	}
}
