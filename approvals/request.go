package approvals

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Request is what people decide on: an action, one or more devices and a
// comment. It is stored as one JSON value. Fields may be added or removed, but
// the name of one must not change its meaning: records of older versions must
// still be read. What an older version must not act on moves [format].
type Request struct {
	ID      string   `json:"id"`
	Action  string   `json:"action"`
	Devices []Device `json:"devices"`
	Comment string   `json:"comment"`
	By      Person   `json:"by"` // the requester
	Place   Place    `json:"place"`
	Terms   Terms    `json:"terms"`
	Budget  Budget   `json:"budget,omitzero"`
	RetryOf string   `json:"retry_of,omitempty"` // the request whose failed devices these are
	Barred  []Person `json:"barred,omitempty"`   // who asked for it before, and does not decide on it either

	State     State      `json:"state"`
	Asked     time.Time  `json:"asked"`
	Opened    time.Time  `json:"opened,omitzero"` // when it became pending
	Approvals []Approval `json:"approvals,omitempty"`
	Ended     End        `json:"ended,omitzero"` // how it ended, where it did not end by its calls
	EndedAt   time.Time  `json:"ended_at,omitzero"`
	Calls     []Call     `json:"calls,omitempty"` // call i is about device i; none before approval
	RetriedAs string     `json:"retried_as,omitempty"`

	Notices []Notice `json:"notices,omitempty"` // what is said in the thread, in order; only grows
	Card    Card     `json:"card,omitzero"`

	Version int64 `json:"v"`  // moved by every commit
	Visible int64 `json:"vv"` // moved by every commit that changes what the card shows

	// Unknown are the fields of a later version, by path: they outlive being saved
	// by this one.
	Unknown map[string]any `json:"-"`
}

// Person is a member of the workspace. Two people are the same by id, or by
// the id that an Enterprise Grid gives a person across its workspaces; never
// by name.
type Person struct {
	ID         string `json:"id"`
	Enterprise string `json:"ent,omitempty"`
	Name       string `json:"name,omitempty"` // as it was when they acted; for reading only
}

// Is reports whether p and q are one person. Each id of the one is compared with
// each of the other: Slack names a member of a Grid here by the id of the
// workspace, there by that of the organisation.
func (p Person) Is(q Person) bool { return slices.ContainsFunc(p.ids(), q.has) }

// Place is where a request was made and where its card is.
type Place struct {
	Team    string `json:"team"`
	Channel string `json:"channel"`
}

// Device is one device of a request. Until it has been looked up it holds
// either an id or a name; from Pending on the id is pinned.
type Device struct {
	ID       string    `json:"id,omitempty"` // 40 hex digits, lower case (32 in old ids)
	Name     string    `json:"name,omitempty"`
	Verified bool      `json:"ok,omitempty"` // Defender knows it; the rest is what Defender said
	OS       string    `json:"os,omitempty"`
	Health   string    `json:"health,omitempty"`
	Risk     string    `json:"risk,omitempty"`
	Tags     []string  `json:"tags,omitempty"`
	LastSeen time.Time `json:"seen,omitzero"`
}

// Terms are the rules under which a request was made. They stay as they were
// when the configuration changes later.
type Terms struct {
	Needed       int           `json:"needed"` // distinct approvers
	ApprovalTTL  time.Duration `json:"approval"`
	ExecutionTTL time.Duration `json:"execution"`
	Horizon      time.Duration `json:"horizon"` // how long a call is followed
	Retention    time.Duration `json:"retention"`
}

// Budget is what was left of the tightest window when the card was made.
type Budget struct {
	Left  int           `json:"left"`
	Of    int           `json:"of"`
	Per   time.Duration `json:"per"`
	Ahead int           `json:"ahead,omitempty"` // calls already waiting for it
	At    time.Time     `json:"at"`
}

// Approval is one approver's yes.
type Approval struct {
	By Person    `json:"by"`
	At time.Time `json:"at"`
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
}

// Notice is one thing said in the thread of a card.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	At   time.Time  `json:"at"`
}

// NoticeKind is what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeReminder NoticeKind = "reminder" // half of the time to approve has passed
	NoticeEnd      NoticeKind = "end"      // the request has ended
)

// Digest is a fingerprint of what is asked for: action, pinned devices and
// comment. A button carries it, so that what was shown is what is run.
func (r Request) Digest() string {
	return digestOf(append([]string{r.Action, r.Comment}, r.deviceIDs()...))
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

// Lapses is when what is approved and not sent by then is not sent any more.
func (r Request) Lapses() time.Time { return r.ApprovedAt().Add(r.Terms.ExecutionTTL) }

// ApprovedAt is when the last approval that was needed came. One that came
// with the request counts from when there was something to approve.
func (r Request) ApprovedAt() time.Time {
	if len(r.Calls) == 0 || len(r.Approvals) == 0 {
		return time.Time{}
	}
	at := r.Approvals[len(r.Approvals)-1].At
	if at.Before(r.Opened) {
		return r.Opened
	}
	return at
}

// sent is the comment as Defender gets it: the request's id first, so that the
// action can be found again by it, then the two people, whom Defender cannot
// know otherwise (it records the application as the one who asked).
func (r Request) sent() string {
	names := make([]string, len(r.Approvals))
	for i, a := range r.Approvals {
		names[i] = a.By.label()
	}
	return r.mark() + " · asked by " + r.By.label() + " · approved by " + strings.Join(names, ", ") + "] " + r.Comment
}

// mark is how a comment that this request sent begins.
func (r Request) mark() string { return "[" + r.ID }

// isOurs reports whether a comment that Defender shows was sent for this request.
func (r Request) isOurs(comment string) bool {
	return strings.HasPrefix(comment, r.mark()+" ")
}

// label names a person where Slack's mentions mean nothing.
func (p Person) label() string {
	if called := p.Called(); called != p.ID {
		return called + " (" + p.ID + ")"
	}
	return p.ID
}

// separators are what looks like a mark between two things, or like nothing.
const separators = "·•‧∙⋅・･ꞏ⸱◦᛫‖│¦⎤\u2800\ufffc\ufffd"

// longestName is how many characters of a name are shown.
const longestName = 40

// Called is the person's name where an id would say too little: people choose
// their names, so it is one line without brackets, separators and what cannot be
// seen, and cannot pass for more than a name. Where nothing is left it is the id.
func (p Person) Called() string {
	letters := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.C, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf, unicode.Me, unicode.Sm,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector), strings.ContainsRune(separators, r):
			return -1
		}
		return r
	}, p.Name)
	called := []rune(strings.Join(strings.Fields(letters), " "))
	if !slices.ContainsFunc(called, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
		return p.ID
	}
	return strings.TrimSpace(string(called[:min(len(called), longestName)]))
}
