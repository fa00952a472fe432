package redistest

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/audit"
)

// Trail is the audit trail in the stream key, oldest first.
func Trail(ctx context.Context, rdb redis.Cmdable, key string) ([]audit.Entry, error) {
	messages, err := rdb.XRange(ctx, key, "-", "+").Result()
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	entries := make([]audit.Entry, 0, len(messages))
	for _, m := range messages {
		text, _ := m.Values["e"].(string)
		var e audit.Entry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return nil, fmt.Errorf("audit entry %s: %w", m.ID, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
