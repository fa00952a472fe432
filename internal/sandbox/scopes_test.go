package sandbox

import (
	"slices"
	"strings"
	"testing"

	"defenderbot"
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

// TestFeatures holds the fake's app to what the manifest switches on, whatever
// that is.
func TestFeatures(t *testing.T) {
	app, err := fromManifest()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Contains(defenderbot.SlackManifest, "home_tab_enabled: true")
	if app.features.HomeTab != want {
		t.Errorf("home tab: %t, in the manifest %t", app.features.HomeTab, want)
	}
	for _, list := range [][]string{app.features.Events, app.features.Shortcuts} {
		for _, name := range list {
			if !strings.Contains(defenderbot.SlackManifest, name) {
				t.Errorf("%q is not in the manifest", name)
			}
		}
	}
}
