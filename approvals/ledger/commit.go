package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
)

// committed is the answer of commit.lua.
type committed struct {
	Status string `json:"status"`
	timed
	Answer string  `json:"answer"`
	Record *string `json:"record"`
	Claim  string  `json:"claim"`
	Owner  string  `json:"owner"`
	At     int64   `json:"at"` // when a call may go, or since when the action is known to have ended
	Held   bool    `json:"held"`
	Due    int64   `json:"due"`    // of the request's clock
	Token  int64   `json:"token"`  // of whoever holds that
	Soon   int64   `json:"soon"`   // the first of what was set on the agenda; 0: nothing was
	Count  int     `json:"count"`  // how many a tally has
	Freeze *string `json:"freeze"` // that in force, because of which it was not made
	Newest string  `json:"newest"` // the audit entry of the change, if it has one

	lasts error // why a change that was made, now or before, may not last; nil: it was confirmed
}

// statusOK is the status of a change that was made.
const statusOK = "ok"

// tries is how often one change is decided anew after a lost race.
const tries = 20

// Decision is what should happen to r, as it is.
type Decision func(r approvals.Request) (approvals.Event, error)

// Apply decides what happens to r and commits it under operation op. If r has
// changed meanwhile it decides again on what is there now; a refusal decided
// on an old record is decided again too. Errors: a *Refusal (refused), a *Full (no
// free slot), approvals.ErrNotRecorded and approvals.ErrUnconfirmed.
func (s *Store) Apply(ctx context.Context, op Op, r approvals.Request, decide Decision) (approvals.Request, error) {
	after, _, err := s.apply(ctx, op, r, nil, decide)
	return after, err
}

// ApplyLeased is Apply for whoever holds a lease, which the change gives back.
func (s *Store) ApplyLeased(ctx context.Context, l Lease, r approvals.Request, decide Decision) (approvals.Request, error) {
	after, _, err := s.apply(ctx, NewOp(), r, func(c *change, _ approvals.Request) { c.givesBack(l) }, decide)
	return after, err
}

// ApplyAndLease is Apply for a caller that goes on with the request at once if it
// is approved by this. The zero Lease means that there is nothing to go on with.
func (s *Store) ApplyAndLease(ctx context.Context, op Op, r approvals.Request, decide Decision) (approvals.Request, Lease, error) {
	lease := func(c *change, after approvals.Request) {
		if after.State == approvals.Approved {
			c.Lease = leaseTerms()[approvals.Clock]
		}
	}
	after, answer, err := s.apply(ctx, op, r, lease, decide)
	if answer.Status != statusOK || after.State != approvals.Approved {
		return after, Lease{}, err
	}
	return after, Lease{Member: approvals.Clock.Member(after.ID), Due: answer.Due, Token: answer.Token}, err
}

// amendment adds to a change what only its caller knows.
type amendment func(c *change, after approvals.Request)

func (s *Store) apply(ctx context.Context, op Op, r approvals.Request, amend amendment, decide Decision) (approvals.Request, committed, error) {
	fresh := r.Version == 0
	for range tries {
		now := s.Now()
		after, e, err := decided(r, decide, now)
		if err != nil && fresh {
			return s.refusedAgain(ctx, op, approvals.WithRequest(err, r), r)
		}
		if err != nil {
			if r, err = s.Load(ctx, r.ID); err != nil {
				return r, committed{}, approvals.RefusalOr(err, approvals.ErrNotRecorded)
			}
			fresh = true
			continue
		}
		answer, err := s.commit(ctx, op, r, after, e, amend, now)
		if _, refused := approvals.AsRefusal(err); refused {
			return r, answer, approvals.WithRequest(err, r)
		}
		if err != nil {
			return after, answer, err
		}
		switch answer.Status {
		case statusOK:
			return after, answer, nil
		case "elsewhere":
			s.unsettle()
			return r, answer, ErrElsewhere
		case "repeat":
			if r, err = s.Load(ctx, answer.Answer); err != nil {
				return r, answer, approvals.RefusalOr(err, approvals.ErrUnconfirmed)
			}
			return r, answer, answer.lasts
		case "taken":
			if err := s.takenBy(ctx, answer, r); err != nil {
				return r, answer, err
			}
		case "many":
			if freed, err := s.freeMany(ctx, answer.Claim); err != nil || !freed {
				return r, answer, cmp.Or(err, refusedBy(answer, r))
			}
		case "frozen":
			s.seesFreeze(answer.Freeze)
			return r, answer, ErrFrozen
		case "late": // refused because it was on the way for too long; decide anew
		case "conflict":
			if r, err = answer.current(r.ID); err != nil {
				return r, answer, err
			}
			fresh = true
		default:
			return r, answer, refusedBy(answer, r)
		}
	}
	return r, committed{}, fmt.Errorf("%w: %s changed too often", approvals.ErrNotRecorded, r.ID)
}

// refusedAgain looks, before a refusal is given, whether the operation was
// carried out before: a click that comes again is refused only because it has
// been taken already, and gets the answer that it got then.
func (s *Store) refusedAgain(ctx context.Context, op Op, refused error, r approvals.Request) (approvals.Request, committed, error) {
	before, err := s.UnlessDone(ctx, op, r, refused)
	if err != nil {
		return r, committed{}, err
	}
	return before, committed{Status: "repeat", Answer: before.ID}, nil
}

// UnlessDone is the refusal, unless the operation was carried out before; then it
// is what that made.
func (s *Store) UnlessDone(ctx context.Context, op Op, r approvals.Request, refused error) (approvals.Request, error) {
	if _, ok := approvals.AsRefusal(refused); !ok {
		return r, refused
	}
	kept, err := s.rdb.Get(ctx, s.keys.op(op.ID)).Result()
	s.note(err)
	digest, id, _ := strings.Cut(kept, " ")
	if err != nil || digest != op.Digest {
		return r, refused
	}
	before, err := s.Load(ctx, id)
	if err != nil {
		return r, refused
	}
	return before, nil
}

// current is the record that a conflict was about.
func (c committed) current(id string) (approvals.Request, error) {
	if c.Record == nil {
		return approvals.Request{ID: id}, approvals.Refuse(approvals.NoSuchRequest, id)
	}
	return decode(id, *c.Record)
}

func decided(r approvals.Request, decide Decision, now time.Time) (approvals.Request, approvals.Event, error) {
	e, err := decide(r)
	if err != nil {
		return r, nil, err
	}
	after, err := approvals.Next(r, e, now)
	return after, e, err
}

// commit runs commit.lua once. It answers with status "ok" also where an
// earlier try of the same run was carried out and only its answer was lost.
func (s *Store) commit(ctx context.Context, op Op, before, after approvals.Request, e approvals.Event, amend amendment, now time.Time) (committed, error) {
	action, ok := s.actions.Named(before.Action) // what an older version does not know can still be decided and forgotten
	c, err := changeOf(before, after, e, action.Post.Limits, now)
	if err != nil {
		return committed{}, err
	}
	if !ok && c.queues() {
		return committed{}, approvals.Refuse(approvals.UnknownAction, before.Action)
	}
	if c.Take != nil {
		c.Take.Seen, c.Take.Keep, c.Take.Server = s.newest.seen(), s.keep.Milliseconds(), s.serverSeen()
	}
	c.thaws(before, after, s.alerts, now)
	c.forces(after, e, s.alerts, now)
	if amend != nil {
		amend(&c, after)
	}
	c.Digest = op.Digest
	var answer committed
	t, err := s.run(ctx, s.scripts.commit, s.keys.commit(op.ID, owned(before, after), action.Post.Name), &answer, asJSON(c), c.record, c.entry)
	if err != nil {
		return answer, fmt.Errorf("%s of %s: %w", approvals.EventName(e), before.ID, err)
	}
	if answer.Status == "repeat" && t.doubt && answer.Answer == c.ID {
		answer.Status = statusOK
	}
	if answer.Status == statusOK || answer.Status == "repeat" {
		answer.lasts = s.lasts(t) // who hears of a repeat is told "recorded", too
	}
	if answer.Status == statusOK {
		s.newest.sees(answer.Newest)
		if c.Take != nil || c.Suspect != nil || c.Settle != "" || c.Release != "" {
			s.own.note(s.keys.window(action.Post.Name), c, answer.Time)
		}
		s.observe(before, after, e)
		if answer.Soon > 0 && answer.Soon <= answer.Time && c.Lease == 0 { // else the caller goes on with it at once
			s.Wake()
		}
		return answer, answer.lasts
	}
	return answer, nil
}

// owned is whichever of the two has its requester: what is new has none before, and what is
// forgotten none after.
func owned(before, after approvals.Request) approvals.Request {
	if after.State == "" {
		return before
	}
	return after
}

// Woken receives when something has become due by what this process did.
func (s *Store) Woken() <-chan struct{} { return s.wake }

// Wake has Woken receive.
func (s *Store) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// refusedBy is the refusal that the script found.
func refusedBy(a committed, r approvals.Request) error {
	switch a.Status {
	case "full":
		return &Full{At: timeOf(a.At), Held: a.Held}
	case "reused":
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.OpReused}, Request: r}
	case "many":
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.TooManyOpen}, Request: r}
	case "ended":
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.Ended, Since: timeOf(a.At)}, Request: r}
	case "refrozen":
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.Refrozen}, Request: r}
	case "beyond":
		return &Beyond{Of: a.Claim, Count: a.Count}
	case "doubted":
		return &approvals.Refusal{Why: approvals.Why{Reason: approvals.RolledBack}, Request: r}
	}
	return fmt.Errorf("commit of %s: unknown status %q", r.ID, a.Status)
}

// takenBy is the refusal because another request holds what r claims. One whose
// record is gone, or that has ended and by its record does not hold it any more, is
// taken out of the index: a version that has other claims can leave it there.
func (s *Store) takenBy(ctx context.Context, a committed, r approvals.Request) error {
	owner, err := s.Load(ctx, a.Owner)
	left := err == nil && owner.State.Ended() && !slices.ContainsFunc(approvals.Claims(owner), func(c approvals.Claim) bool { return c.Prefix == a.Claim })
	switch {
	case approvals.IsRefusal(err, approvals.BrokenRecord):
		return approvals.WithRequest(err, r)
	case !left && !approvals.IsRefusal(err, approvals.NoSuchRequest):
		why := approvals.Why{Reason: takenReason(a.Claim, owner, r), Detail: a.Owner}
		if err == nil && why.Reason != approvals.AlreadyRunning {
			why.Other = approvals.OtherOf(owner, claimedDevice(a.Claim))
		}
		return &approvals.Refusal{Why: why, Request: r}
	}
	return s.dropClaim(ctx, s.keys, a.Claim, a.Owner)
}

// claimedDevice is the device that a claim of an action or of a retry is about.
func claimedDevice(prefix string) string {
	parts := strings.Split(strings.TrimSuffix(prefix, "/"), "/")
	return parts[len(parts)-1]
}

func takenReason(prefix string, owner, r approvals.Request) approvals.Reason {
	switch kind, _, _ := strings.Cut(prefix, "/"); {
	case kind == "job":
		return approvals.AlreadyRunning
	case kind == "again":
		return approvals.AlreadyRetried
	case owner.Action != "" && owner.Action != r.Action:
		return approvals.Excluded
	}
	return approvals.AlreadyOpen
}
