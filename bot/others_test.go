package bot

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// TestTooFew: the refusal names who does not count, and why.
func TestTooFew(t *testing.T) {
	gus := approvals.Standing{ID: "U0GUS", Person: approvals.Person{ID: "U0GUS", Name: "gus"}, Bar: approvals.IsGuest}
	nobody := approvals.Standing{ID: "U0NOSUCH1", Bar: approvals.IsNobody}
	silent := approvals.Standing{ID: "U0GRACE", Bar: approvals.NotLookedUp, Err: errors.New("secret of the wire")}
	const begin = "Too few people other than you can approve this, so it was not recorded."
	const end = "Ask whoever runs this bot to add people to APPROVERS for this action."
	for _, tt := range []struct {
		reason approvals.Reason
		others []approvals.Standing
		want   string
	}{
		{approvals.NobodyElse, nil, begin + " " + end},
		{approvals.NobodyElse, []approvals.Standing{gus, nobody}, begin + " Of those on the list: gus (U0GUS): a guest; U0NOSUCH1: no such user. " + end},
		{
			approvals.NobodyElse,
			[]approvals.Standing{
				{ID: "S0GONE", Bar: approvals.IsRefused, Err: &approvals.Withheld{Err: fmt.Errorf("of S0GONE: %w", slack.SlackErrorResponse{Err: "no_such_subteam"})}},
				{ID: "U0GRACE", Bar: approvals.IsWithheld, Err: &approvals.Withheld{Err: slack.SlackErrorResponse{Err: "missing_scope", Needed: "users:read"}}},
			},
			begin + " Of those on the list: S0GONE: a user group that Slack refuses: no_such_subteam; " +
				"U0GRACE: somebody whom Slack refuses to show: missing_scope (needed: users:read). " + end,
		},
		{
			approvals.NotKnown, []approvals.Standing{silent}, "Slack could not tell me whether enough people other than you can approve this, so I did nothing. " +
				"Try again in a minute. Not known: U0GRACE: could not be looked up.",
		},
	} {
		if got := explain(&approvals.Refusal{Why: approvals.Why{Reason: tt.reason}, Others: tt.others}).plain(); got != tt.want {
			t.Errorf("%s, %v:\ngot  %s\nwant %s", tt.reason, tt.others, got, tt.want)
		}
	}
	var many []approvals.Standing
	for i := range 40 {
		many = append(many, approvals.Standing{ID: fmt.Sprint("U", i), Bar: approvals.IsBot})
	}
	got := explain(&approvals.Refusal{Why: approvals.Why{Reason: approvals.NobodyElse}, Others: many}).plain()
	if !strings.Contains(got, "U5: a bot; and 34 more.") || strings.Contains(got, "U6:") {
		t.Errorf("of many: %s", got)
	}
}

// TestStandingOtherID names the id on the list, which is the one
// that can be taken off it.
func TestStandingOtherID(t *testing.T) {
	s := approvals.Standing{ID: "W0KIM", Person: approvals.Person{ID: "U0KIM", Enterprise: "W0KIM", Name: "kim"}, Bar: approvals.IsTwin}
	if got, want := standing(s), "kim (W0KIM): another id of somebody already on the list"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
