package office

import (
	"context"
	"strconv"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// Desk is where people's wishes come in: each checks the facts, asks the
// policy and commits. Every error is a *Refusal, ErrNotRecorded or ErrUnconfirmed, and of what
// only reads, a *Refusal or ErrNotRead.
type Desk struct {
	store     *ledger.Store
	defender  *defender.Client
	people    people
	roster    *Roster
	terms     approvals.Terms
	most      int
	handOver  func(context.Context, approvals.Request, ledger.Lease)
	lookAfter func(id string) // somebody is told to look at the card of that request
	backOff   func(context.Context, defender.Endpoint, error) time.Time
}

// DeskConfig is what a Desk needs.
type DeskConfig struct {
	Store    *ledger.Store
	Defender *defender.Client
	People   approvals.Directory
	Policy   approvals.Policy
	Roster   *Roster // counts who could approve
	Worker   *Worker // gets what was just approved at once
	// Terms are those of new requests; what an action decides is set by it.
	Terms approvals.Terms
	// MaxOpen is how many requests one person may have open; 0: no limit.
	MaxOpen int
}

// NewDesk makes a Desk.
func NewDesk(c DeskConfig) *Desk {
	return &Desk{
		store: c.Store, defender: c.Defender, people: people{c.People, c.Policy}, roster: c.Roster, terms: c.Terms, most: c.MaxOpen,
		handOver: c.Worker.handOver, lookAfter: c.Worker.lookAfter, backOff: c.Worker.backOff,
	}
}

// Now is Redis's clock, by which windows are counted.
func (d *Desk) Now() time.Time { return d.store.Now() }

// By says who wants something, where, and in which operation: the id of the
// envelope it came in, so that a redelivery changes nothing.
type By struct {
	Op    string
	User  string
	Place approvals.Place
	On    Message // what a decision was made on; nothing for Ask
	// Home reports whether it was made on the person's own home, which shows requests of all
	// places. There Place has no more than the team.
	Home bool
	// Private: it was pressed on what this person alone was shown, in the place of the request.
	Private bool
	// Public: what is answered is seen by everybody in the place.
	Public bool
	// Direct: what came says that the place is a message between some people, whatever the
	// directory knows of it.
	Direct bool
	// Typed: the request's id was typed in a command. That can show a request and cancel
	// it; it decides nothing, for nobody was shown what they decide on.
	Typed bool
}

// Message is the message of [By.Place] whose button was pressed.
type Message struct {
	TS string
	// Copy reports whether the bot wrote the message and its own buttons are of the
	// request: a second card, or one whose name a crash kept from being saved.
	Copy bool
}

// shown is a refusal unless by decides on the card of r, on a copy of it, or on the
// person's home: what was pressed anywhere else was not shown by r.
func (by By) shown(r approvals.Request) error {
	place, own := r.Place, by.On.Copy || by.On.TS != "" && by.On.TS == r.Card.TS
	if by.Home {
		place.Channel, own = "", true
	}
	if by.Place != place || !own {
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.OtherMessage}, Request: r}
	}
	return nil
}

// Approve is a yes to what digest stands for. What it starts goes to the
// worker of this process at once.
func (d *Desk) Approve(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	op := by.op(approvals.ToApprove, id, digest)
	r, f, err := d.load(ctx, by, id, approvals.ToApprove)
	if err != nil {
		return d.store.UnlessDone(ctx, op, r, err)
	}
	after, c, err := d.approve(ctx, op, r, approvals.Approve{By: f.Person, Digest: digest, Joined: f.Joined})
	if c.Token > 0 { // also where too few replicas have it
		d.handOver(ctx, after, c)
	}
	return after, err
}

// Deny is a no to what digest stands for, with the reason as typed.
func (d *Desk) Deny(ctx context.Context, by By, id, digest, text string) (approvals.Request, error) {
	return d.end(ctx, by, id, approvals.ToDeny, by.op(approvals.ToDeny, id, digest, text), func(_ approvals.Request, p approvals.Person) (approvals.Event, error) {
		return approvals.Deny{By: p, Digest: digest, Text: text}, nil
	})
}

// Cancel takes a request back, or stops those of its calls that still wait. Its id
// may be typed: where the request was made, and by its requester wherever the bot
// takes commands.
func (d *Desk) Cancel(ctx context.Context, by By, id string) (approvals.Request, error) {
	return d.end(ctx, by, id, approvals.ToCancel, by.op(approvals.ToCancel, id), func(_ approvals.Request, p approvals.Person) (approvals.Event, error) {
		return approvals.Cancel{By: p}, nil
	})
}

// end commits a decision that starts no call.
func (d *Desk) end(ctx context.Context, by By, id string, v approvals.Verb, op ledger.Op, as func(approvals.Request, approvals.Person) (approvals.Event, error)) (approvals.Request, error) {
	load := d.load
	if by.Typed && v == approvals.ToCancel {
		load = d.loadTyped
	}
	r, f, err := load(ctx, by, id, v)
	if err != nil {
		return d.store.UnlessDone(ctx, op, r, err)
	}
	return d.store.Apply(ctx, op, r, func(r approvals.Request) (approvals.Event, error) { return as(r, f.Person) })
}

// load reads a request, and for its action the facts, and asks the policy.
func (d *Desk) load(ctx context.Context, by By, id string, v approvals.Verb) (approvals.Request, approvals.Facts, error) {
	r, err := d.shown(ctx, by, id)
	if err != nil {
		return r, approvals.Facts{}, err
	}
	return d.judged(ctx, by, r, v)
}

// loadPrivately is load for what was pressed on a private answer in the place of the
// request. Whoever presses there is not trusted for it: everything is checked as on a card.
func (d *Desk) loadPrivately(ctx context.Context, by By, id string, v approvals.Verb) (approvals.Request, approvals.Facts, error) {
	r, err := d.read(ctx, id)
	switch {
	case err != nil:
		return r, approvals.Facts{}, err
	case by.Place != r.Place:
		return r, approvals.Facts{}, &approvals.Refusal{Why: approvals.Why{Reason: approvals.OtherMessage}, Request: r}
	}
	return d.judged(ctx, by, r, v)
}

// loadTyped is load for an id that was typed.
func (d *Desk) loadTyped(ctx context.Context, by By, id string, v approvals.Verb) (approvals.Request, approvals.Facts, error) {
	r, err := d.read(ctx, id)
	if err != nil {
		return r, approvals.Facts{}, err
	}
	_, f, err := d.judged(ctx, by, r, v)
	if err == nil {
		err = approvals.WithRequest(d.people.policy.MayTypeIn(by.Place, f, r), r)
	}
	return r, f, err
}

// judged looks up the facts for the action of r, and asks the policy.
func (d *Desk) judged(ctx context.Context, by By, r approvals.Request, v approvals.Verb) (_ approvals.Request, f approvals.Facts, err error) {
	var ch approvals.Channel
	var asked error // why what the requester asked for cannot be approved
	var jobs []func(context.Context) error
	switch v { //nolint:exhaustive // the others do not have to be somebody else's
	case approvals.ToApprove:
		jobs = append(jobs, func(ctx context.Context) error { asked = d.people.stillAsked(ctx, r, by.User); return nil })
	case approvals.ToReview:
		jobs = append(jobs, func(ctx context.Context) error { asked = d.people.stillOther(ctx, r, by.User); return nil })
	}
	at := r
	if by.Home { // a home is no channel of the organisation, wherever the request was made
		at.Place.Channel = ""
	}
	jobs = append(jobs, func(ctx context.Context) (err error) {
		f, ch, err = d.people.factsIn(ctx, by.User, v, at)
		return notKnown(err)
	})
	if err = together(ctx, jobs...); err != nil {
		return r, f, approvals.WithRequest(approvals.RefusalOr(err, approvals.ErrNotRecorded), r)
	}
	if err = d.people.policy.May(v, f, ch, r); err == nil {
		err = asked
	}
	return r, f, approvals.WithRequest(err, r)
}

// read loads a request that somebody names.
func (d *Desk) read(ctx context.Context, id string) (approvals.Request, error) {
	r, err := d.store.Load(ctx, id)
	if err != nil {
		err = approvals.WithRequest(approvals.RefusalOr(err, approvals.ErrNotRecorded), r)
	}
	return r, err
}

// shown reads a request and refuses what was not pressed on its card.
func (d *Desk) shown(ctx context.Context, by By, id string) (approvals.Request, error) {
	r, err := d.read(ctx, id)
	if err != nil {
		return r, err
	}
	return r, by.shown(r)
}

// LostSince reports whether Redis was found to have lost changes after a message was
// posted.
func (d *Desk) LostSince(m Message) bool {
	posted, err := strconv.ParseFloat(m.TS, 64) // seconds since 1970
	return err == nil && d.store.SetBack(time.UnixMilli(int64(posted*1000)))
}

// Found says that the card of r is message ts: a click came from it, and the
// record knows of none. A crash between posting and saving leaves it so. The answer
// has the card that r has now, which is another if the worker posted one first.
func (d *Desk) Found(ctx context.Context, r approvals.Request, ts string) (approvals.Request, error) {
	found, err := d.store.Apply(ctx, ledger.NewOp(), r, func(r approvals.Request) (approvals.Event, error) {
		if r.Card.TS != "" {
			return nil, approvals.Refuse(approvals.DoesNotFit, "it has a card")
		}
		return approvals.Show{TS: ts, Told: r.Card.Told}, nil
	})
	if _, refused := approvals.AsRefusal(err); refused && found.Card.TS != "" {
		return found, nil
	}
	return found, err
}

// MayDeny is the request, and a refusal where a no of by to what digest stands for
// would be refused now: enough to open a form that is checked again when it is
// sent.
func (d *Desk) MayDeny(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	r, f, err := d.load(ctx, by, id, approvals.ToDeny)
	if err == nil {
		_, err = approvals.Next(r, approvals.Deny{By: f.Person, Digest: digest}, d.store.Now())
	}
	return r, approvals.WithRequest(err, r)
}

// op is the operation in which by wants v of what the parts say.
func (by By) op(v approvals.Verb, parts ...string) ledger.Op {
	wish := append([]string{by.User, by.Place.Team, by.Place.Channel, string(v)}, parts...)
	return ledger.Op{ID: by.Op, Digest: approvals.DigestOf(wish)}
}
