package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
)

// mostSealed is how many entries one seal covers.
const mostSealed = 1000

// Batch is what comes into the next seal.
type Batch struct {
	Before  audit.Seal // the newest that there is; the zero Seal: none
	Entries []audit.Record
	None    []string // ids of what stands among them and is no entry
	More    bool     // there are entries for another seal
	At      time.Time
}

// Unsealed reads the newest seal and what was written since.
func (s *Store) Unsealed(ctx context.Context) (b Batch, err error) {
	stored, ok, err := s.newestSeal(ctx)
	if err != nil {
		return b, err
	}
	last := "0"
	if ok {
		if b.Before, err = audit.ParseSeal(stored.Note, stored.Digests); err != nil {
			return b, fmt.Errorf("the newest seal in %s was changed, nothing can be sealed behind it: %w", s.keys.seals(), err)
		}
		last = b.Before.Last
	}
	for {
		found, err := s.entriesAfter(ctx, last, mostSealed+1)
		if err != nil {
			return b, err
		}
		for _, e := range found {
			if len(b.Entries) == mostSealed {
				b.More = true
				break
			}
			if _, err := e.Line(); err != nil {
				b.None = append(b.None, e.ID)
				continue
			}
			b.Entries = append(b.Entries, e)
		}
		if len(b.Entries) > 0 || len(found) <= mostSealed {
			b.At = s.Now()
			return b, nil
		}
		last = found[len(found)-1].ID
	}
}

// ErrSealedSince means that somebody else has added a seal, or Redis has lost what this
// one covers.
var ErrSealedSince = errors.New("another seal was added, or entries are gone")

type sealReply struct {
	timed
	Status string `json:"status"`
}

// Seal adds the seal of a batch, and trims the trail. The first of each day (UTC) is an
// alarm, too. Errors: [ErrSealedSince], and those of every change.
func (s *Store) Seal(ctx context.Context, b Batch, seal audit.Seal) error {
	told := []string{}
	if day := seal.At.UTC().Format(time.DateOnly); day != b.Before.At.UTC().Format(time.DateOnly) {
		told = alarms(approvals.Alarm{Kind: approvals.AlarmSeal, At: seal.At, Lines: strings.Split(strings.TrimSpace(seal.Note), "\n")}, s.alerts)
	}
	newest := ""
	if n := len(b.Entries); n > 0 {
		newest = b.Entries[n-1].ID
	}
	var answer sealReply
	t, err := s.run(ctx, s.scripts.seal, []string{s.keys.seals(), s.keys.audit(), s.keys.agenda(), s.keys.alarms()}, &answer,
		seal.Number, seal.Note, strings.Join(seal.Digests, " "), millis(seal.At), b.Before.Note, newest, s.keep.Milliseconds(), asJSON(told))
	switch {
	case err != nil:
		return fmt.Errorf("seal %d: %w", seal.Number, err)
	case answer.Status != statusOK:
		return fmt.Errorf("seal %d: %w (%s)", seal.Number, ErrSealedSince, answer.Status)
	}
	s.sealedAt.Store(&seal.At)
	if len(told) > 0 {
		s.Wake()
	}
	_ = s.lasts(t) // it is added; one that is lost shows, for the log has it
	return nil
}

// TendSeals puts the sealing of the trail on the agenda where it is missing, and notes when
// it was last sealed, by whichever process.
func (s *Store) TendSeals(ctx context.Context) error {
	err := s.rdb.ZAddNX(ctx, s.keys.agenda(), redis.Z{Score: float64(millis(s.Now())), Member: approvals.Seal.Member("")}).Err()
	s.note(err)
	if err != nil {
		return fmt.Errorf("put the sealing of the trail on the agenda: %w", err)
	}
	stored, ok, err := s.newestSeal(ctx)
	if err != nil || !ok {
		return err
	}
	if seal, err := audit.ParseSeal(stored.Note, stored.Digests); err == nil { // else whoever seals says so
		s.sealedAt.Store(&seal.At)
	}
	return nil
}

// SealAge is how old the newest seal is, as last seen. Where there is none, it is how long
// this process has waited for one.
func (s *Store) SealAge() time.Duration {
	if at := s.sealedAt.Load(); at != nil {
		return s.Now().Sub(*at)
	}
	return s.Now().Sub(s.began)
}
