package ledger

import (
	"context"
	"fmt"
	"strings"

	"defenderbot/approvals"
)

// reindexed is how many members of the agenda are looked at in one step. Steps overlap by a
// quarter: what leaves the agenda meanwhile moves the rest.
const reindexed = 200

// Reindex adds the entries of the index that older versions did not make, and says how many
// were missing. It walks the agenda, on which every request is; one that changes meanwhile,
// and could be missed there, gets its entries from whoever changes it. What this version
// cannot read it leaves alone.
func (s *Store) Reindex(ctx context.Context) (added int, err error) {
	for from := int64(0); ; from += reindexed * 3 / 4 {
		members, err := s.rdb.ZRange(ctx, s.keys.agenda(), from, from+reindexed-1).Result()
		s.note(err)
		if err != nil {
			return added, fmt.Errorf("walk the agenda: %w", err)
		}
		n, err := s.reindex(ctx, members)
		if added += n; err != nil || len(members) < reindexed {
			return added, err
		}
	}
}

// indexed is what a record should have in the index.
type indexed struct {
	Version int64    `json:"v"`
	Entries []string `json:"entries"`
}

type reindexReply struct {
	timed
	Added int `json:"added"`
}

func (s *Store) reindex(ctx context.Context, members []string) (added int, err error) {
	texts, err := s.texts(ctx, requestsAmong(members))
	if err != nil {
		return 0, err
	}
	keys, known := []string{s.keys.index()}, []indexed{}
	for _, text := range texts {
		r, err := text.decode()
		if text.gone || err != nil {
			continue
		}
		keys, known = append(keys, s.keys.request(r.ID)), append(known, indexed{r.Version, shared(r)})
	}
	if len(known) == 0 {
		return 0, nil
	}
	var answer reindexReply
	if _, err := s.run(ctx, s.scripts.reindex, keys, &answer, asJSON(known)); err != nil {
		return 0, fmt.Errorf("add to the index: %w", err)
	}
	return answer.Added, nil
}

// requestsAmong are the requests that members of the agenda are about, each once.
func requestsAmong(members []string) (ids []string) {
	seen := map[string]bool{}
	for _, m := range members {
		if id := m[strings.LastIndexByte(m, ':')+1:]; idForm.MatchString(id) && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// shared are the entries of r that nobody has alone: what r must not take from another can
// be added at any time.
func shared(r approvals.Request) []string {
	entries := []string{} // JSON has no nil list for scripts
	for _, c := range approvals.Claims(r) {
		if !c.Alone {
			entries = append(entries, c.Member())
		}
	}
	return entries
}
