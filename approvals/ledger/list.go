package ledger

import (
	"context"
	"fmt"
	"time"

	"defenderbot/approvals"
)

// Query says which requests are meant. The zero Query means none.
type Query struct {
	prefixes []string  // of entries that go on with a time
	nested   []string  // the same, of all that have one more part
	since    time.Time // not from before then
}

// OpenBy are the requests of a person that have not ended.
func OpenBy(p approvals.Person) Query {
	open, _ := approvals.ByPrefixes(p)
	return Query{prefixes: open}
}

// EndedBy are those of a person that have ended since then.
func EndedBy(p approvals.Person, since time.Time) Query {
	_, ended := approvals.ByPrefixes(p)
	return Query{prefixes: ended, since: since}
}

// OpenIn are the requests that were made in a channel and have not ended.
func OpenIn(channel string) Query { return Query{prefixes: []string{approvals.InPrefix(channel)}} }

// Open are all requests that have not ended.
func Open() Query { return Query{nested: []string{approvals.InPrefixes()}} }

// Ended are all requests that have ended since then.
func Ended(since time.Time) Query {
	return Query{prefixes: []string{approvals.EndedPrefix()}, since: since}
}

// AskedFor are the requests by which any action of the catalogue was put to approvers for a
// device.
func (s *Store) AskedFor(device string) Query {
	var q Query
	for _, a := range s.actions {
		q.prefixes = append(q.prefixes, approvals.AskedPrefix(a.Name, device))
	}
	return q
}

// Found are requests, the newest first, and how many there are besides.
type Found struct {
	Requests []approvals.Request
	More     int
}

// atLeast is how many requests are read to find some that are kept.
const atLeast = 500

// Find reads the newest requests that are meant and kept (nil: all are), at most this many.
// Those of which this version cannot tell, because it cannot read them, it passes over. Of
// requests that are not read nobody knows whether they are kept: they count as more. An entry
// that its request does not hold, as older versions leave it, is taken out.
func (s *Store) Find(ctx context.Context, q Query, most int, keep func(approvals.Request) bool) (Found, error) {
	count := most
	if keep != nil {
		count = max(most, atLeast)
	}
	for {
		entries, of, err := s.entries(ctx, q, count)
		if err != nil {
			return Found{}, err
		}
		read, err := s.readAll(ctx, entries)
		if err != nil {
			return Found{}, err
		}
		var found Found
		for _, r := range read.held {
			if keep == nil || keep(r) {
				found.Requests = append(found.Requests, r)
			}
		}
		s.dropStale(ctx, read.stale)
		short := len(entries) - len(read.held)
		if short == 0 || of <= len(entries) || len(found.Requests) >= most {
			found.More = of - len(entries) + len(found.Requests)
			found.Requests = found.Requests[:min(len(found.Requests), most)]
			found.More -= len(found.Requests)
			return found, nil
		}
		count += short // ever more, also where nothing could be taken out
	}
}

type listed struct {
	timed
	Entries []string `json:"entries"`
	Of      int      `json:"of"`
}

// entries are the newest entries that are meant, and how many there are in all.
func (s *Store) entries(ctx context.Context, q Query, most int) (entries []string, of int, err error) {
	since := ""
	if !q.since.IsZero() {
		since = approvals.EntryTime(q.since)
	}
	var answer listed
	_, err = s.run(ctx, s.scripts.list, []string{s.keys.index()}, &answer, asJSON(append([]string{}, q.prefixes...)), asJSON(append([]string{}, q.nested...)), since, most)
	if err != nil {
		return nil, 0, fmt.Errorf("list requests: %w", err)
	}
	return answer.Entries, answer.Of, nil
}
