package approvals

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Request is what people decide on: an action, one or more devices and a
// comment. It is stored as one JSON value. Fields may be added or removed, but
// the name of one must not change its meaning: records of older versions must
// still be read. A change that older versions must not act on raises the number of
// the ledger's format.
type Request struct {
	ID      string   `json:"id"`
	Action  string   `json:"action"`
	Devices []Device `json:"devices"`
	Comment string   `json:"comment"`
	By      Person   `json:"by"` // the requester
	Place   Place    `json:"place"`
	Thread  string   `json:"thread,omitempty"` // the message of the place that it is about: the card goes into its thread
	Terms   Terms    `json:"terms"`
	Budget  Budget   `json:"budget,omitzero"`
	RetryOf string   `json:"retry_of,omitempty"` // the request whose failed devices these are
	From    Origin   `json:"from,omitzero"`      // the request from whose card this was asked for
	Barred  []Person `json:"barred,omitempty"`   // who asked for it before, and does not decide on it either
	Roll    []string `json:"roll,omitempty"`     // who was in the approver groups of its action when it was asked, as they were read then
	Forced  bool     `json:"forced,omitempty"`   // break-glass: its requester acts alone, and somebody else reviews it
	Review  Review   `json:"review,omitzero"`    // of what was forced

	State     State      `json:"state"`
	Asked     time.Time  `json:"asked"`
	Choice    Choice     `json:"choice,omitzero"`    // checking: what the requester has to choose
	Resumed   time.Time  `json:"resumed,omitzero"`   // checking: when a device was chosen last
	Opened    time.Time  `json:"opened,omitzero"`    // when it became pending
	Escalated time.Time  `json:"escalated,omitzero"` // since when those may decide too who are called in late
	Beyond    bool       `json:"beyond,omitempty"`   // its requester's devices of an hour would go beyond Terms.Reach: Terms.Needed is one more for that
	Frozen    Freeze     `json:"frozen,omitzero"`    // the freeze in force, as its card says it, or the one that it is to lift; whether anything is sent the commit script decides
	Approvals []Approval `json:"approvals,omitempty"`
	Ended     End        `json:"ended,omitzero"` // how it ended, where it did not end by its calls
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	Calls     []Call     `json:"calls,omitempty"`      // call i is about device i; none before approval
	RetriedAs string     `json:"retried_as,omitempty"` // the newest request that tries something of it again; see [Call]
	Followed  []Followed `json:"followed,omitempty"`   // what was asked for from its card

	Notices []Notice `json:"notices,omitempty"` // what is said in the thread, in order; only grows
	Card    Card     `json:"card,omitzero"`

	Version int64 `json:"v"`  // moved by every commit
	Visible int64 `json:"vv"` // moved by every commit that changes what the card shows

	// Unknown are the fields of a later version, by path: they outlive being saved
	// by this one.
	Unknown map[string]any `json:"-"`
}

// Place is where a request was made and where its card is.
type Place struct {
	Team    string `json:"team"`
	Channel string `json:"channel"`
}

// Device is one device of a request. Until it has been looked up it holds
// either an id or a name; from Pending on the id is pinned.
type Device struct {
	ID         string    `json:"id,omitempty"` // 40 hex digits, lower case (32 in old ids)
	Name       string    `json:"name,omitempty"`
	Verified   bool      `json:"ok,omitempty"` // Defender knows it; the rest is what Defender said
	OS         string    `json:"os,omitempty"`
	Health     string    `json:"health,omitempty"`
	Risk       string    `json:"risk,omitempty"`
	Tags       []string  `json:"tags,omitempty"`
	LastSeen   time.Time `json:"seen,omitzero"`
	Onboarding string    `json:"onboarding,omitempty"` // Defender's word, where it is not that the device is onboarded
	Unread     Why       `json:"unread,omitzero"`      // why Defender could not be asked about it
	Cautions   []Caution `json:"cautions,omitempty"`   // what else speaks against the action on it
}

// Terms are the rules under which a request was made. They stay as they were
// when the configuration changes later.
type Terms struct {
	Needed       int           `json:"needed"` // distinct approvers
	ApprovalTTL  time.Duration `json:"approval"`
	ExecutionTTL time.Duration `json:"execution"`
	Horizon      time.Duration `json:"horizon"` // how long a call is followed
	Retention    time.Duration `json:"retention"`
	// EscalateAfter is how long it waits for approval until others are called in; zero: nobody is.
	EscalateAfter time.Duration `json:"escalate,omitempty"`
	// Reach is how many devices of one requester's approved requests an hour may see; what
	// goes beyond needs one more approver. Zero: there is no such limit.
	Reach    int    `json:"reach,omitempty"`
	Excludes string `json:"excludes,omitempty"` // the group of actions of which one may be open on a device; empty: the action alone
	// QueuedFor is how long what Defender took may stay in its queue, of an action that
	// Microsoft has ended; zero: as long as it is followed.
	QueuedFor time.Duration `json:"queued,omitempty"`
}

// Budget is what was left of the tightest window when the card was made.
type Budget struct {
	Left  int           `json:"left"`
	Of    int           `json:"of"`
	Per   time.Duration `json:"per"`
	Ahead int           `json:"ahead,omitempty"` // calls already waiting for it
	At    time.Time     `json:"at"`
	Free  time.Time     `json:"free,omitzero"` // when the last call of the request could go; zero: all at once
}

// Approval is one approver's yes.
type Approval struct {
	By     Person    `json:"by"`
	At     time.Time `json:"at"`
	Joined time.Time `json:"joined,omitzero"` // when they came into the group that lets them decide, where that was after it was asked
}

// End says who ended a request and why, or why it ended by itself.
type End struct {
	By   Person `json:"by,omitzero"`
	Text string `json:"text,omitempty"` // the reason a person gave, as typed
	Why  Why    `json:"why,omitzero"`
}

// Card is what the channel shows of a request.
type Card struct {
	TS    string `json:"ts,omitempty"`    // Slack's name of the message; empty: none
	Shown int64  `json:"shown,omitempty"` // the Visible that it shows
	Told  int    `json:"told,omitempty"`  // how many notices were said
	Left  string `json:"left,omitempty"`  // an earlier message that could not be changed any more
	// Unthreaded is set once the thread that the request belongs to was seen to be gone: the
	// card stands by itself.
	Unthreaded bool `json:"unthreaded,omitempty"`
}

// ForRequesterAlone reports whether nobody but the requester is told how r ended:
// nobody was ever asked to approve it, or there was no place for its card.
func (r Request) ForRequesterAlone() bool {
	return r.Card.TS == "" && r.State.Ended() && (r.Opened.IsZero() || r.State == Rejected)
}

// InThread is the message in whose thread the card of r is, or will be; empty: it stands by
// itself.
func (r Request) InThread() string {
	if r.Card.Unthreaded {
		return ""
	}
	return r.Thread
}

// Digest is a fingerprint of what is asked for: action, comment and pinned devices, or the
// freeze that is to be lifted. A button carries it, so that what was shown is what is run.
func (r Request) Digest() string {
	parts := append([]string{r.Action, r.Comment}, r.deviceIDs()...)
	if r.Unfreezes() {
		parts = append(parts, r.Frozen.ID)
	}
	return DigestOf(parts)
}

func (r Request) deviceIDs() []string {
	ids := make([]string, len(r.Devices))
	for i, d := range r.Devices {
		ids[i] = d.ID
	}
	return ids
}

// Deadline is when a pending request expires.
func (r Request) Deadline() time.Time { return r.Opened.Add(r.Terms.ApprovalTTL) }

// Lapses is when an approved call that is still unsent lapses.
func (r Request) Lapses() time.Time { return r.ApprovedAt().Add(r.Terms.ExecutionTTL) }

// ApprovedAt is when the last approval that was needed came. One that came
// with the request counts from when there was something to approve. What somebody does alone
// needs none.
func (r Request) ApprovedAt() time.Time {
	if r.Acted() {
		return r.Opened
	}
	if !r.approved() {
		return time.Time{}
	}
	at := r.Approvals[len(r.Approvals)-1].At
	if at.Before(r.Opened) {
		return r.Opened
	}
	return at
}

// approved reports whether r has got all of its approvals: there are calls then, or a freeze
// was lifted.
func (r Request) approved() bool {
	return len(r.Approvals) > 0 && (len(r.Calls) > 0 || r.Unfreezes() && r.State == Done)
}

// DefenderComment is the comment as Defender gets it: the request's id first, so that the
// action can be found again by it, then the two people, whom Defender cannot
// know otherwise (it records the application as the one who asked).
func (r Request) DefenderComment() string {
	if r.Forced {
		return r.commentPrefix() + " · asked by " + r.By.Label() + " · approved by nobody (break-glass)] " + r.Comment
	}
	names := make([]string, len(r.Approvals))
	for i, a := range r.Approvals {
		names[i] = a.By.Label()
	}
	return r.commentPrefix() + " · asked by " + r.By.Label() + " · approved by " + strings.Join(names, ", ") + "] " + r.Comment
}

// commentPrefix is how a comment that this request sent begins.
func (r Request) commentPrefix() string { return "[" + r.ID }

// OwnsComment reports whether a comment that Defender shows was sent for this request.
func (r Request) OwnsComment(comment string) bool {
	return strings.HasPrefix(comment, r.commentPrefix()+" ")
}

// Started reports whether a call of r started a job that Defender knows by one of these ids.
func (r Request) Started(ids ...string) bool {
	return slices.ContainsFunc(r.Calls, func(c Call) bool {
		return c.Job.ID != "" && !c.Job.Adopted && (slices.Contains(ids, c.Job.ID) || c.Job.Alert != "" && slices.Contains(ids, c.Job.Alert))
	})
}

// DigestOf is a short fingerprint of texts, each apart from the next.
func DigestOf(parts []string) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// LastChange is when there was last something new to show.
func (r Request) LastChange() time.Time {
	changed := r.Asked
	for _, at := range []time.Time{r.Opened, r.ApprovedAt(), r.EndedAt, r.Review.At} {
		changed = latest(changed, at)
	}
	for _, c := range r.Calls {
		changed = latest(changed, latest(latest(c.Since, c.Stop.Since), c.EndedAt))
	}
	for _, n := range r.Notices {
		changed = latest(changed, n.At)
	}
	return changed
}
