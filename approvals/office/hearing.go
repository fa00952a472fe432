package office

import (
	"context"
	"errors"
	"maps"
	"slices"

	"defenderbot/approvals"
)

// hearing is whether there are any answers about people. One look-up that fails says little; a
// whole pass over the lists without an answer does.
type hearing struct {
	heard   bool  // in this pass
	failed  error // likewise, why there was no answer
	quiet   int   // passes without any answer, in a row
	silence error // why nobody can be looked up; nil: somebody can
}

// quietPasses is after how many passes without an answer nobody can be looked up, as far as
// somebody could before.
const quietPasses = 2

// note takes in what a look-up came to. To be told to ask later is an answer.
func (h *hearing) note(s sighting) {
	if _, later := errors.AsType[*approvals.Later](s.err); later || s.answered() {
		h.heard = true
		return
	}
	h.failed = s.err
}

// conclude ends a pass. Where nobody is known yet, the first pass decides.
func (h *hearing) conclude(anybodyKnown bool) {
	switch {
	case h.heard:
		h.quiet, h.silence = 0, nil
	case h.failed != nil:
		h.quiet++
		if h.quiet >= quietPasses || !anybodyKnown {
			h.silence = h.failed
		}
	}
}

// pass begins a pass over the lists, and returns what ends it.
func (r *Roster) pass(ctx context.Context) (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hearing.heard, r.hearing.failed = false, nil
	return func() { r.conclude(ctx) }
}

// conclude ends a pass over the lists. The end of the program is none.
func (r *Roster) conclude(ctx context.Context) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := slices.ContainsFunc(slices.Collect(maps.Values(r.seen)), sighting.answered)
	if i := slices.IndexFunc(r.groupsOnLists(), r.isUnread); i >= 0 && len(r.listed()) == 0 {
		r.hearing.failed = r.groups[r.groupsOnLists()[i]].Err // there is nobody to be asked about
	}
	before := r.hearing.silence
	r.hearing.conclude(known)
	r.state.silence = r.hearing.silence
	switch now := r.hearing.silence; {
	case before == nil && now != nil:
		r.log.WarnContext(ctx, "nobody can be looked up, clicks are refused", "error", now)
	case before != nil && now == nil:
		r.log.InfoContext(ctx, "people can be looked up again")
	}
}

// isUnread reports whether a group could not be read. The lock is held.
func (r *Roster) isUnread(group string) bool { return r.groups[group].Bar == approvals.IsUnread }

// heard reports whether there was an answer in this pass.
func (r *Roster) heard() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hearing.heard
}

// quiet is how many of the last passes had no answer.
func (r *Roster) quiet() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hearing.quiet
}
