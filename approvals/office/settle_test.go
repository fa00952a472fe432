package office

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// said is an error body as Defender writes it.
func said(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q,"target":"t1"}}`, code, message)
}

const (
	proxied   = "<html><body>no</body></html>"
	noSuchURL = "No HTTP resource was found that matches the request URI"
)

// device is how Defender answers when it is asked about the device.
type deviceIs string

const (
	isThere  deviceIs = "there"
	isAbsent deviceIs = "absent"
	isHidden deviceIs = "hidden" // nobody can ask
)

// refused posts one call that is refused, and gives what became of it and how often
// Defender was asked about the device.
func refused(t *testing.T, action string, status int, body string, verified bool, d deviceIs) (c approvals.Call, posts, reads int) {
	t.Helper()
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			posts++
			w.WriteHeader(status)
			io.WriteString(w, body)
			return
		case len(jobOf(r)) != len(approvalstest.HexID):
			w.WriteHeader(http.StatusServiceUnavailable) // what is running: not known
			return
		}
		reads++
		switch d {
		case isThere:
			fmt.Fprintf(w, `{"id":%q}`, jobOf(r))
		case isAbsent:
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, said("ResourceNotFound", "Machine was not found"))
		case isHidden:
			forbidden(w)
		}
	}, chatter{}, nil)
	o.missPause = 0
	device := approvalstest.DeviceNo(1)
	device.Verified = verified
	a := approvalstest.Asked(device)
	a.Action = action
	r, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
	r = apply(t, o.store, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	o.turns(50)
	return o.load(r.ID).Calls[0], posts, reads
}

// TestSendEnded is every answer that can mean that Microsoft has ended an action, by
// what is known of the device: one of an action that has ended is told as its end, never
// as the device's or a licence's fault, unless the device is gone; one of another action
// keeps its own words.
func TestSendEnded(t *testing.T) {
	const (
		ended, gone, no = approvals.Ended, approvals.NoSuchDevice, approvals.Refused
		lost            = approvals.AnswerLost // and so uncertain
	)
	type row struct {
		name   string
		status int
		body   string
		// What becomes of investigate: for a device that was verified and is there, is
		// absent, is hidden; for one that was not verified, the same.
		want [6]approvals.Reason
		// And of unisolate, a row of Microsoft's today.
		other [6]approvals.Reason
	}
	same := func(r approvals.Reason) [6]approvals.Reason { return [6]approvals.Reason{r, r, r, r, r, r} }
	here := [6]approvals.Reason{ended, ended, ended, ended, gone, no}    // said of a device that was just read
	asked := [6]approvals.Reason{ended, gone, ended, ended, gone, no}    // can be said of the device
	foreign := [6]approvals.Reason{ended, gone, lost, ended, gone, lost} // can be a proxy's
	device := [6]approvals.Reason{no, gone, no, no, gone, no}
	proxy := [6]approvals.Reason{no, gone, lost, no, gone, lost}
	for _, tt := range []row{
		{"400", 400, said("BadRequest", "Not supported"), here, same(no)},
		{"400 without a code", 400, said("", "Not supported"), here, same(no)},
		{"400 InvalidInput", 400, said("InvalidInput", "Not supported"), here, same(no)},
		{"403", 403, said("Forbidden", "Forbidden"), here, same(approvals.Disallowed)},
		{"403 DisallowedOperation", 403, said("DisallowedOperation", "no"), here, same(approvals.Disallowed)},
		{"403 DisabledFeature", 403, said("DisabledFeature", "Tenant feature isn't enabled"), here, same(approvals.Licence)},
		{"404 machine", 404, said("ResourceNotFound", "Machine was not found"), asked, device},
		{"404 bare", 404, said("NotFound", ""), asked, device},
		{"404 no such URL", 404, said("NotFound", noSuchURL), asked, device},
		{"404 of a proxy", 404, proxied, foreign, proxy},
		{"404 of a gateway", 404, `{"statusCode":404,"message":"Resource not found"}`, foreign, proxy},
		{"405", 405, said("MethodNotAllowed", "no"), here, same(no)},
		{"405 of a proxy", 405, proxied, foreign, proxy},
		{"410", 410, said("Gone", "no"), here, same(no)},
		{"410 of a proxy", 410, proxied, foreign, proxy},
		{"501", 501, said("NotImplemented", "no"), here, same(no)},
		{"501 of a proxy", 501, proxied, foreign, proxy},

		{"400 of a proxy", 400, proxied, same(lost), same(lost)},
		{"403 of a proxy", 403, proxied, same(lost), same(lost)},
		{"409", 409, said("Conflict", "no"), same(no), same(no)},
		{"401 no licence", 401, said("Unauthorized", "No Tvm license"), same(approvals.Licence), same(approvals.Licence)},
		{"400 OS", 400, said("OsPlatformNotSupported", "no"), same(approvals.UnsupportedOS), same(approvals.UnsupportedOS)},
		{"403 role", 403, said("Forbidden", "Missing application roles. API required roles: A.B."), same(approvals.MissingRole), same(approvals.MissingRole)},
		{"400 running", 400, said("ActiveRequestAlreadyExists", "in progress"), same(approvals.AlreadyRunning), same(approvals.AlreadyRunning)},
		{"500", 500, said("InternalServerError", "no"), same(lost), same(lost)},
	} {
		for action, want := range map[string][6]approvals.Reason{"investigate": tt.want, "unisolate": tt.other} {
			for n, d := range []deviceIs{isThere, isAbsent, isHidden, isThere, isAbsent, isHidden} {
				verified := n < 3
				t.Run(fmt.Sprint(tt.name, "/", action, "/verified=", verified, "/", d), func(t *testing.T) {
					c, posts, reads := refused(t, action, tt.status, tt.body, verified, d)
					state := approvals.Failed
					if want[n] == lost {
						state = approvals.Uncertain
					}
					if c.State != state || c.Why.Reason != want[n] || posts != 1 || reads > enoughMisses {
						t.Errorf("%s, %s after %d POSTs and %d reads; want %s, %s after one POST", c.State, c.Why.Reason, posts, reads, state, want[n])
					}
					if c.Why.Reason == ended && (c.Why.Detail == "" || tt.body != proxied && tt.body[2:7] == "error" && c.Why.Target != "t1") {
						t.Errorf("Defender's own words are not kept: %+v", c.Why)
					}
				})
			}
		}
	}
}

// TestSendEndedAsksOnce: a device that was verified and that nobody denies is not asked
// about again, and one read settles what "not there" is about.
func TestSendEndedAsksOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   int
	}{
		"403": {403, said("Forbidden", ""), 0},
		"404": {404, said("NotFound", noSuchURL), 1},
	} {
		if _, _, reads := refused(t, "investigate", tt.status, tt.body, true, isThere); reads != tt.want {
			t.Errorf("%s: %d reads, want %d", name, reads, tt.want)
		}
	}
}

// TestSendAnswerEnded: what had ended when Defender answered is told as it ended, and not
// as running.
func TestSendAnswerEnded(t *testing.T) {
	for name, tt := range map[string]struct {
		action, answer string
		want           approvals.CallState
	}{
		"investigation, switched off": {"investigate", `{"id":"7","state":"Disabled"}`, approvals.Failed},
		"investigation, ended":        {"investigate", `{"id":"7","state":"Benign","endTime":"2026-03-01T03:00:00Z"}`, approvals.Succeeded},
		"investigation, a new word":   {"investigate", `{"id":"7","state":"Retired","endTime":"2026-03-01T03:00:00Z"}`, approvals.Unknown},
		"investigation, queued":       {"investigate", `{"id":"7","state":"Queued"}`, approvals.Running},
		"action, failed":              {"collect", `{"id":"j7","type":"CollectInvestigationPackage","status":"Failed"}`, approvals.Failed},
		"action, somebody else's":     {"collect", `{"id":"j7","type":"CollectInvestigationPackage","status":"Succeeded","requestorComment":"other"}`, approvals.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, _ := refused(t, tt.action, http.StatusCreated, tt.answer, true, isThere)
			if c.State != tt.want || c.State.Ended() && c.Why.Reason != approvals.Ran || c.Job.Queued != (name == "investigation, queued") {
				t.Errorf("%s, %+v, %+v; want %s", c.State, c.Why, c.Job, tt.want)
			}
		})
	}
}
