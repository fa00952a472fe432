package office

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// judged holds the operating system of a device that was found against what the action
// works on.
func (f finding) judged(action defender.Action) finding {
	switch action.Supports(f.os, f.version) {
	case defender.Fails:
		f.unfit = true
	case defender.Unsure:
		f.device.Cautions = []approvals.Caution{{Kind: approvals.CautionOS}}
	case defender.Works:
	}
	return f
}

// mostNamed is how many devices a sentence names, and mostNaming how many characters it has
// for each one's name and system: what is to be done comes behind them.
const (
	mostNamed  = 3
	mostNaming = 32
)

// brief shortens what Defender calls something, so that it can be part of a sentence.
func brief(s string) string {
	if r := []rune(s); len(r) > mostNaming {
		return string(r[:mostNaming-1]) + "…"
	}
	return s
}

// worksInstead is the successor of an action that Microsoft has ended, where it can be
// asked for here and works on all devices on which the action does not; empty: there is none.
func (w *Worker) worksInstead(action defender.Action, unfit []finding) string {
	if action.Ended == nil {
		return ""
	}
	next, ok := w.store.Action(action.Ended.Successor)
	fails := func(f finding) bool { return next.Supports(f.os, f.version) != defender.Works }
	if !ok || w.people.policy.RuleFor(next.Name).Off || slices.ContainsFunc(unfit, fails) {
		return ""
	}
	return next.Name
}

// unsupported is why a request is rejected for devices on which its action cannot work,
// and what works there instead, if anything does.
func unsupported(action defender.Action, unfit []finding, of int, instead string) approvals.Why {
	var names []string
	for _, f := range unfit[:min(len(unfit), mostNamed)] {
		d := f.device
		names = append(names, strings.TrimSpace(brief(d.Name)+" ("+brief(d.OS)+")"))
	}
	detail := strings.Join(names, ", ")
	if more := len(unfit) - len(names); more > 0 {
		detail += fmt.Sprintf(" and %d more", more)
	}
	detail += "; it works on " + action.Supported
	switch {
	case of == len(unfit):
	case len(unfit) == 1:
		detail += ". Ask again without that device"
	default:
		detail += ". Ask again without those devices"
	}
	if instead != "" {
		detail += "; “" + instead + "” works there"
	}
	return approvals.Why{Reason: approvals.UnsupportedOS, Detail: detail}
}

// cautionLimit is how long finding out what speaks against a request may delay it.
const cautionLimit = 4 * time.Second

// cautioned are the devices with what speaks against the action on them: all at once, for it
// delays the card. A Defender that does not answer in time is itself something to say.
func (w *Worker) cautioned(ctx context.Context, r approvals.Request, action defender.Action, devices []approvals.Device) ([]approvals.Device, error) {
	reading, cancel := context.WithTimeout(ctx, cautionLimit)
	defer cancel()
	list := make([]approvals.Device, len(devices))
	g := new(errgroup.Group)
	for i, d := range devices {
		g.Go(safely(func() error {
			busy, err := w.busyWith(reading, r, action, i, d)
			if err != nil {
				return err
			}
			before, err := w.askedBefore(ctx, r, d)
			d.Cautions = slices.Concat(d.Cautions, busy, before)
			list[i] = d
			return err
		}))
	}
	return list, g.Wait()
}

// askedBefore is the caution that the same was asked for a device lately, if it was. What a
// request tries again stands on its card anyway.
func (w *Worker) askedBefore(ctx context.Context, r approvals.Request, d approvals.Device) ([]approvals.Caution, error) {
	old, found, err := w.store.LastAsked(ctx, r.Action, d.ID, w.store.Now().Add(-approvals.AskedLately), r.RetryOf)
	if err != nil || !found {
		return nil, err
	}
	return []approvals.Caution{approvals.AskedBefore(old, d.ID)}, nil
}

// busyWith is the caution that something runs on a device beside which the action cannot
// run, or that nobody knows; none: nothing does. Of a device that Defender could not be asked
// about there is no need to ask more.
func (w *Worker) busyWith(ctx context.Context, r approvals.Request, action defender.Action, i int, d approvals.Device) ([]approvals.Caution, error) {
	if !d.Verified {
		return nil, nil
	}
	endpoint, rows := action.Tracks.Endpoint(), w.store.Catalogue()
	at, err := w.store.BookReads(ctx, endpoint, 1, ledger.ForPerson(r.By))
	switch {
	case ctx.Err() != nil:
		return unchecked(approvals.Why{Reason: approvals.NotReached}), nil //nolint:nilerr // its card says it
	case err != nil:
		return nil, err
	case !at.IsZero():
		return unchecked(approvals.Why{Reason: approvals.ReadsUsedUp}), nil
	}
	open, whole, err := w.defender.OpenOn(ctx, action.Tracks, rows.Beside(action), d.ID)
	w.backOff(context.WithoutCancel(ctx), endpoint, err)
	switch {
	case err != nil:
		w.warn(ctx, "look for what is running", err, r, i)
		return unchecked(whyOf(err)), nil
	case len(open) > 0:
		return w.busyBy(context.WithoutCancel(ctx), rows, open[0])
	case !whole:
		return unchecked(approvals.Why{Reason: approvals.NotShown}), nil
	}
	return nil, nil
}

func unchecked(why approvals.Why) []approvals.Caution {
	return []approvals.Caution{{Kind: approvals.CautionUnchecked, Why: why}}
}

// busyBy says what runs and who started it: a request, where one has a call that did, or
// whoever Defender names.
func (w *Worker) busyBy(ctx context.Context, rows defender.Catalogue, j defender.Job) ([]approvals.Caution, error) {
	c := approvals.Caution{Kind: approvals.CautionBusy, Action: j.Type, Starter: j.Requestor, At: j.Created}
	if row, known := rows.Of(j); known {
		c.Action = row.Name
	}
	for _, prefix := range approvals.JobPrefixes(j.ID, j.AlertID) {
		owner, err := w.store.Owner(ctx, prefix)
		if err != nil {
			return nil, err
		}
		if owner == "" {
			continue
		}
		r, err := w.store.Load(ctx, owner)
		if _, refused := approvals.AsRefusal(err); err != nil && !refused {
			return nil, err
		}
		if r.Started(j.ID, j.AlertID) {
			c.Request, c.By, c.Starter = r.ID, r.By, ""
		}
	}
	return []approvals.Caution{c}, nil
}
