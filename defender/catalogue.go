package defender

import (
	"slices"
	"time"
)

// Action is one thing that can be asked of a device: one row of a [Catalogue].
type Action struct {
	// Name is the word people type: "investigate".
	Name string
	// Also are other words that people type for it. They are suggested, never taken.
	Also []string
	// Title is Microsoft's name for it: "Start automated investigation".
	Title string
	// Verb is how a card says it in short, before the name of a device or "5 devices":
	// "Collect evidence package from".
	Verb string
	// Effect says what it does, and what whoever approves it should know.
	Effect string
	// Success is what has happened when it succeeded, as a sentence that stays true when
	// somebody takes it back: cards keep it. Empty: the words of Defender's own status say it.
	Success string
	// Package is set where what it makes can be downloaded; see [Client.PackageURI].
	Package bool
	// Undo is the name of the row that takes its effect back. Empty: there is none, or
	// there is no effect to take back.
	Undo string
	// Harmless is set where nothing changes for whoever works on the device. Such rows
	// are switched on unless somebody says otherwise.
	Harmless bool
	// Ended is set where Microsoft has said that it does not offer the action any more.
	// What the tenant answers decides all the same.
	Ended *Ending
	// Page is the vendor's page.
	Page string
	// Post is the endpoint that starts it; its Name is the last path segment.
	Post Endpoint
	// Fields are sent in the body beside Comment. Names are case-sensitive. It may be nil.
	Fields map[string]string
	// Type and Scope are what the machine action will carry; empty for investigations. An
	// answer may lack the scope: see [Action.Covers] and [Action.Admits].
	Type, Scope string
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
	// Platforms are the same, to be held against what Defender says of a device; see
	// [Action.Supports].
	Platforms []Platform
}

// Ending is what Microsoft has said about an action that it does not offer any more.
type Ending struct {
	// Since is the day from which on it is not offered.
	Since time.Time
	// Notice is Microsoft's announcement in one sentence.
	Notice string
	// Successor is the name of the row that Microsoft offers in its place.
	Successor string
	// QueuedFor is how long what was accepted all the same may stay queued before it is
	// taken for never to be run.
	QueuedFor time.Duration
}

// Covers reports whether a machine action of Type is this action by the scope that
// Defender shows. Of a row without a scope that is every one. Defender leaves the scope
// out now and then; what it stands for then is not known, so it is no proof.
func (a Action) Covers(scope string) bool { return a.Scope == "" || scope == a.Scope }

// Admits reports whether a machine action of Type can be this action by the scope that
// Defender shows. That is enough for one that is known to be this program's own, by its
// comment or as the answer to its POST.
func (a Action) Admits(scope string) bool { return scope == "" || a.Covers(scope) }

// Catalogue is a list of actions, no two with one name. [Actions] is all of them.
type Catalogue []Action

// Names returns the names of all rows, in their order.
func (c Catalogue) Names() []string {
	names := make([]string, len(c))
	for i, a := range c {
		names[i] = a.Name
	}
	return names
}

// Endpoints are all that have limits of their own, each once: those that serve all actions,
// and those of the rows, of which two can share one.
func (c Catalogue) Endpoints() []Endpoint {
	list := []Endpoint{MachinesEndpoint(), MachineActionsEndpoint(), InvestigationsEndpoint(), CancelEndpoint(), PackageEndpoint()}
	for _, a := range c {
		if !slices.ContainsFunc(list, func(e Endpoint) bool { return e.Name == a.Post.Name }) {
			list = append(list, a.Post)
		}
	}
	return list
}

// Named returns the row with that name. Case matters.
func (c Catalogue) Named(name string) (Action, bool) {
	i := slices.IndexFunc(c, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return Action{}, false
	}
	return c[i], true
}

// Of returns the row that a job is of, whoever started it: the first that creates its type
// with its scope.
func (c Catalogue) Of(j Job) (Action, bool) {
	i := slices.IndexFunc(c, func(a Action) bool {
		return a.Tracks == j.Tracks && a.Type == j.Type && a.Covers(j.Scope)
	})
	if i < 0 {
		return Action{}, false
	}
	return c[i], true
}

// Beside are the types of machine action of which none may run beside an action: its own,
// and those of its group. An investigation has none.
func (c Catalogue) Beside(a Action) []string {
	var types []string
	for _, row := range append(Catalogue{a}, c...) {
		same := row.Name == a.Name || a.Excludes != "" && row.Excludes == a.Excludes
		if same && row.Type != "" && !slices.Contains(types, row.Type) {
			types = append(types, row.Type)
		}
	}
	return types
}
