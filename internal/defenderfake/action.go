package defenderfake

import (
	"net/http"
	"slices"
	"time"
)

// The documented statuses of a machine action.
const (
	ActionPending    = "Pending"
	ActionInProgress = "InProgress"
	ActionSucceeded  = "Succeeded"
	ActionFailed     = "Failed"
	ActionTimeOut    = "TimeOut"
	ActionCancelled  = "Cancelled"
)

// openStatuses are the statuses that an action can still leave.
func openStatuses() map[string]bool {
	return map[string]bool{ActionPending: true, ActionInProgress: true}
}

// Action is a machine action as it is at one moment.
type Action struct {
	ID              string // GUID
	Type            string // CollectInvestigationPackage, Isolate, ...
	Scope           string // Full, Selective, Quick; "" is null
	FileSHA1        string // the file of StopAndQuarantineFile
	Requestor       string // name of the app or the person
	Comment         string
	Source          string // PublicApi or Portal
	Status          string
	MachineID       string
	ComputerDNSName string
	Created         time.Time
	Updated         time.Time
	CancelledBy     string // "" when nobody cancelled it
	CancelComment   string
	CancelledAt     time.Time
}

// action is an action in the tenant; what moves is in progress.
type action struct {
	Action
	progress
}

func (a *action) at(now time.Time) Action {
	out := a.Action
	out.Created = a.created
	out.Status, out.Updated = a.state(now)
	if c := a.cut; c != nil && c.by != "" {
		out.CancelledBy, out.CancelComment, out.CancelledAt = c.by, c.comment, c.at
	}
	return out
}

// machineAction is an action on the wire: the fields of the page and of what tenants were seen to answer.
type machineAction struct {
	Context         string   `json:"@odata.context,omitempty"`
	ID              string   `json:"id"`
	Type            string   `json:"type"`
	Title           *string  `json:"title"`
	Requestor       string   `json:"requestor"`
	Comment         string   `json:"requestorComment"`
	Status          string   `json:"status"`
	MachineID       string   `json:"machineId"`
	ComputerDNSName *string  `json:"computerDnsName"`
	Created         *string  `json:"creationDateTimeUtc"`
	Updated         *string  `json:"lastUpdateDateTimeUtc"`
	CancelledBy     *string  `json:"cancellationRequestor"`
	CancelComment   *string  `json:"cancellationComment"`
	CancelledAt     *string  `json:"cancellationDateTimeUtc"`
	ErrorHResult    int      `json:"errorHResult"`
	Scope           *string  `json:"scope"`
	ExternalID      *string  `json:"externalId"`
	Source          string   `json:"requestSource"`
	RelatedFile     *file    `json:"relatedFileInfo"`
	Commands        []string `json:"commands"`
	Troubleshoot    *string  `json:"troubleshootInfo"`
}

// file is what an action on a file is about.
type file struct {
	Identifier string `json:"fileIdentifier"`
	Kind       string `json:"fileIdentifierType"`
}

func fileOf(sha1 string) *file {
	if sha1 == "" {
		return nil
	}
	return &file{sha1, "Sha1"}
}

func (a Action) wire(context string) machineAction {
	return machineAction{
		Context: context, ID: a.ID, Type: a.Type, Requestor: a.Requestor, Comment: a.Comment, Status: a.Status,
		MachineID: a.MachineID, ComputerDNSName: text(a.ComputerDNSName), Created: stamp(a.Created), Updated: stamp(a.Updated),
		CancelledBy: text(a.CancelledBy), CancelComment: text(a.CancelComment), CancelledAt: stamp(a.CancelledAt),
		Scope: text(a.Scope), Source: a.Source, Commands: []string{}, RelatedFile: fileOf(a.FileSHA1),
	}
}

// actionFields is what $filter takes, https://learn.microsoft.com/defender-endpoint/api/get-machineactions-collection.
var actionFields = fields{
	"id": textField, "status": textField, "machineId": textField, "type": textField, "requestor": textField,
	"creationDateTimeUtc": dateField,
}

func (a Action) properties() properties {
	return properties{
		"id": a.ID, "status": a.Status, "machineId": a.MachineID, "type": a.Type, "requestor": a.Requestor,
		"creationDateTimeUtc": a.Created,
	}
}

// seen finds an action that x can see.
func (t *tenant) seen(x *exchange) (*action, bool) {
	i := slices.IndexFunc(t.actions, func(a *action) bool { return a.ID == x.param && t.visible(a.created, x) })
	if i < 0 {
		return nil, false
	}
	return t.actions[i], true
}

func noAction(id string) reply {
	return refuse(http.StatusNotFound, "ResourceNotFound", "Machine action "+id+" was not found")
}

func (t *tenant) entity(status int, a *action, now time.Time) reply {
	return jsonReply(status, t.shown(a.at(now), t.context("MachineActions/$entity")))
}

// shown is an action as this tenant writes it.
func (t *tenant) shown(a Action, context string) machineAction {
	w := a.wire(context)
	if t.opts.NoScope {
		w.Scope = nil
	}
	return w
}

func (t *tenant) getAction(x *exchange) reply {
	a, ok := t.seen(x)
	if !ok {
		return noAction(x.param)
	}
	return t.entity(http.StatusOK, a, x.now)
}

// listActions answers with the latest first, as the documented example of $top has it.
func (t *tenant) listActions(x *exchange) reply {
	q, err := parseQuery(x, actionFields)
	if err != nil {
		return badQuery(err.Error())
	}
	found := []machineAction{}
	for _, a := range slices.Backward(t.actions) {
		if now := a.at(x.now); t.visible(a.created, x) && q.matches(now.properties()) {
			found = append(found, t.shown(now, ""))
		}
	}
	return t.list("MachineActions", page(q, found))
}

// cancelAction ends an action that is not final; its comment may be left out,
// https://learn.microsoft.com/defender-endpoint/api/cancel-machine-action.
func (t *tenant) cancelAction(x *exchange) reply {
	comment := ""
	if len(x.body) > 0 {
		body, refusal := x.jsonBody()
		if refusal != nil {
			return *refusal
		}
		if raw, ok := body["Comment"]; ok && !decode(raw, &comment) {
			return refuse(http.StatusBadRequest, "InvalidRequestBody", "Comment is not a string")
		}
	}
	a, ok := t.seen(x)
	if !ok {
		return noAction(x.param)
	}
	if err := a.end(cut{x.now, ActionCancelled, x.app.requestor(), comment}); err != nil {
		return refuse(http.StatusBadRequest, "BadRequest", "The machine action is in a final state and cannot be cancelled")
	}
	return t.entity(http.StatusOK, a, x.now)
}
