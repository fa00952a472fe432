package approvals

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Desk is where people's wishes come in: each checks the facts, asks the
// policy and commits. Every error is a *No, ErrNotRecorded or ErrUnconfirmed.
type Desk struct {
	store  *Store
	people Directory
	policy Policy
	roster *Roster
	terms  Terms
	most   int
	hand   func(Request, claimed)
	sendTo func(id string) // somebody is told to look at the card of that request
}

// DeskConfig is what a Desk needs.
type DeskConfig struct {
	Store  *Store
	People Directory
	Policy Policy
	Roster *Roster // counts who could approve
	Worker *Worker // gets what was just approved at once
	// Terms are those of new requests; Needed and Horizon are set by action.
	Terms Terms
	// MaxOpen is how many requests one person may have open; 0: no limit.
	MaxOpen int
}

// NewDesk makes a Desk.
func NewDesk(c DeskConfig) *Desk {
	return &Desk{
		store: c.Store, people: c.People, policy: c.Policy, roster: c.Roster, terms: c.Terms, most: c.MaxOpen,
		hand: c.Worker.hand, sendTo: c.Worker.sendTo,
	}
}

// Wish is what somebody wants to be asked for.
type Wish struct {
	Action  string
	Devices []Device // each with an id or a name
	Comment string
}

// By says who wants something, where, and in which operation: the id of the
// envelope it came in, so that a redelivery changes nothing.
type By struct {
	Op    string
	User  string
	Place Place
	On    Message // what a decision was made on; nothing for Ask
}

// Message is the message of [By.Place] whose button was pressed.
type Message struct {
	TS string
	// Copy reports whether the bot wrote the message and its own buttons are of the
	// request: a second card, or one whose name a crash kept from being saved.
	Copy bool
}

// shown is a refusal unless by decides on the card of r or a copy of it: what
// was pressed anywhere else was not shown by r.
func (by By) shown(r Request) error {
	own := by.On.TS != "" && by.On.TS == r.Card.TS
	if by.Place != r.Place || !own && !by.On.Copy {
		return &No{Why: Why{Reason: OtherMessage}, Request: r}
	}
	return nil
}

// Ask makes a request of a wish.
func (d *Desk) Ask(ctx context.Context, by By, w Wish) (Request, error) {
	action, ok := d.store.Action(w.Action)
	if !ok {
		return Request{}, no(UnknownAction, w.Action)
	}
	f, ch, everybody, err := d.lookUp(ctx, by)
	if err != nil {
		return Request{}, unknown(err)
	}
	terms := d.terms
	terms.Needed, terms.Horizon = d.policy.needed(w.Action), action.Horizon
	if err := d.policy.May(ToAsk, f, ch, Request{}); err != nil {
		return Request{}, err
	}
	if err := d.roster.enough(ctx, everybody, []Person{f.Person}, ch, terms.Needed); err != nil {
		return Request{}, err
	}
	r := Request{
		Action: w.Action, Devices: w.Devices, Comment: w.Comment,
		By: f.Person, Place: by.Place, Terms: terms,
	}
	made, err := d.store.Create(ctx, by.op(ToAsk, r.Digest(), hostNames(w.Devices)), r, d.most)
	if refused, ok := asNo(err); ok && refused.Why.Reason == AlreadyOpen {
		d.sendTo(refused.Why.Detail)
	}
	return made, err
}

// hostNames are the names of devices that have no id yet.
func hostNames(devices []Device) string {
	names := make([]string, len(devices))
	for i, d := range devices {
		names[i] = d.Name
	}
	return strings.Join(names, ",")
}

// lookUp finds out at once what has to be known about who asks and where, and as
// much as can be about who could approve.
func (d *Desk) lookUp(ctx context.Context, by By) (f Facts, ch Channel, everybody roll, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(safely(func() (err error) { f, err = d.policy.facts(ctx, d.people, by.User, ToAsk); return err }))
	g.Go(safely(func() (err error) { ch, err = d.people.Channel(ctx, by.Place.Channel); return err }))
	g.Go(safely(func() error { everybody = d.policy.Approvers.everybody(ctx, d.people); return nil }))
	err = g.Wait()
	return f, ch, everybody, err
}

// Approve is a yes to what digest stands for. What it starts goes to the
// worker of this process at once.
func (d *Desk) Approve(ctx context.Context, by By, id, digest string) (Request, error) {
	op := by.op(ToApprove, id, digest)
	r, f, err := d.open(ctx, by, id, ToApprove)
	if err != nil {
		return d.store.unlessDone(ctx, op, r, err)
	}
	after, c, err := d.store.take(ctx, op, r, func(Request) (Event, error) {
		return Approve{By: f.Person, Digest: digest}, nil
	})
	if err == nil && c.Token > 0 {
		d.hand(after, c)
	}
	return after, err
}

// Deny is a no to what digest stands for, with the reason as typed.
func (d *Desk) Deny(ctx context.Context, by By, id, digest, text string) (Request, error) {
	op := by.op(ToDeny, id, digest, text)
	r, f, err := d.open(ctx, by, id, ToDeny)
	if err != nil {
		return d.store.unlessDone(ctx, op, r, err)
	}
	return d.store.Apply(ctx, op, r, func(Request) (Event, error) {
		return Deny{By: f.Person, Digest: digest, Text: text}, nil
	})
}

// Cancel takes a request back, or stops those of its calls that still wait.
func (d *Desk) Cancel(ctx context.Context, by By, id string) (Request, error) {
	op := by.op(ToCancel, id)
	r, f, err := d.open(ctx, by, id, ToCancel)
	if err != nil {
		return d.store.unlessDone(ctx, op, r, err)
	}
	return d.store.Apply(ctx, op, r, func(Request) (Event, error) {
		return Cancel{By: f.Person}, nil
	})
}

// open reads a request and the facts at once and asks the policy.
func (d *Desk) open(ctx context.Context, by By, id string, v Verb) (Request, Facts, error) {
	var r Request
	var f Facts
	var asked error // why what the requester asked for cannot be approved
	g, gctx := errgroup.WithContext(ctx)
	g.Go(safely(func() (err error) {
		if r, err = d.store.Load(gctx, id); err == nil && v == ToApprove {
			asked = d.policy.stillAsked(gctx, d.people, r, by.User)
		}
		return err
	}))
	g.Go(safely(func() (err error) {
		f, err = d.policy.facts(gctx, d.people, by.User, v)
		return unknown(err)
	}))
	if err := g.Wait(); err != nil {
		return r, f, withRequest(refusedOr(err, ErrNotRecorded), r)
	}
	if err := by.shown(r); err != nil {
		return r, f, err
	}
	if v == ToCancel {
		var err error
		if f, err = d.policy.involve(ctx, d.people, f, r); err != nil {
			return r, f, withRequest(unknown(err), r)
		}
	}
	ch, err := d.policy.place(ctx, d.people, f, r.Place.Channel)
	if err != nil {
		return r, f, withRequest(unknown(err), r)
	}
	if err = d.policy.May(v, f, ch, r); err == nil {
		err = asked
	}
	return r, f, withRequest(err, r)
}

// safely makes an error of a panic. One in a goroutine of a group would end the
// process, whoever recovers around the group.
func safely(f func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panicked: %v\n%s", p, debug.Stack())
			}
		}()
		return f()
	}
}

// Found says that the card of r is message ts: a click came from it, and the
// record knows of none. A crash between posting and saving leaves it so.
func (d *Desk) Found(ctx context.Context, r Request, ts string) error {
	_, err := d.store.Apply(ctx, newOp(), r, func(r Request) (Event, error) {
		if r.Card.TS != "" {
			return nil, no(DoesNotFit, "it has a card")
		}
		return Show{TS: ts, Told: r.Card.Told}, nil
	})
	return err
}

// MayDecide reports whether a person could decide at all, before a request and
// its channel are looked at: enough to open a form that is checked when it is
// sent.
func (d *Desk) MayDecide(ctx context.Context, user string) error {
	f, err := d.policy.facts(ctx, d.people, user, ToDeny)
	if err != nil {
		return unknown(err)
	}
	return d.policy.May(ToDeny, f, Channel{OrgShared: true}, Request{})
}

// unknown is the refusal for facts that could not be had: no facts, no yes.
func unknown(err error) error {
	if err == nil {
		return nil
	}
	return &No{Why: Why{Reason: NotKnown}, Err: err}
}

// refusedOr keeps a refusal and marks every other error with kind.
func refusedOr(err, kind error) error {
	if _, ok := asNo(err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// crockford has no I, L, O and U: ids are read aloud and typed
// (https://www.crockford.com/base32.html).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newID draws the id of a request. It names, it gives no right to anything.
func newID() string {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil { // never fails: see crypto/rand
		panic(err)
	}
	for i := range b {
		b[i] = crockford[b[i]%32]
	}
	return "D-" + string(b[:])
}
