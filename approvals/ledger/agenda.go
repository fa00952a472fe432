package ledger

import (
	"context"
	"fmt"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
)

// leaseTerms are how long a lease keeps others away, by kind, in milliseconds. A step
// reads for at most 20 s and checks for as long again, and what it sends comes
// after it has given its lease back.
func leaseTerms() map[approvals.Kind]int64 {
	return map[approvals.Kind]int64{
		approvals.Clock: 30_000, approvals.Look: 30_000, approvals.Draw: 60_000, approvals.Home: 60_000, approvals.Alert: 60_000,
		approvals.Seal: 60_000,
	}
}

// Lease is a member of the agenda that its holder works on. The zero Lease is of
// nothing.
type Lease struct {
	Member string `json:"member"`
	Due    int64  `json:"due"`   // when it was due as it was leased
	Token  int64  `json:"token"` // until when it is held

	again int64 // not due again before then, whatever the commit says
}

// NotBefore is the lease, to be given back so that the member is not due again
// before at.
func (l Lease) NotBefore(at time.Time) Lease {
	l.again = millis(at)
	return l
}

type leaseReply struct {
	timed
	Next   int64   `json:"next"`
	Leases []Lease `json:"leases"`
	Newest string  `json:"newest"`
	Lost   bool    `json:"lost"`  // what this process has seen is gone
	First  bool    `json:"first"` // and no other has noticed that
	Doubt  int64   `json:"doubt"` // when that was last noticed
	Server string  `json:"server"`
	Freeze *string `json:"freeze"` // that in force
}

// Lease leases up to most members that are due and that nobody holds, and says
// when there is one again: it becomes due, or its lease ends; zero: never. It notices, too, if Redis has lost changes, and puts
// back the freeze that is lost with them.
func (s *Store) Lease(ctx context.Context, most int) ([]Lease, time.Time, error) {
	var got leaseReply
	seen, known := s.newest.seen(), s.Frozen()
	keys := []string{s.keys.agenda(), s.keys.held(), s.keys.audit(), s.keys.doubt(), s.keys.frozen()}
	if _, err := s.run(ctx, s.scripts.lease, keys, &got, most, asJSON(leaseTerms()), seen, s.keep.Milliseconds(), s.lostEntry(seen), inRedis(known), s.backAgain(known)); err != nil {
		return nil, time.Time{}, fmt.Errorf("lease what is due: %w", err)
	}
	s.setBack.Store(got.Doubt)
	s.seesFreeze(got.Freeze)
	s.looksAt(got.Server)
	if got.Lost {
		s.newest.forget()
		s.own.owed.Store(true)
	}
	s.putBack(ctx)
	s.newest.sees(got.Newest)
	if got.First {
		s.lost()
	}
	return got.Leases, timeOf(got.Next), nil
}

// lostEntry tells that an entry is gone which this process has seen, and with it what came
// after.
func (s *Store) lostEntry(seen string) string {
	return asJSON(audit.Entry{At: s.Now(), Event: "setback", Detail: "entry " + seen + " is gone"})
}

// Finish gives a lease back: the member is due at the given time, or never if
// zero, unless somebody has set it anew meanwhile. What else r has on the agenda
// is put there where it is missing.
func (s *Store) Finish(ctx context.Context, l Lease, at time.Time, r approvals.Request) error {
	var answer timed
	_, err := s.run(ctx, s.scripts.finish, []string{s.keys.agenda(), s.keys.held()}, &answer, l.Member, l.Token, l.Due, millis(at), asJSON(s.others(l, r)))
	if err != nil {
		return fmt.Errorf("give %s back: %w", l.Member, err)
	}
	return nil
}

// others are the members that r has on the agenda besides the leased one.
func (s *Store) others(l Lease, r approvals.Request) []duty {
	list, now := []duty{}, s.Now()
	for _, k := range approvals.Kinds() {
		if at := approvals.Due(r, k, now); k.Member(r.ID) != l.Member && !at.IsZero() {
			list = append(list, duty{Member: k.Member(r.ID), At: millis(at)})
		}
	}
	return list
}
