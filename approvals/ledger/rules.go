package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
)

// Start is what a process writes down before it takes commands.
type Start struct {
	Rules   string            // it goes by these, in a form that is the same where they are
	Entry   audit.Entry       // that it starts
	Changed *audit.Entry      // what is new in its rules; nil: they are those of the last start
	Alarms  []approvals.Alarm // who is told of that
}

type startReply struct {
	timed
	Status string `json:"status"`
	Rules  string `json:"rules"`
	Newest string `json:"newest"`
}

// Last is what is known of the previous start.
type Last struct {
	Rules string // it went by; empty: it is not known
	First bool   // there was none: the audit trail is empty
}

// Start writes down a start, and what has changed since the last one. Of several processes that start at once with the same
// new rules one says so. Errors: approvals.ErrNotRecorded and approvals.ErrUnconfirmed.
func (s *Store) Start(ctx context.Context, op Op, decide func(Last) Start) error {
	last, err := s.last(ctx)
	if err != nil {
		return fmt.Errorf("%w: look for the last start: %w", approvals.ErrNotRecorded, err)
	}
	keys := []string{s.keys.op(op.ID), s.keys.rules(), s.keys.audit(), s.keys.agenda(), s.keys.alarms()}
	for range tries {
		text, err := startText(decide(last))
		if err != nil {
			return err
		}
		var answer startReply
		if _, err := s.run(ctx, s.scripts.rules, keys, &answer, last.Rules, text); err != nil {
			return fmt.Errorf("write down the start: %w", err)
		}
		if answer.Status == statusOK {
			s.newest.sees(answer.Newest)
			s.Wake()
			return nil
		}
		last.Rules = answer.Rules
	}
	return fmt.Errorf("%w: the rules changed too often", approvals.ErrNotRecorded)
}

func (s *Store) last(ctx context.Context) (l Last, err error) {
	l.Rules, err = s.rdb.Get(ctx, s.keys.rules()).Result()
	if errors.Is(err, redis.Nil) {
		var newest []redis.XMessage
		newest, err = s.rdb.XRevRangeN(ctx, s.keys.audit(), "+", "-", 1).Result()
		l.First = len(newest) == 0
	}
	s.note(err)
	return l, err
}

// startText is what rules.lua is told.
func startText(st Start) (string, error) {
	entry, err := json.Marshal(st.Entry)
	told := map[string]any{"rules": st.Rules, "start": string(entry)}
	if err == nil && st.Changed != nil {
		entry, err = json.Marshal(st.Changed)
		told["changed"] = string(entry)
	}
	alarms := make([]string, 0, len(st.Alarms))
	for _, a := range st.Alarms {
		text, failed := json.Marshal(a)
		err = errors.Join(err, failed)
		alarms = append(alarms, string(text))
	}
	if err != nil {
		return "", fmt.Errorf("encode a start: %w", err)
	}
	told["alarms"] = alarms
	return asJSON(told), nil
}
