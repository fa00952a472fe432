package defenderfake

import (
	"fmt"
	"slices"
)

// Portal is a person who works in Defender's own pages, past the API and its limits.
type Portal struct {
	server *Server
	person string
}

// Portal returns the portal as person sees it; actions started there name that person as requestor.
func (s *Server) Portal(person string) Portal { return Portal{s, person} }

// Start starts an action, named by its endpoint such as CollectPackage, and returns its id. It fails for a device or
// action that is not there, and when one of its type is open.
func (p Portal) Start(name, device, comment string) (id string, err error) {
	n := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if n < 0 {
		return "", fmt.Errorf("defenderfake: no action %q", name)
	}
	p.server.change(func(t *tenant) { id, err = p.start(t, rules[n], device, comment) })
	return id, err
}

func (p Portal) start(t *tenant, r rule, device, comment string) (string, error) {
	now := t.opts.Now()
	d, ok := t.devices[device]
	if !ok {
		return "", fmt.Errorf("defenderfake: no device %q", device)
	}
	if r.makes == "" {
		if t.openInvestigation(d.ID, now) != nil {
			return "", errBusy
		}
		return t.newInvestigation(d, p.person, comment, now).ID, nil
	}
	if t.openAction(r.makes, d.ID, now) != nil {
		return "", errBusy
	}
	scope := ""
	if r.field != nil && !r.field.sha1 {
		scope = r.field.values[0]
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
