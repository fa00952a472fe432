package ledger

import (
	"context"
	"fmt"
	"time"
)

// Backlog is how far work is behind, of all processes together.
type Backlog struct {
	Due    int           // members of the agenda that are due and that nobody works on
	Lag    time.Duration // how long the first of them has been due; zero: there is none
	Behind int           // cards that do not show their request yet
}

// backlogMost is how many members of the agenda are looked at: whoever asks must not keep Redis
// from its work. Beyond it Due and Behind are no longer exact, and Lag is.
const backlogMost = 1000

// Backlog is how far work is behind.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	var answer struct {
		timed

		Since int64 `json:"since"`
		Due   int   `json:"due"`
		Cards int   `json:"cards"`
	}
	if _, err := s.run(ctx, s.scripts.backlog, []string{s.keys.agenda(), s.keys.held()}, &answer, asJSON(leaseTerms()), backlogMost); err != nil {
		return Backlog{}, fmt.Errorf("backlog: %w", err)
	}
	b := Backlog{Due: answer.Due, Behind: answer.Cards}
	if answer.Since != 0 {
		b.Lag = time.Duration(answer.Time-answer.Since) * time.Millisecond
	}
	return b, nil
}
