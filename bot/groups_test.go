package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"defenderbot/internal/slackfake"
)

func TestGroups(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddUser(slackfake.User{ID: "U0LEFT", Name: "left", Deleted: true})
	o.AddGroup(slackfake.Group{ID: "S1", Handle: "oncall", Members: []string{grace, "U0LEFT"}})
	o.AddGroup(slackfake.Group{ID: "S2", Handle: "old", Members: []string{grace}, Disabled: true})
	for _, handle := range []string{"oncall", "OnCall", "ONCALL"} {
		if id, err := o.slack.GroupNamed(t.Context(), handle); id != "S1" || err != nil {
			t.Errorf("@%s is %q, %v", handle, id, err)
		}
	}
	for _, handle := range []string{"old", "nobody", "on-call", ""} {
		if id, err := o.slack.GroupNamed(t.Context(), handle); err == nil {
			t.Errorf("@%s is %q", handle, id)
		}
	}
	for id, want := range map[string][]string{"S1": {grace}, "S2": {}} {
		if got, err := membersOf(t.Context(), o.slack, id); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("members of %s: %v, %v, want %v", id, got, err, want)
		}
	}
	if got, err := membersOf(t.Context(), o.slack, "S9"); err == nil {
		t.Errorf("members of a group that is not there: %v", got)
	}
	o.SetScopes("chat:write")
	if _, err := o.slack.GroupNamed(t.Context(), "oncall"); !isSlackError(err, "missing_scope") {
		t.Errorf("without the scope: %v", err)
	}
}

// TestGroupNamedRefused ends a start that no waiting would mend. What is said of the
// token is found out once, for all calls.
func TestGroupNamedRefused(t *testing.T) {
	o := visit(t, slackfake.Options{})
	for code, permanent := range map[string]bool{
		"plan_upgrade_required": true, "missing_scope": true, "access_denied": true, "token_revoked": false, "internal_error": false, "moon_phase": false,
	} {
		o.Break(slackfake.Fault{Method: "usergroups.list", Error: code, Times: 1})
		if _, err := o.slack.GroupNamed(t.Context(), "oncall"); errors.Is(err, ErrPermanent) != permanent || !isSlackError(err, code) {
			t.Errorf("%s: %v, want a permanent error: %v", code, err, permanent)
		}
	}
}

// TestGroupsOneCall: all groups cost one call, however many there are, and those
// that Slack does not list one each.
func TestGroupsOneCall(t *testing.T) {
	o := visit(t, slackfake.Options{})
	for i := range 12 {
		o.AddGroup(slackfake.Group{ID: fmt.Sprint("S", i), Handle: fmt.Sprint("g", i), Members: []string{grace}})
	}
	o.AddGroup(slackfake.Group{ID: "S0OFF", Handle: "off", Members: []string{grace}, Disabled: true})
	for range 3 {
		for i := range 12 {
			if got, err := membersOf(t.Context(), o.slack, fmt.Sprint("S", i)); err != nil || !slices.Equal(got, []string{grace}) {
				t.Errorf("members of S%d: %v, %v", i, got, err)
			}
		}
		if got, err := membersOf(t.Context(), o.slack, "S0OFF"); err != nil || len(got) != 0 {
			t.Errorf("members of one that is off: %v, %v", got, err)
		}
	}
	if list, single := o.asks("usergroups.list"), o.asks("usergroups.users.list"); list != 1 || single != 1 {
		t.Errorf("%d lists and %d single groups were asked for, want one each", list, single)
	}
}

// TestKeepGroups keeps them at hand, so that nobody waits for them.
func TestKeepGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		w := &Workspace{memory: newMemory(time.Now)}
		w.api = slack.New("xoxb-x", slack.OptionHTTPClient(&http.Client{Transport: selfMade(func(*http.Request) string {
			asked.Add(1)
			time.Sleep(time.Second)
			return `{"ok":true,"usergroups":[{"id":"S1","users":["U1"]}]}`
		})}))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.KeepGroups(ctx) }()
		time.Sleep(time.Minute)
		for range 60 {
			time.Sleep(10 * time.Second)
			start := time.Now()
			if got, err := membersOf(ctx, w, "S1"); err != nil || len(got) != 1 || time.Since(start) > 0 {
				t.Errorf("members %v, %v, after a wait of %s", got, err, time.Since(start))
			}
		}
		if n := asked.Load(); n > 17 {
			t.Errorf("asked %d times in eleven minutes", n)
		}
		cancel()
		<-ended
	})
}

// selfMade is a way to Slack that answers itself.
type selfMade func(*http.Request) string

func (a selfMade) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(a(r))),
	}, nil
}
