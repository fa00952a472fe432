package sandbox

import (
	"slices"
	"testing"
)

// TestScopes reads the scopes of the manifest, of which there are some that the
// bot cannot be without.
func TestScopes(t *testing.T) {
	got, err := scopes()
	if err != nil {
		t.Fatal(err)
	}
	for _, needed := range []string{"commands", "chat:write", "users:read"} {
		if !slices.Contains(got, needed) {
			t.Errorf("the manifest's scopes are %q, without %s", got, needed)
		}
	}
}
