package office

import (
	"cmp"
	"context"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// patience is how long a check waits for a Defender that does not answer
// before it goes on with what it has.
const patience = 10 * time.Second

// check looks up the devices of r and puts it to the approvers, has its requester choose
// one, or rejects it.
func (w *Worker) check(ctx context.Context, l ledger.Lease, r approvals.Request) (time.Time, error) {
	if r.Chooses() {
		return w.offer(ctx, l, r)
	}
	found, err := w.findAll(ctx, r)
	if err != nil {
		return time.Time{}, err
	}
	devices := make([]approvals.Device, len(found))
	var unfit []finding
	var again time.Time
	var choices []approvals.Event
	for i, f := range found {
		if f.why.Reason != "" {
			return time.Time{}, w.apply(ctx, l, r, approvals.Reject{Why: f.why})
		}
		if len(f.several) > 0 {
			choices = append(choices, approvals.Offer{Device: i, Offered: f.several})
		}
		devices[i] = f.device
		if f.unfit {
			unfit = append(unfit, f)
		}
		again = approvals.Earliest(again, f.again)
	}
	switch action, _ := w.store.Action(r.Action); {
	case !again.IsZero():
		return again, nil
	case len(unfit) > 0:
		return time.Time{}, w.apply(ctx, l, r, approvals.Reject{Why: unsupported(action, unfit, len(devices), w.worksInstead(action, unfit))})
	case len(choices) > 0: // one after the other
		return time.Time{}, w.apply(ctx, l, r, choices[0])
	}
	return time.Time{}, w.openForApproval(ctx, l, r, devices)
}

// findAll looks up what is not known of the devices of r by now: where the reads
// are few for many, each try has to get further.
func (w *Worker) findAll(ctx context.Context, r approvals.Request) ([]finding, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	found := make([]finding, len(r.Devices))
	impatient := w.store.Now().Sub(r.CheckedFrom()) > patience
	g := new(errgroup.Group)
	g.SetLimit(5)
	for i := range r.Devices {
		key := approvals.CallID(r.ID, i)
		if known, ok := w.found.get(key, w.store.Now()); ok {
			found[i] = known.value
			continue
		}
		g.Go(safely(func() error {
			f, err := w.find(ctx, r, i, impatient)
			if f.device.Verified {
				w.found.put(key, f, w.store.Now())
			}
			found[i] = f
			return err
		}))
	}
	return found, g.Wait()
}

// openForApproval makes r pending with the devices that were found.
func (w *Worker) openForApproval(ctx context.Context, l ledger.Lease, r approvals.Request, devices []approvals.Device) error {
	if twice := sameTwice(devices); twice != "" {
		return w.apply(ctx, l, r, approvals.Reject{Why: approvals.Why{Reason: approvals.DeviceTwice, Detail: twice}})
	}
	action, ok := w.store.Action(r.Action)
	if !ok {
		return approvals.Refuse(approvals.UnknownAction, r.Action)
	}
	before, err := w.store.HeldBefore(ctx, r.Action, devices)
	if err != nil {
		return err
	}
	if before != "" {
		why := approvals.Why{Reason: approvals.AlreadyOpen, Detail: before}
		if owner, err := w.store.Load(ctx, before); err == nil { // else there is less to tell
			why.Other = approvals.OtherOf(owner, "")
		}
		return w.apply(ctx, l, r, approvals.Reject{Why: why})
	}
	budget, err := w.store.Budget(ctx, action, len(devices))
	if err != nil {
		return err
	}
	if devices, err = w.cautioned(ctx, r, action, devices); err != nil {
		return err
	}
	err = w.open(ctx, l, r, devices, budget)
	if id := approvals.OpenElsewhere(err); id != "" {
		w.refreshCard(ctx, id)
		refused, _ := approvals.AsRefusal(err)
		return w.apply(ctx, l, r, approvals.Reject{Why: refused.Why})
	}
	if err != nil {
		return err
	}
	return w.markOrigin(ctx, r)
}

// open puts r to its approvers, or has its call made where its requester acts alone.
func (w *Worker) open(ctx context.Context, l ledger.Lease, r approvals.Request, devices []approvals.Device, budget approvals.Budget) error {
	if r.Forced {
		return w.force(ctx, l, r, devices, budget)
	}
	beyond, err := w.beyondReach(ctx, r, len(devices))
	if err == nil && !beyond {
		err = w.apply(ctx, l, r, approvals.Resolve{Devices: devices, Budget: budget})
		beyond = ledger.BeyondReach(err) // it came with its approval
	}
	switch {
	case !beyond:
		return err
	case w.roster != nil && w.roster.lacks(ctx, r, r.Terms.Needed+1):
		return w.apply(ctx, l, r, approvals.Reject{Why: tooFewForReach(r)})
	}
	return w.apply(ctx, l, r, approvals.Resolve{Devices: devices, Budget: budget, Beyond: true})
}

// apply commits one event of r, and gives a lease back, if there is one.
func (w *Worker) apply(ctx context.Context, l ledger.Lease, r approvals.Request, e approvals.Event) error {
	_, err := w.store.ApplyLeased(ctx, l, r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	return err
}

// finding is what looking up one device gave: the device, several of which somebody has
// to choose one, a reason to reject the request, or a time to try again.
type finding struct {
	device approvals.Device
	unfit  bool // the action cannot work on it
	why    approvals.Why
	again  time.Time

	several     []approvals.Device // which it can be, newest first
	os, version string             // Defender's words, apart
}

// find looks one device up. When Defender cannot be asked, or not soon, an id
// goes on as not verified; a name cannot.
func (w *Worker) find(ctx context.Context, r approvals.Request, i int, impatient bool) (finding, error) {
	d, why := r.Devices[i], approvals.Why{Reason: approvals.ReadsUsedUp}
	at, err := w.mayLookUp(ctx, r.By, d)
	if err != nil && ctx.Err() == nil { // Redis fails; the end of the step's time says nothing of it
		return finding{}, err
	}
	if err == nil && at.IsZero() {
		var f finding
		if f, err = w.lookUp(ctx, d); err == nil {
			action, _ := w.store.Action(r.Action)
			return f.judged(action), nil
		}
		if defender.CauseOf(err) == defender.NoSuchDevice {
			return w.notThere(ctx, r, i), nil
		}
		w.warn(ctx, "look up the device", err, r, i)
		at = w.backOff(ctx, defender.MachinesEndpoint(), err)
	}
	if err != nil {
		why = whyOf(err)
	}
	patient, full := !impatient && !lasts(why.Reason), why.Reason == approvals.ReadsUsedUp
	switch byName := d.ID == ""; {
	case patient, full && byName:
		return finding{again: approvals.Earliest(at, w.tryNext(r, full))}, nil
	case byName:
		return finding{why: approvals.Why{Reason: approvals.DeviceUnread, Detail: d.Name, Cause: &why}}, nil
	}
	return finding{device: approvals.Device{ID: d.ID, Name: d.Name, Unread: why}}, nil
}

// tryNext is when a device of r that could not be looked up is tried again at the latest. Where
// the reads are used up there is nothing to try before patience has ended: a flood of requests
// that all tried would use up Redis, too.
func (w *Worker) tryNext(r approvals.Request, full bool) time.Time {
	again := w.store.Now().Add(stepRetry)
	if ends := r.CheckedFrom().Add(patience + time.Millisecond); full && ends.After(again) {
		return ends
	}
	return again
}

// enoughMisses is how often Defender has to say that it does not know a device
// before that is believed: one of its servers may learn of it later than another.
const enoughMisses = 3

// notThere is the finding of a device that Defender does not know.
func (w *Worker) notThere(ctx context.Context, r approvals.Request, i int) finding {
	key, now := approvals.CallID(r.ID, i), w.store.Now()
	n, _ := w.missed.get(key, now)
	if n.value+1 < enoughMisses {
		w.missed.put(key, n.value+1, now)
		return finding{again: now.Add(stepRetry)}
	}
	w.logOf(r, i).InfoContext(ctx, "device unknown to defender", "asked", enoughMisses)
	why := approvals.Why{Reason: approvals.DeviceNotFound, Detail: cmp.Or(r.Devices[i].ID, r.Devices[i].Name)}
	if r.Devices[i].ID == "" {
		why.Cause = w.near(ctx, r.By, r.Devices[i].Name)
	}
	return finding{why: why}
}

// mayLookUp books the reads of one look-up: a bare host name takes two, one for
// the name as it is and one for names that begin with it.
func (w *Worker) mayLookUp(ctx context.Context, by approvals.Person, d approvals.Device) (time.Time, error) {
	reads := 1
	if d.ID == "" && !strings.Contains(d.Name, ".") {
		reads = 2
	}
	return w.store.BookReads(ctx, defender.MachinesEndpoint(), reads, ledger.ForPerson(by))
}

func sameTwice(devices []approvals.Device) string {
	seen := map[string]bool{}
	for _, d := range devices {
		if seen[d.ID] {
			return strings.TrimSpace(d.Name + " " + d.ID)
		}
		seen[d.ID] = true
	}
	return ""
}

// markOrigin writes into the old record what was asked for from its card, so that the
// card says so. The claim of a retry has made it the only one already, and a click on the
// old card marks it too. A refusal means that it is marked already, or forgotten.
func (w *Worker) markOrigin(ctx context.Context, r approvals.Request) error {
	id, e := r.RetryOf, approvals.Event(triedAgain(r))
	if r.From.Request != "" {
		id, e = r.From.Request, approvals.Follow{How: r.From.How, Action: r.Action, As: r.ID, By: r.By}
	}
	if id == "" {
		return nil
	}
	old, err := w.store.Load(ctx, id)
	if err == nil {
		err = w.apply(ctx, ledger.Lease{}, old, e)
	}
	if _, refused := approvals.AsRefusal(err); refused {
		return nil
	}
	return err
}
