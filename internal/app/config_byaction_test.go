package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

// TestConfigByAction: what is wrong with settings by action is said, with the names
// that there are and never with the value.
func TestConfigByAction(t *testing.T) {
	t.Parallel()
	unknown := func(entry int) string {
		return fmt.Sprintf("names an action that this version does not have (entry %d); it has %s", entry, strings.Join(defender.Actions().Names(), ", "))
	}
	for _, tt := range []struct {
		name   string
		change func(*app.Env)
		want   string
	}{
		{"approvers of what there is not", func(e *app.Env) { e.Approvers += ",wipe=U0GRACE" }, "APPROVERS: " + unknown(3)},
		{"approvers of an action in capitals", func(e *app.Env) { e.Approvers += ",Isolate=U0GRACE" }, "APPROVERS: " + unknown(3)},
		{"approvers of an action without a name", func(e *app.Env) { e.Approvers += ",=U0GRACE" }, "APPROVERS: " + unknown(3)},
		{"approvers of an action by name", func(e *app.Env) { e.Approvers += ",isolate=" + secret }, "APPROVERS: takes user ids"},
		{"approvers of an action, nobody", func(e *app.Env) { e.Approvers += ",isolate=" }, "APPROVERS: takes user ids"},
		{"approvers of two actions at once", func(e *app.Env) { e.Approvers += ",isolate=restrict=U0GRACE" }, "APPROVERS: takes user ids"},
		{
			"no approvers of what is on", func(e *app.Env) { e.Approvers = "collect=U0GRACE,scan=S0ONCALL" },
			"APPROVERS: has nobody for investigate, scan-quick, which can be asked for (see ACTIONS)",
		},
		{"requesters of what there is not", func(e *app.Env) { e.Requesters = "wipe=U0GRACE" }, "REQUESTERS: " + unknown(1)},
		{"requesters of an action, nobody", func(e *app.Env) { e.Requesters = "isolate=" }, "REQUESTERS: takes user ids"},
		{"actions that there are not", func(e *app.Env) { e.Actions = "collect," + secret }, "ACTIONS: " + unknown(2)},
		{"no actions", func(e *app.Env) { e.Actions = ", ," }, "ACTIONS: is a list with nothing in it"},
		{"an action twice as one", func(e *app.Env) { e.Actions = "collect scan" }, "ACTIONS: " + unknown(1)},
		{"approvals of what there is not", func(e *app.Env) { e.ApprovalsRequired = "1,wipe=2" }, "APPROVALS_REQUIRED: " + unknown(2)},
	} {
		got := problems(t, changed(tt.change))
		if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
			t.Errorf("%s: problems %q, want one that begins with %q", tt.name, got, tt.want)
		}
		if strings.Contains(strings.Join(got, "\n"), secret) {
			t.Errorf("%s: problems %q show a value", tt.name, got)
		}
	}
	all := problems(t, changed(func(e *app.Env) {
		e.Actions, e.Approvers, e.Requesters, e.ApprovalsRequired = "wipe", "wipe=U0GRACE,U0GRACE", "wipe=U0GRACE", "wipe=2"
	}))
	if want := []string{"ACTIONS: " + unknown(1), "APPROVALS_REQUIRED: " + unknown(1), "APPROVERS: " + unknown(1), "REQUESTERS: " + unknown(1)}; !slices.Equal(all, want) {
		t.Errorf("all at once: %q, want %q", all, want)
	}
}

// TestConfigByActionWarnings: what is prepared for an action that is off, and what
// could not be taken back, is said and keeps nobody from starting.
func TestConfigByActionWarnings(t *testing.T) {
	t.Parallel()
	const off = ", which ACTIONS does not switch on"
	for name, tt := range map[string]struct {
		change func(*app.Env)
		want   []string
	}{
		"nothing of the kind": {func(*app.Env) {}, nil},
		"all is on": {func(e *app.Env) {
			e.Actions = strings.Join(defender.Actions().Names(), ",")
			e.Approvers += ",isolate=U0GRACE"
		}, nil},
		"approvers":              {func(e *app.Env) { e.Approvers += ",isolate=U0GRACE,collect=U0GRACE,restrict=U0GRACE" }, []string{"APPROVERS: has entries for isolate, restrict" + off}},
		"requesters, how many":   {func(e *app.Env) { e.Requesters, e.ApprovalsRequired = "isolate=U0GRACE", "isolate=2" }, []string{"REQUESTERS: has entries for isolate" + off, "APPROVALS_REQUIRED: has entries for isolate" + off}},
		"people to call in":      {func(e *app.Env) { e.EscalateTo = "S0LEADS,restrict=U0GRACE" }, []string{"ESCALATE_TO: has entries for restrict" + off}},
		"no way back":            {func(e *app.Env) { e.Actions = "isolate,restrict,unrestrict" }, []string{"ACTIONS: switches on isolate and not unisolate, which takes it back"}},
		"ended, no successor":    {func(e *app.Env) { e.Actions = "investigate,scan-quick" }, []string{"ACTIONS: switches on investigate, which Microsoft has ended, and not scan, which replaces it"}},
		"all have their own, on": {func(e *app.Env) { e.Actions, e.Approvers = "collect", "collect=U0GRACE" }, nil},
	} {
		if got := config(t, changed(tt.change)).Warnings; !slices.Equal(got, tt.want) {
			t.Errorf("%s: warnings %q, want %q", name, got, tt.want)
		}
	}
}

// TestConfigActionsDocumented: the table names the actions that are on, and those
// that have to be switched on.
func TestConfigActionsDocumented(t *testing.T) {
	t.Parallel()
	var on, off []string
	for _, a := range defender.Actions() {
		if a.Harmless {
			on = append(on, a.Name)
		} else {
			off = append(off, a.Name)
		}
	}
	for line := range strings.Lines(app.Table()) {
		if strings.HasPrefix(line, "| `ACTIONS`") && strings.Contains(line, "| "+strings.Join(on, ", ")+" |") && strings.HasSuffix(line, ": "+strings.Join(off, ", ")+" |\n") {
			return
		}
	}
	t.Errorf("the table does not say that %s are on and %s off:\n%s", on, off, app.Table())
}
