package defender

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Cancellation is a machine action that is to be cancelled, decided on and not yet sent.
type Cancellation struct {
	// Action is the row of the [Catalogue] that started it. Any role that may start a
	// machine action may cancel one, so the action's own is enough.
	Action Action
	// JobID is [Job.ID]. Nothing but letters, digits and hyphens is put into the path.
	JobID string
	// Comment is sent as it is, and shows in the portal.
	Comment string
	// NotAfter is as in [Order].
	NotAfter time.Time
}

// ErrNotCancellable is in the error of a [Cancellation] of something that the API cannot
// cancel: an investigation, or what has no id of a machine action.
var ErrNotCancellable = errors.New("there is no call that cancels it")

// machineActionID is what the id of a machine action can be: a GUID as far as has been
// seen, 40 hex digits on
// https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri.
var machineActionID = regexp.MustCompile(`^[0-9A-Za-z-]{8,64}$`)

// Cancellable reports whether there is a call that cancels what this action starts.
func (a Action) Cancellable() bool { return a.Tracks == TrackMachineActions }

// Cancel makes the POST that cancels a machine action, once, under the same conditions as
// [Client.Start], and returns the action as Defender shows it then: only its Phase says
// whether it has been cancelled.
//
// Every error is an [Error]. One that is not there is [NotFound]. What Defender answers
// for one that has ended is not documented: it is [Refused] as far as has been seen, and
// a success that shows how it has ended is taken as well.
// See https://learn.microsoft.com/defender-endpoint/api/cancel-machine-action.
func (c *Client) Cancel(ctx context.Context, o Cancellation) (Job, error) {
	q := query{op: "cancel " + o.Action.Name, role: o.Action.Role, missing: NotFound}
	body, wrong := o.body()
	if wrong != nil {
		return Job{}, &Error{Op: q.op, Cause: NotSent, Err: wrong}
	}
	a, err := c.post(ctx, "/api/"+string(TrackMachineActions)+"/"+o.JobID+"/cancel", body, o.NotAfter)
	if err != nil {
		err.Op = q.op
		return Job{}, err
	}
	var r record
	if err := c.read(q, a, &r); err != nil {
		return Job{}, cancelRefused(err)
	}
	j := r.job(TrackMachineActions)
	if !strings.EqualFold(j.ID, o.JobID) {
		return Job{}, &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the answer is about another action")}
	}
	j.ID = o.JobID
	return j, nil
}

// cancelRefused takes the causes that only a start can have for what they are here:
// nothing is started, so no device and no other action can be in the way.
func cancelRefused(err error) error {
	e, ok := errors.AsType[*Error](err)
	if ok && (e.Cause == AlreadyRunning || e.Cause == UnsupportedOS) {
		e.Cause = Refused
	}
	return err
}

// body checks the cancellation and returns its JSON. The page does not call the comment
// required; without one nobody could tell in the portal who wanted it.
func (o Cancellation) body() ([]byte, error) {
	switch {
	case !o.Action.Cancellable() || !machineActionID.MatchString(o.JobID):
		return nil, ErrNotCancellable
	case strings.TrimSpace(o.Comment) == "":
		return nil, errors.New("a comment is required")
	}
	return json.Marshal(map[string]string{"Comment": o.Comment})
}
