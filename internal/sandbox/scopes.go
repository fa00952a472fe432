package sandbox

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"defenderbot"
)

// scopes are those that the manifest asks for: with more, a call that fails in
// every real workspace would work here.
func scopes() ([]string, error) {
	var manifest struct {
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
	}
	if err := yaml.Unmarshal([]byte(defenderbot.SlackManifest), &manifest); err != nil {
		return nil, fmt.Errorf("slack-manifest.yaml: %w", err)
	}
	return manifest.OAuth.Scopes.Bot, nil
}
