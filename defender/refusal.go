package defender

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// refusal is the body of an answer that is not a success.
// See https://learn.microsoft.com/defender-endpoint/api/common-errors.
type refusal struct {
	Error *refusalBody `json:"error"`
}

type refusalBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// errorOf turns an answer that is not a success into an error. A no to what was asked
// has to be Defender's own, 501 among them; of 401, 408, 429 and other 5xx the status is
// enough.
func errorOf(q query, a answer, now time.Time) *Error {
	var r refusal
	its := json.Unmarshal(a.body, &r) == nil && r.Error != nil
	if r.Error == nil {
		r.Error = new(refusalBody)
	}
	e := &Error{
		Op:      q.op,
		Status:  a.status,
		Code:    tidy(r.Error.Code, a.token),
		Message: tidy(r.Error.Message, a.token),
		Target:  tidy(r.Error.Target, a.token),
		Err:     cmp.Or(a.err, redirectIn(a.status, a.header, a.token)),
	}
	e.Cause = causeOf(q, a.status, r.Error.Code, r.Error.Message)
	if e.Cause.definite() && !its {
		e.Cause = BadAnswer // a proxy's, or of another service: it says nothing of what was asked
	}
	e.RetryAfter = retryAfter(a.header.Get("Retry-After"), r.Error.Message, now)
	if e.Cause == MissingRole {
		e.Role = missingRoles(e.Message, q.role)
	}
	return e
}

// causeOf decides by the status and the code. Microsoft says that messages may change,
// so they only refine what the code leaves open.
func causeOf(q query, status int, code, message string) Cause {
	switch {
	case status == http.StatusNotImplemented:
		return Refused // "not implemented" starts nothing.
	case status >= 500, status == http.StatusRequestTimeout:
		return OutcomeUnknown // A gateway's 408 says nothing about what came behind it.
	case status < 400:
		return BadAnswer
	case status == http.StatusTooManyRequests, code == "TooManyRequests":
		return Throttled
	}
	if c, ok := causeOfCode(code); ok {
		return c
	}
	switch status {
	case http.StatusBadRequest:
		return causeOf400(q, code, message)
	case http.StatusUnauthorized:
		return causeOf401(message)
	case http.StatusForbidden:
		return causeOf403(message)
	case http.StatusNotFound:
		return causeOf404(q, message)
	default:
		return Refused
	}
}

// causeOfCode knows the codes that mean one thing wherever they appear.
func causeOfCode(code string) (Cause, bool) {
	switch code {
	case "ActiveRequestAlreadyExists":
		return AlreadyRunning, true
	case "OsPlatformNotSupported", "ClientVersionNotSupported":
		return UnsupportedOS, true
	case "DisabledFeature":
		return Licence, true
	case "DisallowedOperation":
		return Disallowed, true
	default:
		return OutcomeUnknown, false
	}
}

// causeOf400 tells a second action from a request that is wrong.
func causeOf400(q query, code, message string) Cause {
	bare := code == "" || code == "BadRequest"
	if bare && (q.busyIs400 || holds(message, "already in progress")) {
		return AlreadyRunning
	}
	return Refused
}

// causeOf401 tells a token that was refused from a tenant that lacks something: both
// come as Unauthorized.
func causeOf401(message string) Cause {
	if holds(message, "license") || holds(message, "licence") || holds(message, "account mode is inactive") {
		return Licence
	}
	return Unauthenticated
}

// causeOf403 tells a role that an administrator has to grant from everything else.
func causeOf403(message string) Cause {
	if holds(message, "missing application roles") {
		return MissingRole
	}
	return Disallowed
}

// causeOf404 tells a thing that is not there from a path that is not there.
func causeOf404(q query, message string) Cause {
	if holds(message, "no http resource was found") {
		return Refused
	}
	return q.missing
}

// holds reports whether s contains part, which is lower case, in any case.
func holds(s, part string) bool { return strings.Contains(strings.ToLower(s), part) }

// rolesNamed finds the roles in "Missing application roles. API required roles: A,B,
// application roles: C." The second list, what the token has, may be empty.
var rolesNamed = regexp.MustCompile(`(?i)API required roles:\s*([\w.]+(?:\s*,\s*[\w.]+)*?)\s*(?:,\s*application roles:|\.?\s*$)`)

// missingRoles returns the roles that the message names, or the one that is needed as
// far as this program knows.
func missingRoles(message, known string) string {
	m := rolesNamed.FindStringSubmatch(message)
	if m == nil {
		return known
	}
	names := strings.Split(m[1], ",")
	for i, n := range names {
		names[i] = strings.Trim(n, " .")
	}
	return strings.Join(names, ", ")
}
