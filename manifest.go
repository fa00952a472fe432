// Package defenderbot holds the manifest of the Slack app, for whoever has to know
// what it asks for.
package defenderbot

import _ "embed"

// SlackManifest is slack-manifest.yaml
// (https://docs.slack.dev/reference/app-manifest).
//
//go:embed slack-manifest.yaml
var SlackManifest string
