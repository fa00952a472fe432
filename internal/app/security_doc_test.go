package app_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityDocument: every threat of docs/security.md has a test that shows what stops
// it; TestDocuments looks whether it is there.
func TestSecurityDocument(t *testing.T) {
	const path = "../../docs/security.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range regexp.MustCompile(`(?m)^## `).Split(string(text), -1) {
		if !regexp.MustCompile(`^\d\. `).MatchString(section) {
			continue
		}
		threats := 0
		for line := range strings.Lines(section) {
			if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.Contains(line, "| shown by |") {
				continue
			}
			threats++
			if !regexp.MustCompile("`(Test|Fuzz)").MatchString(line) {
				t.Errorf("no test in %s", line)
			}
		}
		if threats == 0 {
			t.Errorf("no threats in %q", strings.SplitN(section, "\n", 2)[0])
		}
	}
}
