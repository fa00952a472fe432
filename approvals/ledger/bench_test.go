package ledger

import (
	"fmt"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// BenchmarkEncode is a record on its way to Redis.
func BenchmarkEncode(b *testing.B) {
	r := approvalstest.Sample(approvals.Approved, approvals.Queued)
	for b.Loop() {
		if _, err := encode(r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is a record that comes from there, held against all that must be true of it.
func BenchmarkDecode(b *testing.B) {
	r := approvalstest.Sample(approvals.Approved, approvals.Queued)
	text, err := encode(r)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := decode(r.ID, text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkChange is what commit.lua is told of an approval: record, agenda, index, queue and
// the entry of the audit trail.
func BenchmarkChange(b *testing.B) {
	r, now := approvalstest.Sample(approvals.Pending, ""), approvalstest.Start.Add(time.Minute)
	e := approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}
	after, err := approvals.Next(r, e, now)
	if err != nil {
		b.Fatal(err)
	}
	limits := testActions()[0].Post.Limits
	for b.Loop() {
		c, err := changeOf(r, after, e, limits, now)
		if err != nil || asJSON(c) == "" {
			b.Fatal(err)
		}
	}
}

// benchStore is a store on a real server where there is one.
func benchStore(b *testing.B) *Store {
	b.Helper()
	return newTestStore(b, redistest.Client(b, redistest.Best(b)), testActions())
}

// BenchmarkCreate records commands, each of somebody else.
func BenchmarkCreate(b *testing.B) {
	s := benchStore(b)
	for i := 0; b.Loop(); i++ {
		r := sized(i)
		r.By.ID = fmt.Sprintf("U%09d", i)
		if _, err := s.CreateIfOffered(b.Context(), Op{ID: fmt.Sprintf("envelope-%d", i), Digest: r.Digest()}, r, 20); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommit records a change.
func BenchmarkCommit(b *testing.B) {
	s := benchStore(b)
	r := approved(b, s, approvalstest.DeviceNo(1))
	for i := 0; b.Loop(); i++ {
		r = apply(b, s, r, approvals.On{Call: 0, Event: approvals.Expect{At: s.Now().Add(time.Duration(i) * time.Minute)}})
	}
}

// BenchmarkWindowDecision asks for a slot of a full window while that number of
// calls waits.
func BenchmarkWindowDecision(b *testing.B) {
	for _, waiting := range []int{1, 1000} {
		b.Run(fmt.Sprintf("waiting=%d", waiting), func(b *testing.B) {
			s := benchStore(b)
			var r approvals.Request
			for i := range waiting + 2 {
				r = approved(b, s, approvalstest.DeviceNo(i))
				if i < 2 {
					if _, err := s.Apply(b.Context(), NewOp(), r, sending(s, 0)); err != nil {
						b.Fatal(err)
					}
				}
			}
			for b.Loop() {
				if _, err := s.Apply(b.Context(), NewOp(), r, sending(s, 0)); !isFull(err) {
					b.Fatal(err)
				}
			}
		})
	}
}
