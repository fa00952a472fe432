package bot

import (
	"errors"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// TestHomesShow publishes a home where it has changed, and not over what somebody else has
// put there since.
func TestHomesShow(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	h := NewHomes(d.front.workspace)
	h.Use(d.front.desk, grammar())
	published := func() (n int) {
		for _, c := range d.slack.APICalls() {
			if c.Method == "views.publish" && c.Error == "" {
				n++
			}
		}
		return n
	}
	show := func(what, was string, want error, times int) string {
		t.Helper()
		before := published()
		mark, err := h.ShowHome(soon(t), typist, was)
		if !errors.Is(err, want) || published()-before != times {
			t.Errorf("%s: %v, published %d times; want %v and %d", what, err, published()-before, want, times)
		}
		return mark
	}
	first := show("at first", "", nil, 1)
	if again := show("unchanged", first, nil, 0); again != first {
		t.Errorf("the mark has changed from %q to %q", first, again)
	}
	r := d.pendingRequest(typist)
	second := show("changed", first, nil, 1)
	if err := h.answer(soon(t), typist, say("You cancelled it.")); err != nil {
		t.Error(err)
	}
	d.happen(r, approvals.Cancel{By: r.By})
	show("changed, and shown by somebody else", second, approvals.ErrShownSince, 0)
	show("nothing is known", "", nil, 1)

	d.slack.SetFeatures(slackfake.Features{})
	refused, is := errors.AsType[*approvals.NoPlace](must2(h.ShowHome(soon(t), typist, "")))
	if !is || refused.Why.Detail != "not_enabled" {
		t.Errorf("without a tab: %v", refused)
	}
}

// must2 is the error of two answers.
func must2[T any](_ T, err error) error { return err }
