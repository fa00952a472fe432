package bot

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
)

// TestFreezeForm takes what the form of a home can come back with. What is refused freezes
// nothing; a reason that is too long for Slack's own form is cut, for the order itself counts.
func TestFreezeForm(t *testing.T) {
	d := deskOn(t, redistest.Mini(t).Addr(), 1)
	inForce := func() approvals.Freeze {
		t.Helper()
		f, err := d.store.ReadFreeze(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	send := func(name, user string, state *slack.ViewState) (answer string) {
		i := interaction{User: named{user}, Team: named{d.slack.TeamID()}, View: submitted{CallbackID: freezeForm}}
		i.View.State = state
		d.front.submitted(t.Context(), envelope("form "+name, &answer), i)
		return answer
	}
	typed := func(text string) *slack.ViewState {
		return &slack.ViewState{Values: map[string]map[string]slack.BlockAction{reasonBlock: {reasonInput: {Value: text}}}}
	}
	long := strings.Repeat("é", reasonLimit+1)
	for _, tt := range []struct {
		name, user string
		state      *slack.ViewState
		want       string // of the error beside the field; empty: the form closes
		frozen     string // the reason of the freeze then in force
	}{
		{"no state", clicker, nil, noReason, ""},
		{"empty", clicker, typed(""), noReason, ""},
		{"nothing readable", clicker, typed(" \u202e\n "), noReason, ""},
		{"not an approver", typist, typed("why not"), "Only approvers can freeze calls", ""},
		{"nobody that Slack shows", "U0HIDDEN", typed("why not"), "Only full members of this workspace", ""},
		{"too long", clicker, typed(long), "", strings.Repeat("é", reasonLimit-1) + "…"},
		{"frozen already", clicker, typed("again"), "calls are frozen already, by grace", strings.Repeat("é", reasonLimit-1) + "…"},
		{"frozen already, and no approver", typist, typed("again"), "Only approvers can freeze calls", strings.Repeat("é", reasonLimit-1) + "…"},
	} {
		answer := send(tt.name, tt.user, tt.state)
		if isError := strings.Contains(answer, `"response_action":"errors"`); isError != (tt.want != "") || !strings.Contains(answer, tt.want) {
			t.Errorf("%s: answered %s, want %q", tt.name, answer, tt.want)
		}
		f := inForce()
		if since := inUTC(f.At); strings.Contains(tt.want, "frozen already") && !strings.Contains(answer, since) {
			t.Errorf("%s: answered %s, want that it is since %s", tt.name, answer, since)
		}
		if f.Text != tt.frozen || f.Is() != (tt.frozen != "") {
			t.Errorf("%s: in force is %q for %q, want %q", tt.name, f.ID, f.Text, tt.frozen)
		}
	}
	f := inForce()
	if f.By.ID != clicker || f.By.Name != "grace" {
		t.Errorf("it is the freeze of %+v", f.By)
	}
	if again := send("too long", clicker, typed(long)); strings.Contains(again, "errors") || inForce().ID != f.ID {
		t.Errorf("delivered again it is answered %s, and in force is %s and not %s", again, inForce().ID, f.ID)
	}
}
