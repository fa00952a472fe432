// Package audit is the record of who did what: one entry for each change of a
// request, written in the same step as the change itself.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Entry is one change of one request.
type Entry struct {
	At      time.Time `json:"at"`               // as the writer saw Redis's clock
	Request string    `json:"id"`               //
	Version int64     `json:"v"`                // of the record after the change
	Event   string    `json:"event"`            // "approve", "send", ...
	Call    *int      `json:"call,omitempty"`   // which call, if one
	By      string    `json:"by,omitempty"`     // Slack user id, if a person did it
	From    string    `json:"from,omitempty"`   // the state before, of the call if there is one
	To      string    `json:"to"`               // the state after
	Detail  string    `json:"detail,omitempty"` // what it was about: devices, reason, job id
}

// Read gives the entries of the stream key, oldest first.
func Read(ctx context.Context, rdb redis.Cmdable, key string) ([]Entry, error) {
	messages, err := rdb.XRange(ctx, key, "-", "+").Result()
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	entries := make([]Entry, 0, len(messages))
	for _, m := range messages {
		text, _ := m.Values["e"].(string)
		var e Entry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return nil, fmt.Errorf("audit entry %s: %w", m.ID, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
