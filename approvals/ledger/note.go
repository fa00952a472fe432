package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"defenderbot/internal/audit"
)

// Note writes an entry into the audit trail that no change of a request makes. The same
// entry again is the same note for 15 minutes, so that one of which it is not known whether
// it was written can be tried again. Errors: approvals.ErrNotRecorded and approvals.ErrUnconfirmed.
func (s *Store) Note(ctx context.Context, e audit.Entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode an audit entry (%s): %w", e.Event, err)
	}
	sum := sha256.Sum256(text)
	var answer struct {
		timed

		Newest string `json:"newest"`
	}
	keys := []string{s.keys.op("note:" + hex.EncodeToString(sum[:16])), s.keys.audit()}
	if _, err := s.run(ctx, s.scripts.note, keys, &answer, string(text)); err != nil {
		return fmt.Errorf("note %s: %w", e.Event, err)
	}
	s.newest.sees(answer.Newest)
	return nil
}
