package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// LastAsked is the newest request, but for one, that has asked for an action on a device
// since then and was put to approvers; false: there is none. One that this version cannot read
// is passed over, and an entry whose request is gone is taken out.
func (s *Store) LastAsked(ctx context.Context, action, device string, since time.Time, but string) (approvals.Request, bool, error) {
	prefix := approvals.AskedPrefix(action, device)
	for passed := int64(0); ; {
		found, err := s.rdb.ZRangeArgs(ctx, redis.ZRangeArgs{
			Key: s.keys.index(), Start: "(" + prefix + "\xff", Stop: "[" + prefix + approvals.EntryTime(since),
			ByLex: true, Rev: true, Offset: passed, Count: 1,
		}).Result()
		s.note(err)
		if err != nil {
			return approvals.Request{}, false, fmt.Errorf("requests under %s: %w", prefix, err)
		}
		if len(found) == 0 {
			return approvals.Request{}, false, nil
		}
		own := strings.LastIndexByte(found[0], '/') + 1
		r, err := s.Load(ctx, found[0][own:])
		_, refused := approvals.AsRefusal(err)
		switch {
		case approvals.IsRefusal(err, approvals.NoSuchRequest):
			if err := s.dropClaim(ctx, s.keys, found[0][:own], found[0][own:]); err != nil {
				return approvals.Request{}, false, err
			}
		case refused, err == nil && r.ID == but:
			passed++
		default:
			return r, err == nil, err
		}
	}
}
