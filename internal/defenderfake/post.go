package defenderfake

import (
	"cmp"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// errBusy is a second action where one is open.
var errBusy = errors.New("defenderfake: an action is already in progress")

// postAction starts one action of the table on one machine: 201 and what was started.
func (t *tenant) postAction(x *exchange, r rule) reply {
	if refusal := t.opts.Ended.Start.refusal(x, t.base); r.makes == "" && refusal != nil {
		return *refusal
	}
	comment, scope, refusal := r.read(x)
	if refusal != nil {
		return *refusal
	}
	d, ok := t.device(x.param)
	if !ok {
		return noMachine(x.param)
	}
	if refusal := r.supports(d, scope); refusal != nil {
		return *refusal
	}
	if r.makes == "" {
		return t.investigate(x, r, d, comment)
	}
	a, created, err := t.start(r, d, x.app.requestor(), "PublicApi", scope, comment, x.now)
	if err != nil {
		return busy()
	}
	out := t.entity(http.StatusCreated, a, x.now)
	if created {
		out.made = a.ID
	}
	return out
}

// investigate starts an investigation, under the same rule about a second one.
func (t *tenant) investigate(x *exchange, r rule, d Device, comment string) reply {
	i := t.openInvestigation(d.ID, x.now)
	second := t.opts.Second[r.name]
	made := ""
	switch {
	case i != nil && second == SecondRefused:
		return busy()
	case i == nil || second == SecondStarted:
		i = t.newInvestigation(d, x.app.requestor(), comment, x.now)
		made = i.ID
	}
	out := jsonReply(http.StatusCreated, i.wire(t.context("Investigations/$entity"), x.now))
	out.made = made
	return out
}

// start creates an action, or returns the one that is open where Options.Second says so.
func (t *tenant) start(r rule, d Device, by, source, scope, comment string, now time.Time) (*action, bool, error) {
	open := t.openAction(r.makes, d.ID, now)
	switch second := t.opts.Second[r.name]; {
	case open != nil && second == SecondRefused:
		return nil, false, errBusy
	case open != nil && second == SecondFirst:
		return open, false, nil
	}
	sha1 := ""
	if r.field != nil && r.field.sha1 {
		scope, sha1 = "", scope
	}
	a := &action{
		Action: Action{
			ID: guid(), Type: r.makes, Scope: scope, FileSHA1: sha1, Requestor: by, Comment: comment, Source: source,
			MachineID: d.ID, ComputerDNSName: d.ComputerDNSName,
		},
		progress: progress{
			created: now, pending: cmp.Or(d.PickUpAfter, t.opts.PendingFor), run: t.opts.RunFor,
			words: [3]string{ActionPending, ActionInProgress, d.ActionEnd},
			open:  openStatuses(),
		},
	}
	t.actions = append(t.actions, a)
	return a, true, nil
}

func (t *tenant) openAction(makes, device string, now time.Time) *action {
	i := slices.IndexFunc(t.actions, func(a *action) bool {
		return a.Type == makes && a.MachineID == device && !a.final(now)
	})
	if i < 0 {
		return nil
	}
	return t.actions[i]
}

func (t *tenant) openInvestigation(device string, now time.Time) *investigation {
	n := slices.IndexFunc(t.investigations, func(i *investigation) bool {
		return i.MachineID == device && !i.final(now)
	})
	if n < 0 {
		return nil
	}
	return t.investigations[n]
}

func busy() reply {
	return refuse(http.StatusBadRequest, "ActiveRequestAlreadyExists", "Action is already in progress")
}

var isSHA1 = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

// read takes comment and scope (or the file's hash) from the body.
func (r rule) read(x *exchange) (comment, scope string, refusal *reply) {
	body, refusal := x.jsonBody()
	if refusal != nil {
		return "", "", refusal
	}
	if comment, refusal = body.value("Comment", true); refusal != nil || r.field == nil {
		return comment, "", refusal
	}
	if scope, refusal = body.value(r.field.name, r.field.required); refusal != nil {
		return "", "", refusal
	}
	if scope == "" {
		scope = r.field.absent
	}
	if r.field.sha1 && !isSHA1.MatchString(scope) {
		out := refuse(http.StatusBadRequest, "InvalidHashValue", r.field.name+" is not a SHA-1")
		return "", "", &out
	}
	if !r.field.sha1 && !slices.Contains(r.field.values, scope) {
		return "", "", invalidBody(r.field.name + " must be one of " + strings.Join(r.field.values, ", "))
	}
	return comment, scope, nil
}

// supports checks the platform against the action's page, which may ask more of one scope.
func (r rule) supports(d Device, scope string) *reply {
	windows, oldest := r.windows, r.oldest
	if r.field != nil && r.field.since[scope] != "" {
		windows, oldest = true, r.field.since[scope]
	}
	if windows && !strings.HasPrefix(d.OSPlatform, "Windows") {
		out := refuse(http.StatusBadRequest, "OsPlatformNotSupported", "The action is not supported on "+d.OSPlatform)
		return &out
	}
	// The versions of Windows 10 sort as text: 1703, 1709, 2004, 20H2, 22H2.
	if d.OSPlatform == "Windows10" && d.Version != "" && d.Version < oldest {
		out := refuse(http.StatusBadRequest, "ClientVersionNotSupported", "The action needs Windows 10 version "+oldest)
		return &out
	}
	return nil
}

// fieldsOf are the members of a JSON body by their exact names.
type fieldsOf map[string]json.RawMessage

// jsonBody reads a JSON object that is declared as such.
func (x *exchange) jsonBody() (fieldsOf, *reply) {
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, invalidBody("Content-Type must be application/json")
	}
	var body fieldsOf
	if !decode(x.body, &body) || body == nil {
		return nil, invalidBody("The body is not a JSON object")
	}
	return body, nil
}

// value reads one string; names are case-sensitive, so another spelling is a missing one.
func (b fieldsOf) value(name string, required bool) (string, *reply) {
	s := ""
	if raw, ok := b[name]; ok && !decode(raw, &s) {
		return "", invalidBody(name + " is not a string")
	}
	if required && strings.TrimSpace(s) == "" {
		out := refuse(http.StatusBadRequest, "MissingRequiredParameter", "Required parameter "+name+" is missing")
		return "", &out
	}
	return s, nil
}

func decode(raw []byte, into any) bool { return json.Unmarshal(raw, into) == nil }

func invalidBody(reason string) *reply {
	out := refuse(http.StatusBadRequest, "InvalidRequestBody", reason)
	return &out
}
