package defenderfake

import "net/http"

// Ending is what POST startInvestigation answers in a tenant whose investigations cannot be started by hand any more.
// Microsoft has announced that for 1 September 2026 (Message Center MC1411577) and documents no answer; each of these
// is plausible.
type Ending string

// The answers.
const (
	NotEnded          Ending = ""                // as the action's page has it
	EndedBadRequest   Ending = "400"             // BadRequest
	EndedDisabled     Ending = "403 disabled"    // DisabledFeature
	EndedForbidden    Ending = "403"             // Forbidden, and no word of roles
	EndedNotFound     Ending = "404"             // ResourceNotFound, as for a device that is not there
	EndedNoResource   Ending = "404 no resource" // "No HTTP resource was found"
	EndedEmpty        Ending = "404 empty"       // without a body
	EndedMethod       Ending = "405"             // MethodNotAllowed
	EndedGone         Ending = "410"             // Gone
	EndedUnavailable  Ending = "501"             // NotImplemented
	EndedOnArrival    Ending = "201 ended"       // 201 with an investigation that has ended already
	EndedNeverStarted Ending = "201 queued"      // 201 with an investigation that stays Queued for ever
)

// Endings returns every answer of a tenant that has ended investigations.
func Endings() []Ending {
	return []Ending{
		EndedBadRequest, EndedDisabled, EndedForbidden, EndedNotFound, EndedNoResource, EndedEmpty, EndedMethod, EndedGone,
		EndedUnavailable, EndedOnArrival, EndedNeverStarted,
	}
}

// Ended describes a tenant that has ended investigations: neither the API nor the portal starts one by hand. The zero
// Ended is a tenant that has not.
type Ended struct {
	Start Ending
	// Reads is set when investigations cannot be read any more either: GET answers as if there were no such path.
	Reads bool
}

// EndInvestigations switches from now on; the zero Ended takes it back. What runs goes on.
func (s *Server) EndInvestigations(e Ended) {
	s.change(func(t *tenant) { t.opts.Ended = e })
}

// refusal is the answer of an ending that starts nothing; nil: it answers with an investigation.
func (e Ending) refusal(x *exchange, base string) *reply {
	var out reply
	switch e {
	case EndedBadRequest:
		out = refuse(http.StatusBadRequest, "BadRequest", "The request is invalid.")
	case EndedDisabled:
		out = refuse(http.StatusForbidden, "DisabledFeature", "The feature is disabled.")
	case EndedForbidden:
		out = refuse(http.StatusForbidden, "Forbidden", "The request is forbidden.")
	case EndedNotFound:
		out = noMachine(x.param)
	case EndedNoResource:
		out = noResource(base, x)
	case EndedEmpty:
		out = reply{status: http.StatusNotFound}
	case EndedMethod:
		out = refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support http method 'POST'.")
	case EndedGone:
		out = refuse(http.StatusGone, "Gone", "The resource is no longer available.")
	case EndedUnavailable:
		out = refuse(http.StatusNotImplemented, "NotImplemented", "The operation is not implemented.")
	case NotEnded, EndedOnArrival, EndedNeverStarted:
		return nil
	}
	return &out
}

// course is how an investigation goes that is started all the same.
func (e Ending) course(words [3]string) [3]string {
	switch e { //nolint:exhaustive // the others start none, or one that goes on as usual
	case EndedOnArrival:
		return [3]string{"TerminatedBySystem", "TerminatedBySystem", "TerminatedBySystem"}
	case EndedNeverStarted:
		return [3]string{"Queued", "Running", "Queued"}
	}
	return words
}
