package slackfake

import "slices"

// Features are what an app's manifest switches on besides its scopes:
// https://docs.slack.dev/reference/app-manifest.
type Features struct {
	HomeTab   bool     // features.app_home.home_tab_enabled
	Events    []string // settings.event_subscriptions.bot_events
	Shortcuts []string // the callback_ids of features.shortcuts that are of the type message
}

// DefaultFeatures are those of an app with a home tab that hears of mentions and has no shortcuts.
func DefaultFeatures() Features {
	return Features{HomeTab: true, Events: []string{"app_home_opened", "app_mention"}}
}

// SetFeatures replaces what the app's manifest switches on.
func (s *Server) SetFeatures(f Features) {
	f.Events, f.Shortcuts = slices.Clone(f.Events), slices.Clone(f.Shortcuts)
	s.change(func() { s.features = f })
}

// hears reports whether the app has subscribed to an event. The lock is held.
func (s *Server) hears(event string) bool { return slices.Contains(s.features.Events, event) }
