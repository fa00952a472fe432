package approvals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// committed is the answer of commit.lua.
type committed struct {
	Status string  `json:"status"`
	Time   int64   `json:"now"`
	Answer string  `json:"answer"`
	Record *string `json:"record"`
	Claim  string  `json:"claim"`
	Owner  string  `json:"owner"`
	At     int64   `json:"at"`
	Held   bool    `json:"held"`
	Due    int64   `json:"due"`   // of the request's clock
	Token  int64   `json:"token"` // of whoever holds that
	Soon   int64   `json:"soon"`  // the first of what was set on the agenda; 0: nothing was
}

func (c *committed) clock() int64 { return c.Time }

// statusOK is the status of a change that was made.
const statusOK = "ok"

// tries is how often one change is decided anew because others were faster.
const tries = 20

// decision is what should happen to r, as it is.
type decision func(r Request) (Event, error)

// Apply decides what happens to r and commits it under operation op. If r has
// changed meanwhile it decides again on what is there now; a refusal decided
// on an old record is decided again too. Errors: a *No (refused), a *Full (no
// free slot), ErrNotRecorded and ErrUnconfirmed.
func (s *Store) Apply(ctx context.Context, op Op, r Request, decide decision) (Request, error) {
	after, _, err := s.apply(ctx, op, r, nil, decide)
	return after, err
}

// applyHeld is Apply for whoever holds a claim, which the change gives back.
func (s *Store) applyHeld(ctx context.Context, held claimed, r Request, decide decision) (Request, error) {
	after, _, err := s.apply(ctx, newOp(), r, func(c *change, _ Request) { c.givesBack(held) }, decide)
	return after, err
}

// take is Apply for a caller that goes on with the request at once if it is
// approved by this: others leave it alone for the length of a lease. A claim
// without a token means that there is nothing to go on with.
func (s *Store) take(ctx context.Context, op Op, r Request, decide decision) (Request, claimed, error) {
	lease := func(c *change, after Request) {
		if after.State == Approved {
			c.Lease = leases()[Clock]
		}
	}
	after, answer, err := s.apply(ctx, op, r, lease, decide)
	if err != nil || answer.Status != statusOK || after.State != Approved {
		return after, claimed{}, err
	}
	return after, claimed{Member: Clock.of(after.ID), Due: answer.Due, Token: answer.Token}, nil
}

// amendment adds to a change what only its caller knows.
type amendment func(c *change, after Request)

func (s *Store) apply(ctx context.Context, op Op, r Request, amend amendment, decide decision) (Request, committed, error) {
	fresh := r.Version == 0
	for range tries {
		now := s.Now()
		after, e, err := decided(r, decide, now)
		if err != nil && fresh {
			return s.refusedAgain(ctx, op, withRequest(err, r), r)
		}
		if err != nil {
			if r, err = s.Load(ctx, r.ID); err != nil {
				return r, committed{}, refusedOr(err, ErrNotRecorded)
			}
			fresh = true
			continue
		}
		answer, err := s.commit(ctx, op, r, after, e, amend, now)
		if err != nil {
			return after, answer, err
		}
		switch answer.Status {
		case statusOK:
			return after, answer, nil
		case "repeat":
			if r, err = s.Load(ctx, answer.Answer); err != nil {
				err = refusedOr(err, ErrUnconfirmed)
			}
			return r, answer, err
		case "taken":
			if err := s.claimed(ctx, answer, r); err != nil {
				return r, answer, err
			}
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
	return r, committed{}, fmt.Errorf("%w: %s changed too often", ErrNotRecorded, r.ID)
}

// refusedAgain looks, before a refusal is given, whether the operation was
// carried out before: a click that comes again is refused only because it has
// been taken already, and gets the answer that it got then.
func (s *Store) refusedAgain(ctx context.Context, op Op, refused error, r Request) (Request, committed, error) {
	before, err := s.unlessDone(ctx, op, r, refused)
	if err != nil {
		return r, committed{}, err
	}
	return before, committed{Status: "repeat", Answer: before.ID}, nil
}

// unlessDone is the refusal, unless the operation was carried out before; then it
// is what that made.
func (s *Store) unlessDone(ctx context.Context, op Op, r Request, refused error) (Request, error) {
	if _, ok := asNo(refused); !ok {
		return r, refused
	}
	kept, err := s.rdb.Get(ctx, s.keys.op(op.ID)).Result()
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
func (c committed) current(id string) (Request, error) {
	if c.Record == nil {
		return Request{ID: id}, no(NoSuchRequest, id)
	}
	return decode(id, *c.Record)
}

func decided(r Request, decide decision, now time.Time) (Request, Event, error) {
	e, err := decide(r)
	if err != nil {
		return r, nil, err
	}
	after, err := next(r, e, now)
	return after, e, err
}

// commit runs commit.lua once. It answers with status "ok" also where an
// earlier try of the same run was carried out and only its answer was lost.
func (s *Store) commit(ctx context.Context, op Op, before, after Request, e Event, amend amendment, now time.Time) (committed, error) {
	action, ok := s.actions.Named(before.Action) // what an older version does not know can still be decided and forgotten
	c, err := changeOf(before, after, e, action.Post.Limits, now)
	if err != nil {
		return committed{}, err
	}
	if !ok && c.queues() {
		return committed{}, no(UnknownAction, before.Action)
	}
	if c.Trim > 0 { // the record goes after its own time, the trail is everybody's
		c.Trim = max(c.Trim, s.keep.Milliseconds())
	}
	if amend != nil {
		amend(&c, after)
	}
	c.Digest = op.Digest
	text, err := json.Marshal(c)
	if err != nil {
		return committed{}, fmt.Errorf("encode a change of %s: %w", before.ID, err)
	}
	var answer committed
	t, err := s.run(ctx, s.scripts.commit, s.keys.commit(op.ID, before.ID, action.Post.Name), &answer, string(text))
	if err != nil {
		return answer, fmt.Errorf("%s of %s: %w", e.name(), before.ID, err)
	}
	if answer.Status == "repeat" && t.doubt && answer.Answer == c.Answer {
		answer.Status = statusOK
	}
	if answer.Status == statusOK {
		s.observe(before, after, e)
		if answer.Soon > 0 && answer.Soon <= answer.Time {
			s.wakeWorker()
		}
		if t.replicas < s.replicas {
			return answer, errTooFewReplicas
		}
	}
	return answer, nil
}

// errTooFewReplicas says that a change is made, but could be lost with the
// master.
var errTooFewReplicas = fmt.Errorf("%w: too few replicas of Redis have it", ErrUnconfirmed)

// wakeWorker lets this process's worker look at the agenda.
func (s *Store) wakeWorker() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Full says that a call may not go before At.
type Full struct {
	At   time.Time
	Held bool // because Defender said so, not because the window is used up
}

// Error says until when.
func (f *Full) Error() string { return "no free slot before " + f.At.Format(time.RFC3339) }

// refusedBy is the refusal that the script found.
func refusedBy(a committed, r Request) error {
	switch a.Status {
	case "full":
		return &Full{At: time.UnixMilli(a.At).UTC(), Held: a.Held}
	case "reused":
		return &No{Why: Why{Reason: OpReused}, Request: r}
	case "many":
		return &No{Why: Why{Reason: TooManyOpen}, Request: r}
	}
	return fmt.Errorf("commit of %s: unknown status %q", r.ID, a.Status)
}

// claimed is the refusal because another request holds what r claims. One whose
// record is gone holds nothing any more, and is taken out of the index.
func (s *Store) claimed(ctx context.Context, a committed, r Request) error {
	_, err := s.Load(ctx, a.Owner)
	switch {
	case isNo(err, BrokenRecord):
		return withRequest(err, r)
	case !isNo(err, NoSuchRequest):
		return &No{Why: Why{Reason: takenReason(a.Claim), Detail: a.Owner}, Request: r}
	}
	if err := s.rdb.ZRem(ctx, s.keys.index(), a.Claim+a.Owner).Err(); err != nil {
		return fmt.Errorf("%w: claim of %s, which is gone: %w", ErrNotRecorded, a.Owner, err)
	}
	return nil
}

func takenReason(prefix string) Reason {
	switch kind, _, _ := strings.Cut(prefix, "/"); kind {
	case "job":
		return AlreadyRunning
	case "retry":
		return AlreadyRetried
	}
	return AlreadyOpen
}

// withRequest adds to a refusal what it was decided on.
func withRequest(err error, r Request) error {
	var refused *No
	if errors.As(err, &refused) && refused.Request.ID == "" {
		whole := *refused
		whole.Request = r
		return &whole
	}
	return err
}
