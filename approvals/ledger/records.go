package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
)

// records are what stands behind entries of the index.
type records struct {
	held  []approvals.Request // of entries that are as they should be, in their order
	stale []string            // entries that their requests do not hold, or whose requests are gone
}

// pipelined is how many records are read at once.
const pipelined = 500

func (s *Store) readAll(ctx context.Context, entries []string) (records, error) {
	var all records
	for part := range slices.Chunk(entries, pipelined) {
		texts, err := s.texts(ctx, ownersOf(part))
		if err != nil {
			return records{}, err
		}
		for i, entry := range part {
			all.take(entry, texts[i])
		}
	}
	return all, nil
}

// take holds an entry against the record of its request.
func (a *records) take(entry string, text record) {
	if text.gone {
		a.stale = append(a.stale, entry)
		return
	}
	r, err := text.decode()
	switch {
	case err != nil: // this version cannot tell
	case slices.ContainsFunc(approvals.Claims(r), func(c approvals.Claim) bool { return c.Member() == entry }):
		a.held = append(a.held, r)
	default:
		a.stale = append(a.stale, entry)
	}
}

// ownersOf are the requests of entries.
func ownersOf(entries []string) []string {
	ids := make([]string, len(entries))
	for i, entry := range entries {
		ids[i] = entry[strings.LastIndexByte(entry, '/')+1:]
	}
	return ids
}

// record is a request as it is stored, or that it is not there, or cannot be had.
type record struct {
	id, text string
	gone     bool
	err      error
}

func (r record) decode() (approvals.Request, error) {
	if r.err != nil {
		return approvals.Request{ID: r.id}, r.err
	}
	return decode(r.id, r.text)
}

// texts reads records in one round trip. GET, which every user of Redis that the bot was
// given has the right to, and not MGET.
func (s *Store) texts(ctx context.Context, ids []string) ([]record, error) {
	got := make([]*redis.StringCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			if idForm.MatchString(id) {
				got[i] = p.Get(ctx, s.keys.request(id))
			}
		}
		return nil
	})
	if !perhapsGone(err) {
		s.note(err)
		return nil, fmt.Errorf("read requests: %w", err)
	}
	all := make([]record, len(ids))
	for i, id := range ids {
		all[i] = record{id: id, gone: got[i] == nil}
		if got[i] == nil {
			continue
		}
		switch all[i].text, err = got[i].Result(); {
		case errors.Is(err, redis.Nil):
			all[i].gone = true
		case redis.HasErrorPrefix(err, "WRONGTYPE"):
			all[i].err = broken(id, err)
		case err != nil:
			s.note(err)
			return nil, fmt.Errorf("read %s: %w", id, err)
		}
	}
	return all, nil
}

// perhapsGone reports whether an error of a pipeline, which is that of its first command that
// failed, is about one record alone.
func perhapsGone(err error) bool {
	return err == nil || errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE")
}

// dropStale takes entries out that say nothing. Where that fails they are met again.
func (s *Store) dropStale(ctx context.Context, entries []string) {
	if len(entries) == 0 {
		return
	}
	members := make([]any, len(entries))
	for i, entry := range entries {
		members[i] = entry
	}
	s.note(s.rdb.ZRem(ctx, s.keys.index(), members...).Err())
}
