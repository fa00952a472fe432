package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
)

// freezing is the answer of freeze.lua.
type freezing struct {
	Status string `json:"status"`
	timed
	Freeze string `json:"freeze"`
	Newest string `json:"newest"`
}

// Freeze stops every call from being sent, from the moment at which it is in Redis: the commit
// of every call looks for it there. It draws the freeze's id, and tells its place and the
// alert channel. While there is one it is a *Refusal with the reason AlreadyFrozen. A
// repeat of op gives the freeze that op made.
func (s *Store) Freeze(ctx context.Context, op Op, f approvals.Freeze) (approvals.Freeze, error) {
	f.ID, f.At = "F-"+sixLetters(), s.Now()
	entry := freezeEntry(f, f.At)
	told := alarms(approvals.Alarm{Kind: approvals.AlarmFreeze, At: f.At, By: f.By, Text: f.Text}, f.Place.Channel, s.alerts)
	var answer freezing
	keys := []string{s.keys.op(op.ID), s.keys.frozen(), s.keys.agenda(), s.keys.audit(), s.keys.alarms(), s.keys.held()}
	t, err := s.run(ctx, s.scripts.freeze, keys, &answer, op.Digest, inRedis(f), asJSON(entry), asJSON(told))
	if err != nil {
		return f, fmt.Errorf("freeze: %w", err)
	}
	s.newest.sees(answer.Newest)
	was := frozenBy(answer.Freeze) // of an id that was used for something else there is none
	switch answer.Status {
	case statusOK, "repeat":
		if answer.Status == statusOK {
			s.freeze.Store(&was)
		}
		s.Wake()
		return was, s.lasts(t)
	case "frozen":
		return was, &approvals.Refusal{Why: approvals.Why{Reason: approvals.AlreadyFrozen, Detail: was.ID, Since: was.At}, Frozen: was}
	}
	return f, approvals.Refuse(approvals.OpReused, "")
}

func freezeEntry(f approvals.Freeze, at time.Time) audit.Entry {
	return audit.Entry{
		At: at, Event: "freeze", By: f.By.ID, Grid: f.By.Enterprise, Name: f.By.Name, Team: f.Place.Team, Channel: f.Place.Channel,
		Detail: f.ID + ": " + f.Text,
	}
}

// backAgain tells that a freeze was put back which Redis had lost.
func (s *Store) backAgain(f approvals.Freeze) string {
	e := freezeEntry(f, s.Now())
	e.Reason = string(approvals.RolledBack)
	return asJSON(e)
}

// Frozen is the freeze in force, as this process has seen it last: at most a second ago,
// while it runs. Whether something may leave the commit decides, and not this.
func (s *Store) Frozen() approvals.Freeze {
	if f := s.freeze.Load(); f != nil {
		return *f
	}
	return approvals.Freeze{}
}

// ReadFreeze is the freeze in force; there may be none.
func (s *Store) ReadFreeze(ctx context.Context) (approvals.Freeze, error) {
	text, err := s.rdb.Get(ctx, s.keys.frozen()).Result()
	s.note(err)
	switch {
	case errors.Is(err, redis.Nil):
		return approvals.Freeze{}, nil
	case err != nil:
		return approvals.Freeze{}, fmt.Errorf("read the freeze: %w", err)
	}
	return frozenBy(text), nil
}

// seesFreeze takes over what an answer of Redis says of the freeze in force; nil: there is none.
func (s *Store) seesFreeze(text *string) {
	f := approvals.Freeze{}
	if text != nil {
		f = frozenBy(*text)
	}
	s.freeze.Store(&f)
}

// unnamed is the id of a value in the place of a freeze that is none: then nothing leaves either.
const unnamed = "?"

// notOfOrder reports whether a character is in no id of a freeze.
func notOfOrder(c rune) bool {
	return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
}

// frozenBy is a freeze as it is kept. What cannot be read of it is left out: the id alone,
// which the scripts go by (orderOf in lib.lua), stands before the rest.
func frozenBy(text string) (f approvals.Freeze) {
	id, rest, _ := strings.Cut(text, " ")
	if json.Unmarshal([]byte(rest), &f) != nil {
		f = approvals.Freeze{}
	}
	if f.ID = id; id == "" || strings.ContainsFunc(id, notOfOrder) {
		f.ID = unnamed
	}
	return f
}

// inRedis is how a freeze is kept; empty: there is none.
func inRedis(f approvals.Freeze) string {
	if !f.Is() {
		return ""
	}
	return f.ID + " " + asJSON(f)
}

// alarms is an alarm for each of some channels, each channel once.
func alarms(a approvals.Alarm, channels ...string) []string {
	list := []string{}
	slices.Sort(channels)
	for _, channel := range slices.Compact(channels) {
		if channel != "" {
			a.ID, a.Channel = rand.Text(), channel
			list = append(list, asJSON(a))
		}
	}
	return list
}

// thaws has a change lift the freeze that its request is about.
func (c *change) thaws(before, after approvals.Request, alerts string, now time.Time) {
	if !after.Unfreezes() || after.State != approvals.Done || before.State == approvals.Done {
		return
	}
	c.Thaw = after.Frozen.ID
	last := after.Approvals[len(after.Approvals)-1]
	c.Alarms = append(c.Alarms, alarms(approvals.Alarm{Kind: approvals.AlarmThaw, At: now, By: last.By, Request: after.ID, Text: after.Comment},
		after.Frozen.Place.Channel, alerts)...)
}
