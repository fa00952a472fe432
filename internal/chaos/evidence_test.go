package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

// claimKind is what somebody was told.
type claimKind string

const (
	recorded    claimKind = "recorded"
	notRecorded claimKind = "not recorded"
	approved    claimKind = "approved"
	denied      claimKind = "denied"
	cancelled   claimKind = "cancelled"
	frozen      claimKind = "frozen" // everything is, by order of who was told
)

// claim is something that the bot has told somebody, and that Slack has shown.
type claim struct {
	kind    claimKind
	by      string
	comment string // of a command, which nobody else has typed
	id      string
}

func (r *round) claim(c claim) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claims = append(r.claims, c)
}

// claimOf reads one private message to somebody.
func claimOf(who, text string) (claim, bool) {
	for start, kind := range map[string]claimKind{
		"Recorded as D-": recorded, "You approved D-": approved, "Your approval of D-": approved,
		"You denied D-": denied, "You cancelled": cancelled,
	} {
		if strings.HasPrefix(text, start) {
			return claim{kind: kind, by: who, id: requestID.FindString(text)}, true
		}
	}
	return claim{}, false
}

// evidence is all that is known of a round when it is over.
type evidence struct {
	claims    []claim
	records   map[string]approvals.Request
	trail     []entry
	posts     []post
	halted    []halted
	tenant    defenderfake.Snapshot
	cards     map[string]shown  // by request: the message whose ts the record holds
	drawn     map[string]shown  // what they should be
	stray     map[string]string // a message about a request whose record holds none
	overtaken int               // commits to send that a freeze overtook
	copies    int               // second cards that were left by crashes
}

// shown is what people see of a request: its card and the last word in its
// thread.
type shown struct {
	card   string
	thread []string
}

// evidence collects it.
func (r *round) evidence(ctx context.Context, a *artist) (evidence, error) {
	e := evidence{
		tenant: r.defender.Snapshot(), posts: r.posts.list(),
		cards: map[string]shown{}, drawn: map[string]shown{}, stray: map[string]string{}, copies: r.left, overtaken: r.overtaken,
	}
	r.mu.Lock()
	e.claims, e.halted = append(e.claims, r.claims...), append(e.halted, r.halted...)
	r.mu.Unlock()
	for _, who := range append(requesters(), approvers()...) {
		for _, m := range r.slack.Ephemerals(who) {
			if c, ok := claimOf(who, m.Text); ok {
				e.claims = append(e.claims, c)
			}
		}
	}
	var err error
	if e.records, err = r.records(ctx); err != nil {
		return e, err
	}
	if e.trail, err = r.trail(ctx); err != nil {
		return e, err
	}
	for id, list := range r.copies(e) {
		e.stray[id] = look(list[0])
	}
	for id, record := range e.records {
		if record.Card.TS == "" {
			continue
		}
		delete(e.stray, id)
		e.cards[id] = r.shown(record)
		if r.plan.previous != "" { // which may have drawn it last, in its own way
			e.drawn[id] = e.cards[id]
			continue
		}
		if e.drawn[id], err = a.draw(ctx, record); err != nil {
			return e, fmt.Errorf("draw %s: %w", id, err)
		}
	}
	return e, nil
}

// records are all requests of the round as Redis has them.
func (r *round) records(ctx context.Context) (map[string]approvals.Request, error) {
	keys, err := r.keys(ctx, "D-*")
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	values, err := r.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, fmt.Errorf("read the records: %w", err)
	}
	found := map[string]approvals.Request{}
	for i, v := range values {
		text, _ := v.(string)
		_, body, _ := strings.Cut(text, " ") // the version stands before the record
		var record approvals.Request
		if err := json.Unmarshal([]byte(body), &record); err != nil {
			return nil, fmt.Errorf("record %s: %w", keys[i], err)
		}
		found[record.ID] = record
	}
	return found, nil
}

// keys are the names in Redis that belong to the round's workspace.
func (r *round) keys(ctx context.Context, pattern string) ([]string, error) {
	var keys []string
	found := r.rdb.Scan(ctx, 0, "*:"+r.slack.TeamID()+":"+pattern, 1000).Iterator()
	for found.Next(ctx) {
		keys = append(keys, found.Val())
	}
	return keys, found.Err()
}

// entry is one of the audit trail.
type entry struct {
	audit.Entry

	kept time.Time // when Redis took it
}

// trail is the audit trail of the round.
func (r *round) trail(ctx context.Context) ([]entry, error) {
	keys, err := r.keys(ctx, "audit")
	if err != nil {
		return nil, err
	}
	if len(keys) != 1 {
		return nil, errors.New("there is no audit trail")
	}
	messages, err := r.rdb.XRange(ctx, keys[0], "-", "+").Result()
	var trail []entry
	for _, m := range messages {
		var e entry
		text, _ := m.Values["e"].(string)
		if err := json.Unmarshal([]byte(text), &e.Entry); err != nil {
			return nil, fmt.Errorf("audit entry %s: %w", m.ID, err)
		}
		ms, _, _ := strings.Cut(m.ID, "-")
		at, err := strconv.ParseInt(ms, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("audit entry %s: %w", m.ID, err)
		}
		e.kept = time.UnixMilli(at)
		trail = append(trail, e)
	}
	return trail, err
}

// shown is what Slack shows of a request.
func (r *round) shown(record approvals.Request) shown {
	var s shown
	if m, ok := r.slack.Message(record.Place.Channel, record.Card.TS); ok && !m.Deleted {
		s.card = look(m)
	}
	for _, m := range r.slack.Thread(record.Place.Channel, record.Card.TS) {
		s.thread = append(s.thread, look(m))
	}
	return s
}

// look is a message as people see it, its text for notifications first.
func look(m slackfake.Message) string {
	return m.Text + "\n" + slackfake.Render(m.Blocks, func(id string) string { return id }, m.Versions[0].At.Location())
}
