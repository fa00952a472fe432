package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// actionRows are the rows that start a machine action.
func actionRows() defender.Catalogue {
	return slices.DeleteFunc(defender.Actions(), func(a defender.Action) bool { return a.Tracks != defender.TrackMachineActions })
}

// scopesOf are the scopes with which the portal starts what a row starts.
func scopesOf(a defender.Action) (scopes []string) {
	for _, other := range defender.Actions() {
		if other.Type == a.Type {
			scopes = append(scopes, other.Scope)
		}
	}
	return scopes
}

// TestRowsSecond: each row is asked for where somebody has started the same in the
// portal, in each scope, and Defender refuses the second or answers with the first. The
// card stands for the first only if that is what was asked for, as far as Defender shows.
func TestRowsSecond(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]defenderfake.Second{"refused": defenderfake.SecondRefused, "first": defenderfake.SecondFirst} {
		for _, noScope := range []bool{false, true} {
			for _, a := range actionRows() {
				t.Run(fmt.Sprintf("%s, %s, without scopes %v", a.Name, name, noScope), func(t *testing.T) {
					t.Parallel()
					asksBeside(t, a, second, noScope)
				})
			}
		}
	}
}

func asksBeside(t *testing.T, a defender.Action, second defenderfake.Second, noScope bool) {
	t.Helper()
	endpoint := "machines/" + a.Post.Name
	p := start(t, func(o *sandbox.Options) {
		o.Defender.NoScope, o.Defender.RunFor = noScope, time.Hour
		o.Defender.Second = map[string]defenderfake.Second{endpoint: second}
	}, nil)
	scopes, devices := scopesOf(a), []string{sandbox.Laptop, sandbox.Server}
	for i, scope := range scopes {
		if _, err := p.Defender.Portal("ana@contoso.example").StartScope(endpoint, scope, devices[i], "by hand"); err != nil {
			t.Fatal(err)
		}
		id, c := pending(t, p, a.Name+" "+devices[i]+" odd logins at 3")
		click(t, p, sandbox.Grace, c, "approve")
		switch {
		case scope == a.Scope && (scope == "" || !noScope):
			card(t, p, id, "It had already been running", "started by ana@contoso.example")
		case noScope:
			card(t, p, id, "Failed", a.Type+", started by ana@contoso.example")
		default:
			card(t, p, id, "Failed", a.Type+", "+scope+", started by ana@contoso.example")
		}
	}
	if n := len(p.Defender.Actions()); n != len(scopes) {
		t.Errorf("%d actions are there, want the %d of the portal", n, len(scopes))
	}
}

// TestRowsLost loses the answer to the POST of each row, in a tenant that shows no
// scopes. Each is found by its comment and not sent again.
func TestRowsLost(t *testing.T) {
	t.Parallel()
	for _, a := range actionRows() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "", func(o *sandbox.Options) {
				embedded(o)
				o.Defender.NoScope = true
			})
			run(t, p, p.Env(), app.Options{})
			p.Defender.Inject(defenderfake.Fault{On: "machines/" + a.Post.Name, When: defenderfake.AfterEffect, Drop: true, Times: 1})
			id, c := pending(t, p, a.Name+" "+sandbox.Laptop+" lost answer")
			click(t, p, sandbox.Grace, c, "approve")
			got := pass(t, p, id, 25*time.Second, 10*time.Minute, approvals.Succeeded, approvals.Failed, approvals.Unknown)
			if got.State != approvals.Succeeded || got.Job.Adopted {
				t.Errorf("it ended %s, %+v, want succeeded and its own", got.State, got.Why)
			}
			if n := posts(p, "machines/"+a.Post.Name); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
}

// TestRowsRefused has each error of the pages of the machine actions, from the device to
// the registration, and what the card says of it.
func TestRowsRefused(t *testing.T) {
	t.Parallel()
	withoutRole := func(a defender.Action) []string {
		return slices.DeleteFunc(permissions(t), func(role string) bool { return role == a.Role })
	}
	for _, a := range actionRows() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			p := start(t, func(o *sandbox.Options) { o.Defender.Roles = withoutRole(a) }, nil)
			id, c := pending(t, p, a.Name+" "+sandbox.Laptop+" odd logins at 3")
			click(t, p, sandbox.Grace, c, "approve")
			card(t, p, id, "Failed", "lacks an application role", a.Role)

			p = start(t, nil, nil)
			endpoint := "machines/" + a.Post.Name
			for code, want := range map[string]string{
				"OsPlatformNotSupported":    "does not support this on the device's operating system",
				"ClientVersionNotSupported": "does not support this on the device's operating system",
				"DisallowedOperation":       "Defender does not allow this",
				"DisabledFeature":           "licence or settings do not allow this",
				"InvalidRequestBody":        "Defender refused it",
				"MissingRequiredParameter":  "Defender refused it",
			} {
				p.Defender.Inject(defenderfake.Fault{On: endpoint, Status: 400, Code: code, Message: "the words of " + code, Times: 1})
				id, c := pending(t, p, a.Name+" "+sandbox.Laptop+" odd logins at 3")
				click(t, p, sandbox.Grace, c, "approve")
				card(t, p, id, "Failed", want, "the words of "+code)
			}
			p.Defender.RemoveDevice(sandbox.Desktop)
			p.Defender.AddDevice(defenderfake.Device{ID: sandbox.Desktop, ComputerDNSName: "desktop-test123"})
			id, c = pending(t, p, a.Name+" "+sandbox.Desktop+" odd logins at 3")
			p.Defender.RemoveDevice(sandbox.Desktop)
			click(t, p, sandbox.Grace, c, "approve")
			card(t, p, id, "Failed", "no longer knows this device")
			if n := len(p.Defender.Actions()); n != 0 {
				t.Errorf("%d actions were started", n)
			}
		})
	}
}
