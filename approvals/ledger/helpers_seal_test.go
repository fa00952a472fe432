package ledger

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

var testSealer = audit.Sealer{Origin: audit.Origin("A1", "T1")}

// sealing is a store whose trail is sealed and kept for that long.
func sealing(t *testing.T, addr string, keep time.Duration) *Store {
	t.Helper()
	s := unprepared(redistest.Client(t, addr), testActions())
	s.keep, s.alerts = keep, "C9"
	prepare(t, s)
	return s
}

// write writes that many entries to the trail.
func write(t *testing.T, s *Store, n int) {
	t.Helper()
	_, err := s.rdb.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for i := range n {
			p.XAdd(t.Context(), &redis.XAddArgs{Stream: s.keys.audit(), Values: []any{"e", fmt.Sprintf(`{"event":"test","v":%d}`, i)}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sealAt adds a seal of all that is not sealed, made at a time.
func sealAt(ctx context.Context, s *Store, at func(Batch) time.Time) (Batch, error) {
	b, err := s.Unsealed(ctx)
	if err != nil {
		return b, err
	}
	seal, err := testSealer.Seal(b.Before, b.Entries, at(b))
	if err != nil {
		return b, err
	}
	return b, s.Seal(ctx, b, seal)
}

func now(b Batch) time.Time { return b.At }

// ago is that long before now.
func ago(d time.Duration) func(Batch) time.Time {
	return func(b Batch) time.Time { return b.At.Add(-d) }
}

func sealed(t *testing.T, s *Store, at func(Batch) time.Time) Batch {
	t.Helper()
	b, err := sealAt(t.Context(), s, at)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verified is what an auditor finds who keeps nothing.
func verified(t *testing.T, s *Store, since time.Time) audit.Report {
	t.Helper()
	report, err := audit.Verify(
		audit.Trail{Origin: testSealer.Origin, Seals: s.Seals(t.Context()), Entries: s.Entries(t.Context())},
		audit.Proof{Now: s.Now(), Since: since},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		t.Errorf("an auditor finds: %s", f.Text)
	}
	return report
}
