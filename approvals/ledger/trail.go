package ledger

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/audit"
)

// trailPage is how many entries, and sealPage how many seals with their lists of digests, are
// read at a time.
const (
	trailPage = 1000
	sealPage  = 10
)

// Entries reads the audit trail, oldest first. Nothing is written.
func (s *Store) Entries(ctx context.Context) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for last := "0"; ; {
			found, err := s.entriesAfter(ctx, last, trailPage)
			for _, e := range found {
				if !yield(e, nil) {
					return
				}
				last = e.ID
			}
			if err != nil {
				yield(audit.Record{}, err)
			}
			if err != nil || len(found) < trailPage {
				return
			}
		}
	}
}

// Seals reads the seals of the audit trail, oldest first. Nothing is written.
func (s *Store) Seals(ctx context.Context) iter.Seq2[audit.Stored, error] {
	return func(yield func(audit.Stored, error) bool) {
		for from := "-"; ; {
			found, err := s.rdb.XRangeN(ctx, s.keys.seals(), from, "+", sealPage).Result()
			s.note(err)
			for _, m := range found {
				if !yield(storedSeal(m), nil) {
					return
				}
				from = "(" + m.ID
			}
			if err != nil {
				yield(audit.Stored{}, fmt.Errorf("read the seals of the audit trail: %w", err))
			}
			if err != nil || len(found) < sealPage {
				return
			}
		}
	}
}

// entriesAfter are the entries after one, at most this many. What is more or less than an
// entry has no text.
func (s *Store) entriesAfter(ctx context.Context, last string, most int64) ([]audit.Record, error) {
	found, err := s.rdb.XRangeN(ctx, s.keys.audit(), "("+last, "+", most).Result()
	s.note(err)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	list := make([]audit.Record, len(found))
	for i, m := range found {
		list[i].ID = m.ID
		if text, is := m.Values["e"].(string); is && len(m.Values) == 1 {
			list[i].Text = text
		}
	}
	return list, nil
}

// newestSeal is the last one, if there is one.
func (s *Store) newestSeal(ctx context.Context) (audit.Stored, bool, error) {
	found, err := s.rdb.XRevRangeN(ctx, s.keys.seals(), "+", "-", 1).Result()
	s.note(err)
	if err != nil {
		return audit.Stored{}, false, fmt.Errorf("read the newest seal of the audit trail: %w", err)
	}
	if len(found) == 0 {
		return audit.Stored{}, false, nil
	}
	return storedSeal(found[0]), true, nil
}

func storedSeal(m redis.XMessage) audit.Stored {
	note, _ := m.Values["note"].(string)
	digests, _ := m.Values["digests"].(string)
	return audit.Stored{Note: note, Digests: strings.Fields(digests)}
}
