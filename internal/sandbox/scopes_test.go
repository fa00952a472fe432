package sandbox

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestScopesOfManifest holds what the bot may do here to what people grant it:
// with more, a call that fails in every real workspace would work here.
func TestScopesOfManifest(t *testing.T) {
	manifest, err := os.ReadFile("../../slack-manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?m)^    bot:\n((?: {6}- .*\n)+)`).FindSubmatch(manifest)
	if block == nil {
		t.Fatal("the manifest names no scopes of the bot")
	}
	var want []string
	for _, line := range regexp.MustCompile(`(?m)^ {6}- (\S+)`).FindAllSubmatch(block[1], -1) {
		want = append(want, string(line[1]))
	}
	if got := scopes(); !slices.Equal(got, want) {
		t.Errorf("the sandbox grants %q, the manifest %q", got, want)
	}
}
