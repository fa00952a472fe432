package defender

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// record is a machine action or an investigation as the API writes it. The two have few
// names in common, so that one struct reads both. Anything can be null.
type record struct {
	ID       text `json:"id"`
	DeviceID text `json:"machineId"`

	// https://learn.microsoft.com/defender-endpoint/api/machineaction
	Type         text  `json:"type"`
	Scope        text  `json:"scope"`
	Requestor    text  `json:"requestor"`
	Comment      text  `json:"requestorComment"`
	Status       text  `json:"status"`
	Created      stamp `json:"creationDateTimeUtc"`
	Updated      stamp `json:"lastUpdateDateTimeUtc"`
	UpdatedOld   stamp `json:"lastUpdateTimeUtc"` // the name in the samples of the list page
	Cancelled    stamp `json:"cancellationDateTimeUtc"`
	CancelledFor text  `json:"cancellationComment"`
	Canceller    text  `json:"cancellationRequestor"`
	Result       text  `json:"errorHResult"`
	Trouble      text  `json:"troubleshootInfo"`

	// https://learn.microsoft.com/defender-endpoint/api/investigation
	State       text  `json:"state"`
	Started     stamp `json:"startTime"`
	Ended       stamp `json:"endTime"`
	CancelledBy text  `json:"cancelledBy"`
	Explanation text  `json:"statusDetails"`
	AlertID     text  `json:"triggeringAlertId"`
}

// job turns the record into the one shape.
func (r record) job(t Tracking) Job {
	j := Job{Tracks: t, ID: string(r.ID), DeviceID: strings.ToLower(string(r.DeviceID))}
	if t == TrackInvestigations {
		return r.investigation(j)
	}
	return r.machineAction(j)
}

// machineAction fills in what a machine action has.
func (r record) machineAction(j Job) Job {
	j.Type, j.Scope, j.Status = string(r.Type), string(r.Scope), string(r.Status)
	j.Requestor, j.Comment = string(r.Requestor), string(r.Comment)
	j.Phase = PhaseOf(j.Tracks, j.Status)
	j.Created = r.Created.Time
	if j.Phase != PhaseOpen && j.Phase != PhaseUnknown {
		j.Ended = cmp.Or(r.Cancelled.Time, r.Updated.Time, r.UpdatedOld.Time)
	}
	j.Details = sentence(string(r.Trouble), hresult(string(r.Result)), cancelled(r.Canceller, r.CancelledFor))
	return j
}

// investigation fills in what an investigation has. Its end is taken as it came: a set
// end says more than a state that is not known.
func (r record) investigation(j Job) Job {
	j.AlertID, j.Status = string(r.AlertID), string(r.State)
	j.ID = cmp.Or(j.ID, j.AlertID) // Defender takes either.
	j.Phase = PhaseOf(j.Tracks, j.Status)
	j.Created, j.Ended = r.Started.Time, r.Ended.Time
	j.Details = sentence(string(r.Explanation), cancelled(r.CancelledBy, ""))
	return j
}

// cancelled says who cancelled and why.
func cancelled(by, why text) string {
	switch {
	case by == "" && why == "":
		return ""
	case by == "":
		return "cancelled: " + string(why)
	case why == "":
		return "cancelled by " + string(by)
	default:
		return "cancelled by " + string(by) + ": " + string(why)
	}
}

// hresult writes an error number of Windows as people look it up: 32 bits in hexadecimal,
// whatever its sign. 0 is no error.
func hresult(s string) string {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return ""
	}
	return fmt.Sprintf("error 0x%08X", n&0xFFFFFFFF)
}

// sentence joins the parts that are there.
func sentence(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "; ")
}

// text reads a string, and a number where a string is documented; anything else is empty.
type text string

// UnmarshalJSON never fails: a field that cannot be read is one that is not known.
func (t *text) UnmarshalJSON(b []byte) error {
	var v any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil //nolint:nilerr // see above
	}
	switch v := v.(type) {
	case string:
		*t = text(v)
	case json.Number:
		*t = text(v.String())
	default:
		*t = ""
	}
	return nil
}

// labels reads a list of texts, and a single text where a list is documented.
type labels []string

// UnmarshalJSON never fails: what is no text is left out.
func (l *labels) UnmarshalJSON(b []byte) error {
	var many []text
	if json.Unmarshal(b, &many) != nil {
		var one text
		_ = one.UnmarshalJSON(b) // never fails
		many = []text{one}
	}
	*l = nil
	for _, label := range many {
		if label != "" {
			*l = append(*l, string(label))
		}
	}
	return nil
}

// flag reads a yes or no, also as a text.
type flag bool

// UnmarshalJSON never fails: what is not a clear yes is no.
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(strings.EqualFold(strings.Trim(string(b), `"`), "true"))
	return nil
}

// stamp reads a time with 0 to 7 digits of a second, with or without a zone.
type stamp struct{ time.Time }

// UnmarshalJSON never fails: a time that cannot be read is zero, which is "not known".
func (s *stamp) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, string(t)); err == nil {
			s.Time = at.UTC()
			return nil
		}
	}
	s.Time = time.Time{}
	return nil
}
