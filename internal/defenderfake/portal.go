package defenderfake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// errEnded is an investigation by hand where there are none any more.
var errEnded = errors.New("defenderfake: investigations cannot be started by hand any more")

// Portal is a person who works in Defender's own pages, past the API and its limits.
type Portal struct {
	server *Server
	person string
}

// Portal returns the portal as person sees it; actions started there name that person as requestor.
func (s *Server) Portal(person string) Portal { return Portal{s, person} }

// Start starts an action, named by its endpoint such as CollectPackage, and returns its id. It fails for a device or
// action that is not there, and when one of its type is open. Of several scopes it takes the page's first.
func (p Portal) Start(name, device, comment string) (id string, err error) {
	return p.StartScope(name, "", device, comment)
}

// StartScope is Start with a scope, such as Selective.
func (p Portal) StartScope(name, scope, device, comment string) (id string, err error) {
	n := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if n < 0 {
		return "", fmt.Errorf("defenderfake: no action %q", name)
	}
	r := rules[n]
	if scope != "" && (r.field == nil || !slices.Contains(r.field.values, scope)) {
		return "", fmt.Errorf("defenderfake: %s has no scope %q", name, scope)
	}
	p.server.change(func(t *tenant) { id, err = p.start(t, r, scope, device, comment) })
	return id, err
}

func (p Portal) start(t *tenant, r rule, scope, device, comment string) (string, error) {
	now := t.opts.Now()
	d, ok := t.devices[device]
	if !ok {
		return "", fmt.Errorf("defenderfake: no device %q", device)
	}
	if r.makes == "" {
		if t.opts.Ended.Start != NotEnded {
			return "", errEnded
		}
		if t.openInvestigation(d.ID, now) != nil {
			return "", errBusy
		}
		return t.newInvestigation(d, p.person, comment, now).ID, nil
	}
	if t.openAction(r.makes, d.ID, now) != nil {
		return "", errBusy
	}
	if r.field != nil && !r.field.sha1 {
		scope = cmp.Or(scope, r.field.values[0])
	}
	a, _, err := t.start(r, d, p.person, "Portal", scope, comment, now)
	if err != nil {
		return "", err
	}
	return a.ID, nil
}

// Cancel cancels an open action (it becomes Cancelled) or investigation (TerminatedByUser). It fails when there is
// none with that id or it has ended.
func (p Portal) Cancel(id, comment string) error {
	var err error
	p.server.change(func(t *tenant) {
		state := ActionCancelled
		if slices.ContainsFunc(t.investigations, func(i *investigation) bool { return i.ID == id || i.AlertID == id }) {
			state = "TerminatedByUser"
		}
		err = t.finish(id, state, p.person, comment, t.opts.Now())
	})
	return err
}
