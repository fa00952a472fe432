package sandbox

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"defenderbot"
	"defenderbot/internal/slackfake"
)

// granted is what the manifest asks for: with more, what fails in every real
// workspace would work here.
type granted struct {
	scopes   []string
	features slackfake.Features

	shortcuts []Shortcut
}

// Shortcut is a message shortcut of the app, as people see it.
type Shortcut struct {
	ID   string `yaml:"callback_id"`
	Name string `yaml:"name"`
	Type string `yaml:"type"`
}

func fromManifest() (granted, error) {
	var manifest struct {
		Features struct {
			Home struct {
				Tab bool `yaml:"home_tab_enabled"`
			} `yaml:"app_home"`
			Shortcuts []Shortcut `yaml:"shortcuts"`
		} `yaml:"features"`
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
		} `yaml:"settings"`
	}
	if err := yaml.Unmarshal([]byte(defenderbot.SlackManifest), &manifest); err != nil {
		return granted{}, fmt.Errorf("slack-manifest.yaml: %w", err)
	}
	out := granted{scopes: manifest.OAuth.Scopes.Bot}
	out.features.HomeTab, out.features.Events = manifest.Features.Home.Tab, manifest.Settings.Events.Bot
	for _, s := range manifest.Features.Shortcuts {
		if s.Type == "message" {
			out.features.Shortcuts = append(out.features.Shortcuts, s.ID)
			out.shortcuts = append(out.shortcuts, s)
		}
	}
	return out, nil
}
