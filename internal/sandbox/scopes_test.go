package sandbox

import (
	"slices"
	"testing"
)

// TestScopes reads the scopes of the manifest, of which there are some that the
// bot cannot be without.
func TestScopes(t *testing.T) {
	app, err := fromManifest()
	if err != nil {
		t.Fatal(err)
	}
	got := app.scopes
	for _, needed := range []string{"commands", "chat:write", "users:read"} {
		if !slices.Contains(got, needed) {
			t.Errorf("the manifest's scopes are %q, without %s", got, needed)
		}
	}
}

// TestFeatures reads what the manifest switches on, of which the same is true.
func TestFeatures(t *testing.T) {
	app, err := fromManifest()
	if err != nil {
		t.Fatal(err)
	}
	if f := app.features; !f.HomeTab || !slices.Contains(f.Events, "app_home_opened") {
		t.Errorf("the manifest switches on %+v, which is no Home tab", f)
	}
}
