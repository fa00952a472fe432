package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// patient opens a place, and sets the variables of a bot in it.
func patient(t *testing.T) *sandbox.Place {
	t.Helper()
	place, err := sandbox.Open(sandbox.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := place.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, v := range variables(t, place.Env()) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	return place
}

// examined is what `bot doctor -json` says, and how it ends.
func examined(t *testing.T, args ...string) (r report, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err = run(limit(t), append([]string{"doctor", "-json"}, args...), &stdout, &stderr)
	if e := json.Unmarshal(stdout.Bytes(), &r); e != nil {
		t.Fatalf("%v (%v): %s%s", e, err, &stdout, &stderr)
	}
	for _, f := range r.Findings {
		if !slices.ContainsFunc(app.Lines(), func(l app.Line) bool { return l.About == f.About }) || f.Says == "" || f.Grade == app.Doubt && f.Mend == "" {
			t.Errorf("a finding about something unknown, or without a mend: %+v", f)
		}
	}
	return r, err
}

// TestDoctorWell: all is well but what the sandbox allows itself, and the doctor has
// something to say about each of its lines.
func TestDoctorWell(t *testing.T) {
	place := patient(t)
	if err := place.Slack.ChangeGroup(sandbox.OnCall, func(g *slackfake.Group) { g.Locked = true }); err != nil {
		t.Fatal(err)
	}
	r, err := examined(t)
	if err != nil || !r.Well || r.Counts[app.Wrong] != 0 || r.Counts[app.Well] < 5 {
		t.Errorf("%v: %+v", err, r)
	}
	for _, l := range app.Lines() {
		if l.About != "configuration" && l.About != "probe" && !slices.ContainsFunc(r.Findings, func(f app.Finding) bool { return f.About == l.About }) {
			t.Errorf("it says nothing about %q", l.About)
		}
	}
	var stdout bytes.Buffer
	if err := run(limit(t), []string{"doctor"}, &stdout, &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
	for _, f := range r.Findings {
		if !strings.Contains(stdout.String(), f.String()+"\n") {
			t.Errorf("no line %q in:\n%s", f, &stdout)
		}
	}
	if actions := place.Defender.Actions(); len(actions) > 0 || len(place.Slack.Sockets()) > 0 {
		t.Errorf("the doctor has left %d actions and %d sockets", len(actions), len(place.Slack.Sockets()))
	}
}

// TestDoctorOpenGroup: where Slack does not say that the members of a group of approvers
// are kept from everybody, the doctor warns.
func TestDoctorOpenGroup(t *testing.T) {
	place := patient(t)
	for _, tt := range []struct {
		group slackfake.Group
		warns bool
	}{
		{slackfake.Group{}, true},
		{slackfake.Group{Locked: true}, false},
		{slackfake.Group{IDP: true}, false},
	} {
		err := place.Slack.ChangeGroup(sandbox.OnCall, func(g *slackfake.Group) { g.Locked, g.IDP = tt.group.Locked, tt.group.IDP })
		if err != nil {
			t.Fatal(err)
		}
		r, err := examined(t)
		warns := slices.ContainsFunc(r.Findings, func(f app.Finding) bool {
			return f.About == "people" && f.Grade == app.Doubt && f.Mend != "" && strings.Contains(f.Says, "anybody may be able to edit user group "+sandbox.OnCall)
		})
		if warns != tt.warns || err != nil {
			t.Errorf("locked %v, from an identity provider %v: warns %v, %v: %+v", tt.group.Locked, tt.group.IDP, warns, err, r.Findings)
		}
	}
}

// TestDoctorUnwell: what fails is named with its cause and its mend, what needs it is not
// guessed at, and the rest is looked at all the same.
func TestDoctorUnwell(t *testing.T) {
	place := patient(t)
	place.Slack.Break(slackfake.Fault{Method: "auth.test", Error: "token_revoked"})
	r, err := examined(t)
	if !errors.Is(err, errUnwell) || exitCode(err) != 1 || r.Well {
		t.Errorf("%v, well %v", err, r.Well)
	}
	grades := map[string]app.Grade{}
	for _, f := range r.Findings {
		grades[f.About] = f.Grade
		if strings.HasSuffix(f.Says, "needs: "+f.About) {
			t.Errorf("a line that waits for itself: %q", f)
		}
	}
	if grades["slack"] != app.Wrong || grades["approvers"] != app.Unknown || grades["redis durability"] != app.Doubt {
		t.Errorf("%+v", r.Findings)
	}
}

// TestDoctorUnread: nobody knows how somebody counts who cannot be looked up.
func TestDoctorUnread(t *testing.T) {
	place := patient(t)
	place.Slack.Break(slackfake.Fault{Method: "users.info", Error: "internal_error"})
	r, err := examined(t)
	if err != nil || !slices.ContainsFunc(r.Findings, func(f app.Finding) bool {
		return f.About == "people" && f.Grade == app.Unknown && strings.Contains(f.Says, sandbox.Joan) && strings.Contains(f.Says, "internal_error")
	}) {
		t.Errorf("%v: %+v", err, r.Findings)
	}
}

// deaf is an output that takes nothing.
type deaf struct{ asked int }

func (d *deaf) Write([]byte) (int, error) {
	d.asked++
	return 0, errors.New("no space left on device")
}

// TestDoctorUnheard: a doctor whom nobody can hear says so once, and does not do what it could
// not say before.
func TestDoctorUnheard(t *testing.T) {
	place, stdout := patient(t), &deaf{}
	err := run(limit(t), []string{"doctor", "-probe"}, stdout, &bytes.Buffer{})
	if err == nil || strings.Count(err.Error(), "no space left on device") != 1 || exitCode(err) != 1 || stdout.asked != 1 {
		t.Errorf("%v, after %d tries to write", err, stdout.asked)
	}
	for _, c := range place.Defender.Calls() {
		if c.Method == http.MethodPost && c.Endpoint != defenderfake.Token {
			t.Errorf("it sent %+v", c)
		}
	}
}

// TestDoctorAlone: nothing but the doctor writes, whatever the libraries have to say.
func TestDoctorAlone(t *testing.T) {
	place := patient(t)
	env := place.Env()
	env.RedisURL = "redis://127.0.0.1:1"
	doctor := exec.CommandContext(limit(t), build(t), "doctor")
	var stderr bytes.Buffer
	doctor.Env, doctor.Stderr = variables(t, env), &stderr
	stdout, err := doctor.Output()
	if err == nil || stderr.String() != "bot: "+errUnwell.Error()+"\n" || !strings.Contains(string(stdout), "connection refused") {
		t.Errorf("%v: stderr %q, stdout %s", err, &stderr, stdout)
	}
}
