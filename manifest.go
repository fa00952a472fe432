// Package defenderbot holds what goes with every build: the manifest of the
// Slack app.
package defenderbot

import _ "embed"

// SlackManifest is slack-manifest.yaml
// (https://docs.slack.dev/reference/app-manifest).
//
//go:embed slack-manifest.yaml
var SlackManifest string
