package defender

import (
	"cmp"
	"slices"
	"time"
)

// Action is one thing that can be asked of a device: one row of a [Catalogue].
type Action struct {
	// Name is the word people type: "investigate".
	Name string
	// Title is the name on a card: "Start automated investigation".
	Title string
	// Effect says what it does, and what whoever approves it should know.
	Effect string
	// Post is the endpoint that starts it; its Name is the last path segment.
	Post Endpoint
	// Fields are sent in the body beside Comment. Names are case-sensitive. It may be nil.
	Fields map[string]string
	// Type and Scope are what the machine action will carry; empty for investigations.
	Type, Scope string
	// NoScope is the scope that an answer without one stands for: Defender leaves it
	// out now and then. Empty: it is not known, and such an answer is of an action
	// without a scope.
	NoScope string
	// Excludes names a group of actions of which only one may be open on a device at
	// once, such as isolating a device and releasing it. Empty: only this action
	// excludes itself.
	Excludes string
	// Role is the application role that the POST needs.
	Role string
	// Tracks says what the POST creates and how it is followed.
	Tracks Tracking
	// BusyIs400 is set where Microsoft answers a plain 400 (code BadRequest or none)
	// while the same action already runs on the device. It is then [AlreadyRunning];
	// whoever finds nothing running has the message of the [Error] to show.
	BusyIs400 bool
	// Horizon is how long its end is waited for.
	Horizon time.Duration
	// Supported says where it works, as a part of a sentence.
	Supported string
}

// Covers reports whether a machine action of Type with the scope that Defender
// shows, which may be empty, is this action.
func (a Action) Covers(scope string) bool { return cmp.Or(scope, a.NoScope) == a.Scope }

// Catalogue is a list of actions, no two with one name. [Actions] is all of them.
type Catalogue []Action

// Named returns the row with that name. Case matters.
func (c Catalogue) Named(name string) (Action, bool) {
	i := slices.IndexFunc(c, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return Action{}, false
	}
	return c[i], true
}

// Actions returns everything that can be asked of a device. The caller owns the
// answer. Adding an action is adding a row; CONTRIBUTING.md names the other places.
func Actions() Catalogue {
	return Catalogue{
		// https://learn.microsoft.com/defender-endpoint/api/initiate-autoir-investigation
		{
			Name:  "investigate",
			Title: "Start automated investigation",
			Effect: "Defender examines the device for threats. Where full automation is switched on it may also " +
				"remediate what it finds without asking again: quarantine files, stop services, remove scheduled tasks. " +
				"There is no API to stop it.",
			Post:   Endpoint{Name: "startInvestigation", Limits: []Limit{{Calls: 50, Per: time.Hour}}},
			Role:   "Alert.ReadWrite.All",
			Tracks: TrackInvestigations,
			// A remediation that nobody approves lapses after 7 days.
			Horizon:   7*24*time.Hour + time.Hour,
			Supported: "Windows 10 version 1709 and later, Windows 11, Windows Server 2019 and later, Azure Stack HCI OS 23H2 and later",
		},
		// https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package
		{
			Name:  "collect",
			Title: "Collect investigation package",
			Effect: "Defender gathers a forensic package on the device. Nothing changes there, but the package holds sensitive " +
				"data: the security event log, users and groups, running processes, network and DNS history.",
			Post:      Endpoint{Name: "collectInvestigationPackage", Limits: usualLimits()},
			Type:      "CollectInvestigationPackage",
			Role:      "Machine.CollectForensics",
			Tracks:    TrackMachineActions,
			BusyIs400: true,
			// An action for a device that is offline waits for up to three days.
			Horizon:   3*24*time.Hour + time.Hour,
			Supported: "Windows 10 version 1703 and later, Windows 11, Windows Server, macOS, Linux",
		},
	}
}
