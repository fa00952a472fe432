package ledger

import (
	"fmt"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

func BenchmarkNext(b *testing.B) {
	r := approvalstest.Sample(approvals.Pending, "")
	e := approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}
	for b.Loop() {
		if _, err := approvals.Next(r, e, approvalstest.Start.Add(time.Minute)); err != nil {
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
