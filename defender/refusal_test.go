package defender_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
)

// TestStartCauses is every documented code, and those seen elsewhere, as answers to a POST.
func TestStartCauses(t *testing.T) {
	for _, tt := range []struct {
		status        int
		code, message string
		collect, inv  defender.Cause
	}{
		{400, "BadRequest", "General Bad Request error message", defender.AlreadyRunning, defender.Refused},
		{400, "", "The query specified in the URI is not valid.", defender.AlreadyRunning, defender.Refused},
		{400, "BadRequest", "Action is already in progress", defender.AlreadyRunning, defender.AlreadyRunning},
		{400, "ActiveRequestAlreadyExists", "Action is already in progress", defender.AlreadyRunning, defender.AlreadyRunning},
		{400, "ODataError", "Invalid OData URI query", defender.Refused, defender.Refused},
		{400, "InvalidInput", "Invalid input", defender.Refused, defender.Refused},
		{400, "InvalidRequestBody", "Invalid request body", defender.Refused, defender.Refused},
		{400, "InvalidHashValue", "", defender.Refused, defender.Refused},
		{400, "InvalidDomainName", "", defender.Refused, defender.Refused},
		{400, "InvalidIpAddress", "", defender.Refused, defender.Refused},
		{400, "InvalidUrl", "", defender.Refused, defender.Refused},
		{400, "MaximumBatchSizeExceeded", "", defender.Refused, defender.Refused},
		{400, "MissingRequiredParameter", "Parameter Comment is missing", defender.Refused, defender.Refused},
		{400, "OsPlatformNotSupported", "", defender.UnsupportedOS, defender.UnsupportedOS},
		{400, "ClientVersionNotSupported", "", defender.UnsupportedOS, defender.UnsupportedOS},
		{401, "Unauthorized", "Unauthorized", defender.Unauthenticated, defender.Unauthenticated},
		{401, "Unauthorized", "Unauthorized request - reason of failure: Account mode is inactive", defender.Licence, defender.Licence},
		{401, "Unauthorized", "Unauthorized request - reason of failure: No Tvm license", defender.Licence, defender.Licence},
		{403, "Forbidden", "Forbidden", defender.Disallowed, defender.Disallowed},
		{403, "Forbidden", "Missing application roles. API required roles: A.B, application roles: .", defender.MissingRole, defender.MissingRole},
		{403, "DisabledFeature", "Tenant feature isn't enabled", defender.Licence, defender.Licence},
		{403, "DisallowedOperation", "no remediation level", defender.Disallowed, defender.Disallowed},
		{404, "NotFound", "", defender.NoSuchDevice, defender.NoSuchDevice},
		{404, "ResourceNotFound", "Machine 123123123 was not found", defender.NoSuchDevice, defender.NoSuchDevice},
		{404, "NotFound", "No HTTP resource was found that matches the request URI 'x'", defender.Refused, defender.Refused},
		{405, "", "", defender.Refused, defender.Refused},
		{408, "", "", defender.OutcomeUnknown, defender.OutcomeUnknown},
		{409, "Conflict", "", defender.Refused, defender.Refused},
		{429, "TooManyRequests", "", defender.Throttled, defender.Throttled},
		{429, "", "", defender.Throttled, defender.Throttled},
		{500, "InternalServerError", "", defender.OutcomeUnknown, defender.OutcomeUnknown},
		{500, "ActiveRequestAlreadyExists", "", defender.OutcomeUnknown, defender.OutcomeUnknown},
		{501, "NotImplemented", "", defender.Refused, defender.Refused},
		{410, "Gone", "", defender.Refused, defender.Refused},
		{405, "MethodNotAllowed", "", defender.Refused, defender.Refused},
		{502, "", "", defender.OutcomeUnknown, defender.OutcomeUnknown},
		{503, "", "", defender.OutcomeUnknown, defender.OutcomeUnknown},
		{504, "", "", defender.OutcomeUnknown, defender.OutcomeUnknown},
		{304, "", "", defender.BadAnswer, defender.BadAnswer},
	} {
		t.Run(fmt.Sprintf("%d %s %s", tt.status, tt.code, tt.message), func(t *testing.T) {
			r := setup(t, answers(tt.status, refusal(tt.code, tt.message)))
			_, err := r.Start(t.Context(), order(t, "collect", device40))
			e := failed(t, err, tt.collect)
			if err := r.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = r.Start(t.Context(), order(t, "investigate", device40))
			failed(t, err, tt.inv)
			hasBody := tt.status != http.StatusNotModified
			if hasBody && (e.Code != tt.code || e.Message != tt.message || e.Target != "43f4cb08-8fac-4b65-9db1-745c2ae65f3a") {
				t.Errorf("code, message, target = %q, %q, %q", e.Code, e.Message, e.Target)
			}
			if e.Status != tt.status {
				t.Errorf("status = %d, want %d", e.Status, tt.status)
			}
		})
	}
}

// TestErrorForeignBodies are answers that Defender did not write, or not whole: they say
// no to nothing that was asked.
func TestErrorForeignBodies(t *testing.T) {
	for status, want := range map[int]defender.Cause{
		400: defender.BadAnswer, 401: defender.Unauthenticated, 403: defender.BadAnswer, 404: defender.BadAnswer, 405: defender.BadAnswer,
		407: defender.BadAnswer, 410: defender.BadAnswer, 429: defender.Throttled, 501: defender.BadAnswer, 503: defender.OutcomeUnknown,
	} {
		for _, handler := range []http.HandlerFunc{answers(status, "<html>no</html>"), answers(status, `{"statusCode":404,"message":"Resource not found"}`), cut(status, `{"error":{"code":"OsPlat`)} {
			r := setup(t, handler)
			_, err := r.Start(t.Context(), order(t, "investigate", device40))
			if e := failed(t, err, want); e.Status != status {
				t.Errorf("status = %d, want %d", e.Status, status)
			}
		}
	}
}

// TestErrorGone tells an endpoint that is not offered from a thing that is not there and
// from a no.
func TestErrorGone(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   bool
	}{
		{404, refusal("ResourceNotFound", "Machine 1 was not found"), false},
		{404, refusal("NotFound", "No HTTP resource was found that matches the request URI"), true},
		{404, "<html>no</html>", true},
		{405, "", true},
		{405, refusal("MethodNotAllowed", ""), true},
		{410, refusal("Gone", ""), true},
		{501, refusal("NotImplemented", ""), true},
		{501, "<html>no</html>", true},
		{400, refusal("BadRequest", ""), false},
		{403, refusal("Forbidden", ""), false},
		{403, "<html>no</html>", false},
		{503, "", false},
	} {
		r := setup(t, answers(tt.status, tt.body))
		_, err := r.Start(t.Context(), order(t, "investigate", device40))
		e, is := errors.AsType[*defender.Error](err)
		if !is || e.Gone() != tt.want {
			t.Errorf("%d %s: gone %v, want %v", tt.status, tt.body, !tt.want, tt.want)
		}
	}
}

// TestJobsOnListGone: a list of investigations that is not there is no empty one; of one
// investigation that is not there nothing more is known.
func TestJobsOnListGone(t *testing.T) {
	r := setup(t, answers(http.StatusNotFound, refusal("NotFound", "not found")))
	for name, want := range map[string]bool{"investigate": true, "collect": false} {
		_, whole, err := r.JobsOn(t.Context(), order(t, name, device40).Action, device40, time.Time{})
		e, is := errors.AsType[*defender.Error](err)
		if got := is && e.Gone(); got != want || whole == want {
			t.Errorf("%s: %v, whole %v; want gone %v", name, err, whole, want)
		}
	}
	_, err := r.Job(t.Context(), defender.TrackInvestigations, "1")
	if e := failed(t, err, defender.NotFound); e.Gone() {
		t.Errorf("one investigation: %v is gone", err)
	}
}

// TestReadsCauses are the causes that depend on what was asked.
func TestReadsCauses(t *testing.T) {
	r := setup(t, answers(http.StatusNotFound, refusal("ResourceNotFound", "not found")))
	_, err := r.Device(t.Context(), device40)
	failed(t, err, defender.NoSuchDevice)
	for _, tracking := range []defender.Tracking{defender.TrackMachineActions, defender.TrackInvestigations} {
		_, err = r.Job(t.Context(), tracking, "1")
		failed(t, err, defender.NotFound)
	}
	r = setup(t, answers(http.StatusBadRequest, refusal("BadRequest", "no")))
	_, _, err = r.JobsOn(t.Context(), order(t, "collect", device40).Action, device40, time.Time{})
	failed(t, err, defender.Refused)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		status int
		header string
		want   time.Duration
	}{
		{429, "17", 17 * time.Second},
		{429, "", 0},
		{429, "soon", 0},
		{429, "-5", 0},
		{429, "1523.5", 1524 * time.Second},
		{429, "1523s", 1523 * time.Second},
		{429, " 17 ", 17 * time.Second},
		{429, "0", time.Second},
		{429, "999999", time.Hour},
		{429, "99999999999999999999", time.Hour},
		{429, "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{429, "Fri, 02 Jan 2026 03:00:00 GMT", time.Second},
		{503, "5", 5 * time.Second},
		{503, "", 0},
		{400, "", 0},
	} {
		r := setup(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tt.header)
			w.WriteHeader(tt.status)
		})
		r.connect(t, defender.Config{BaseURL: r.server.URL, Now: func() time.Time { return now }})
		_, err := r.Device(t.Context(), device40)
		e, ok := errors.AsType[*defender.Error](err)
		if !ok || e.RetryAfter != tt.want {
			t.Errorf("%d with %q: %v, want to wait %v", tt.status, tt.header, err, tt.want)
		}
	}
}

// TestRetryAfterInWords: where Defender says in its message for how long it wants
// to be left alone, that counts unless the header says longer.
func TestRetryAfterInWords(t *testing.T) {
	for _, tt := range []struct {
		header, message string
		want            time.Duration
	}{
		{"", "API calls quota exceeded. Maximum calls allowed to this API: 50 in 1 hour. Try again in 1523 seconds.", 1523 * time.Second},
		{"60", "Try again in 1523 seconds.", 1523 * time.Second},
		{"2000", "Try again in 1523 seconds.", 2000 * time.Second},
		{"", "Please retry after 7.2s", 8 * time.Second},
		{"", "100 calls in 60 seconds are allowed.", 0},
		{"", "Try again in 99999999 seconds.", time.Hour},
	} {
		r := setup(t, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Retry-After", tt.header)
			answers(http.StatusTooManyRequests, refusal("TooManyRequests", tt.message))(w, req)
		})
		_, err := r.Start(t.Context(), order(t, "collect", device40))
		if e := failed(t, err, defender.Throttled); e.RetryAfter != tt.want {
			t.Errorf("header %q, %q: to wait %v, want %v", tt.header, tt.message, e.RetryAfter, tt.want)
		}
	}
}

func TestMissingRole(t *testing.T) {
	for message, want := range map[string]string{
		"Missing application roles. API required roles: Machine.Read.All,Machine.ReadWrite.All, application roles: Alert.ReadWrite.All.": "Machine.Read.All, Machine.ReadWrite.All",
		"Missing application roles. API required roles: Machine.CollectForensics, application roles: .":                                  "Machine.CollectForensics",
		"Missing application roles. API required roles: Machine.Scan.":                                                                   "Machine.Scan",
		"Missing application roles.": "Machine.CollectForensics",
	} {
		r := setup(t, answers(http.StatusForbidden, refusal("Forbidden", message)))
		_, err := r.Start(t.Context(), order(t, "collect", device40))
		if got := failed(t, err, defender.MissingRole).Role; got != want {
			t.Errorf("%s\nrole = %q, want %q", message, got, want)
		}
	}
}

// TestErrorLeaksNothing lets Defender, or whatever stands before it, say too much.
func TestErrorLeaksNothing(t *testing.T) {
	message := "token " + accessToken + " was refused for https://api.example/api/machines?$filter=x&sig=y\r\n\x1b[31m" + strings.Repeat("é", 400)
	r := setup(t, answers(http.StatusBadRequest, refusal("InvalidInput", message)))
	_, err := r.Device(t.Context(), device40)
	e := failed(t, err, defender.Refused)
	if !strings.HasPrefix(e.Message, "token [redacted] was refused for https://api.example/api/machines?[redacted] [31méé") {
		t.Errorf("message = %q", e.Message)
	}
	if n := len(e.Message); n > 510 {
		t.Errorf("message has %d bytes", n)
	}
}

func TestErrorText(t *testing.T) {
	e := &defender.Error{
		Op: "start collect", Cause: defender.MissingRole, Status: 403, Code: "Forbidden",
		Message: "Missing application roles.", Target: "43f4cb08", Err: errors.New("below"),
	}
	want := "defender: start collect: missing role: HTTP 403 Forbidden: Missing application roles.: below: target 43f4cb08"
	if got := e.Error(); got != want {
		t.Errorf("Error() = %q\nwant      %q", got, want)
	}
	if got := defender.CauseOf(fmt.Errorf("more: %w", e)); got != defender.MissingRole {
		t.Errorf("cause of a wrapped error = %v", got)
	}
	for _, err := range []error{nil, errors.New("else")} {
		if got := defender.CauseOf(err); got != defender.OutcomeUnknown {
			t.Errorf("cause of %v = %v, want unknown", err, got)
		}
	}
}
