package defender

import (
	"net/http"
	"slices"
)

// Notice is what Microsoft has announced about the action, in one sentence; empty: it
// offers it.
func (a Action) Notice() string {
	if a.Ended == nil {
		return ""
	}
	return a.Ended.Notice
}

// MayBeEnd reports whether the answer can be the refusal of an action that is not offered
// any more. What Microsoft answers then is on no page, so it is every answer that says no;
// that the cause is known to be another one is for the caller to see.
func (e *Error) MayBeEnd() bool {
	return slices.Contains([]int{
		http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented,
	}, e.Status)
}

// NotThere reports whether the answer can be about the thing that was asked about as well
// as about what was asked for: a 404, or one of [Error.Gone] that Defender did not write.
func (e *Error) NotThere() bool {
	return e.Status == http.StatusNotFound || e.Cause == BadAnswer && e.Gone()
}

// Gone reports whether the answer can be that of a service that does not offer what was
// asked for: "there is no such path", "no such method" or "not implemented", whoever
// wrote its body. A thing that is not there is not meant.
func (e *Error) Gone() bool {
	switch e.Status {
	case http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	case http.StatusNotFound:
		return e.Cause == Refused || e.Cause == BadAnswer
	}
	return false
}
