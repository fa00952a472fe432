package defenderfake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Investigation is an automated investigation as it is at one moment. Requestor and Comment are kept for tests; the
// API shows neither.
type Investigation struct {
	ID              string // a number
	AlertID         string // the triggering alert
	State           string
	MachineID       string
	ComputerDNSName string
	Started         time.Time
	Ended           time.Time // zero while it is open
	CancelledBy     string
	Requestor       string
	Comment         string
}

// investigation is an investigation in the tenant; what moves is in progress.
type investigation struct {
	Investigation
	progress
	masked bool // shown as its alert until it runs
}

// openStates are the states that an investigation can still leave; the other documented ones are final.
var openStates = map[string]bool{
	"Queued": true, "Running": true, "PendingApproval": true, "PendingResource": true, "Unknown": true,
}

func (i *investigation) at(now time.Time) Investigation {
	out := i.Investigation
	state, since := i.state(now)
	out.State, out.Started = state, i.created
	if i.final(now) {
		out.Ended = since
	}
	if i.cut != nil {
		out.CancelledBy = i.cut.by
	}
	return out
}

// found is an investigation on the wire, https://learn.microsoft.com/defender-endpoint/api/investigation.
type found struct {
	Context         string  `json:"@odata.context,omitempty"`
	ID              string  `json:"id"`
	Started         *string `json:"startTime"`
	Ended           *string `json:"endTime"`
	State           string  `json:"state"`
	CancelledBy     *string `json:"cancelledBy"`
	Details         *string `json:"statusDetails"`
	MachineID       *string `json:"machineId"`
	ComputerDNSName *string `json:"computerDnsName"`
	AlertID         *string `json:"triggeringAlertId"`
}

// wire shows an investigation; with Options.AlertIDs one that waits has only its alert to show.
func (i *investigation) wire(context string, now time.Time) found {
	if i.masked && i.stage(now) == waiting {
		return found{Context: context, ID: i.AlertID, State: "PendingApproval", AlertID: text(i.AlertID)}
	}
	v := i.at(now)
	return found{
		Context: context, ID: v.ID, Started: wholeSeconds(v.Started), Ended: wholeSeconds(v.Ended), State: v.State,
		CancelledBy: text(v.CancelledBy), MachineID: text(v.MachineID), ComputerDNSName: text(v.ComputerDNSName),
		AlertID: text(v.AlertID),
	}
}

// investigationFields is what $filter takes,
// https://learn.microsoft.com/defender-endpoint/api/get-investigation-collection.
var investigationFields = fields{
	"startTime": dateField, "id": textField, "state": textField, "machineId": textField, "triggeringAlertId": textField,
}

// properties are those that wire shows: what is null there matches no device.
func (i *investigation) properties(now time.Time) properties {
	w := i.wire("", now)
	p := properties{"id": w.ID, "state": w.State, "triggeringAlertId": i.AlertID, "machineId": nil, "startTime": nil}
	if w.MachineID != nil {
		p["machineId"], p["startTime"] = *w.MachineID, i.created.Truncate(time.Second)
	}
	return p
}

// newInvestigation starts one on d.
func (t *tenant) newInvestigation(d Device, by, comment string, now time.Time) *investigation {
	n := len(t.investigations)
	i := &investigation{
		Investigation: Investigation{
			ID: strconv.Itoa(63004 + n), AlertID: "da637139127150012465_" + strconv.Itoa(1011995739+n),
			MachineID: d.ID, ComputerDNSName: d.ComputerDNSName, Requestor: by, Comment: comment,
		},
		progress: progress{
			created: now, pending: cmp.Or(d.PickUpAfter, t.opts.PendingFor), run: t.opts.RunFor,
			words: t.opts.Ended.Start.course([3]string{"Queued", "Running", d.InvestigationEnd}), open: openStates,
		},
		masked: t.opts.AlertIDs,
	}
	t.investigations = append(t.investigations, i)
	return i
}

// getInvestigation takes the investigation's id or that of the alert that triggered it.
func (t *tenant) getInvestigation(x *exchange) reply {
	if t.opts.Ended.Reads {
		return noResource(t.base, x)
	}
	n := slices.IndexFunc(t.investigations, func(i *investigation) bool {
		return (i.ID == x.param || i.AlertID == x.param) && t.visible(i.created, x)
	})
	if n < 0 {
		return refuse(http.StatusNotFound, "ResourceNotFound", "Investigation "+x.param+" was not found")
	}
	return jsonReply(http.StatusOK, t.investigations[n].wire(t.context("Investigations/$entity"), x.now))
}

func (t *tenant) listInvestigations(x *exchange) reply {
	if t.opts.Ended.Reads {
		return noResource(t.base, x)
	}
	q, err := parseQuery(x, investigationFields)
	if err != nil {
		return badQuery(err.Error())
	}
	all := []found{}
	for _, i := range slices.Backward(t.investigations) {
		if t.visible(i.created, x) && q.matches(i.properties(x.now)) {
			all = append(all, i.wire("", x.now))
		}
	}
	return t.list("Investigations", page(q, all))
}
