package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"defenderbot/approvals"
)

// Alarm is one that a channel has not been told yet. One that cannot be read has Err.
type Alarm struct {
	approvals.Alarm

	Err  error
	text string // as it is kept
}

// Alarms are the oldest of those that channels are still to be told, at most this many.
func (s *Store) Alarms(ctx context.Context, most int) ([]Alarm, error) {
	texts, err := s.rdb.ZRange(ctx, s.keys.alarms(), 0, int64(most)-1).Result()
	s.note(err)
	if err != nil {
		return nil, fmt.Errorf("read the alerts: %w", err)
	}
	list := make([]Alarm, len(texts))
	for i, text := range texts {
		list[i].text = text
		list[i].Err = json.Unmarshal([]byte(text), &list[i].Alarm)
	}
	return list, nil
}

// Announced takes an alarm out: its channel was told, or cannot be.
func (s *Store) Announced(ctx context.Context, a Alarm) error {
	err := s.rdb.ZRem(ctx, s.keys.alarms(), a.text).Err()
	s.note(err)
	if err != nil {
		return fmt.Errorf("take out alert %s: %w", a.ID, err)
	}
	return nil
}
