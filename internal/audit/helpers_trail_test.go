package audit_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"defenderbot/internal/audit"
)

// trail is what a store has, to be tampered with.
type trail struct {
	seals   []audit.Stored
	entries []audit.Record
}

var origin = audit.Origin("A1", "T1")

// sealedTrail has a batch of each size, and the same number of entries after the last seal.
func sealedTrail(t testing.TB, key audit.Key, sizes []int, unsealed int) trail {
	t.Helper()
	var tr trail
	var prev audit.Seal
	at := noon
	for i, n := range append(slices.Clone(sizes), unsealed) {
		var batch []audit.Record
		for j := range n {
			at = at.Add(time.Second)
			batch = append(batch, audit.Record{
				ID: fmt.Sprintf("%d-%d", at.UnixMilli(), j%2), Text: fmt.Sprintf(`{"event":"approve","id":"D-%d%d","name":"Ada \"x\""}`, i, j),
			})
		}
		tr.entries = append(tr.entries, batch...)
		if i == len(sizes) {
			return tr
		}
		at = at.Add(time.Minute)
		seal, err := audit.Sealer{Origin: origin, Key: key}.Seal(prev, batch, at)
		if err != nil {
			t.Fatal(err)
		}
		prev = seal
		tr.seals = append(tr.seals, audit.Stored{Note: seal.Note, Digests: seal.Digests})
	}
	return tr
}

func (tr trail) clone() trail {
	c := trail{slices.Clone(tr.seals), slices.Clone(tr.entries)}
	for i := range c.seals {
		c.seals[i].Digests = slices.Clone(c.seals[i].Digests)
	}
	return c
}

// kept are the seals as somebody else keeps them.
func (tr trail) kept(t testing.TB) []audit.Seal {
	t.Helper()
	var seals []audit.Seal
	for _, stored := range tr.seals {
		seal, err := audit.ParseSeal(stored.Note, nil)
		if err != nil {
			t.Fatal(err)
		}
		seals = append(seals, seal)
	}
	return seals
}

func (tr trail) verify(t testing.TB, p audit.Proof) audit.Report {
	t.Helper()
	report, err := audit.Verify(audit.Trail{Origin: origin, Seals: each(tr.seals), Entries: each(tr.entries)}, p)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}
