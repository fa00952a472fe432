package defender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Order is one action on one device, decided on and not yet carried out.
type Order struct {
	// Action is a row of a [Catalogue].
	Action Action
	// DeviceID is 40 or 32 lower-case hex digits, as [Device.ID] has them. Nothing else is
	// ever put into an action's path, because the API takes names there too, and several
	// devices can have one name.
	DeviceID string
	// Comment is sent as it is; Microsoft requires one.
	Comment string
	// NotAfter is the last moment at which a dial or a write may start, by [Config.Now].
	// The zero time has passed.
	NotAfter time.Time
}

// pinned is the only form of a device id that an action's path takes.
var pinned = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{32})$`)

// Start makes the POST of an order, once, and returns what it became. It takes the token
// in hand and never asks for one: see [Client.Ready]. It ends at most 20 s after its last
// possible start, [Order.NotAfter].
//
// Every error is an [Error]; its cause says whether the action can be running. A success
// can be an older action that was still pending: compare [Job.Comment].
// See https://learn.microsoft.com/defender-endpoint/api/initiate-autoir-investigation and
// https://learn.microsoft.com/defender-endpoint/api/collect-investigation-package.
func (c *Client) Start(ctx context.Context, o Order) (Job, error) {
	q := query{op: "start " + o.Action.Name, role: o.Action.Role, missing: NoSuchDevice, busyIs400: o.Action.BusyIs400}
	body, wrong := o.body()
	if wrong != nil {
		return Job{}, &Error{Op: q.op, Cause: NotSent, Err: wrong}
	}
	a, err := c.post(ctx, o.path(), body, o.NotAfter)
	if err != nil {
		err.Op = q.op
		return Job{}, err
	}
	var r record
	if err := c.read(q, a, &r); err != nil {
		return Job{}, err
	}
	j := r.job(o.Action.Tracks)
	if err := j.about(o.Action, o.DeviceID); err != nil {
		return Job{}, &Error{Op: q.op, Cause: BadAnswer, Status: a.status, Err: err}
	}
	j.DeviceID = o.DeviceID
	return j, nil
}

// post sends a body to a path, once and not after that time. Its error has the cause
// [NotSent] if no byte of the request left, and [OutcomeUnknown] if one may have.
func (c *Client) post(ctx context.Context, path string, body []byte, notAfter time.Time) (answer, *Error) {
	token, ok := c.tokens.Current()
	if !ok {
		return answer{}, &Error{Cause: NotSent, Err: fmt.Errorf("%w: no token in hand", ErrLate)}
	}
	ctx, cancel := context.WithTimeout(ctx, httpLimit)
	defer cancel()
	g := &guard{now: c.now, notAfter: notAfter}
	req, err := c.request(g.trace(ctx), http.MethodPost, path, bytes.NewReader(body), token)
	if err != nil {
		return answer{}, &Error{Cause: NotSent, Err: withoutAddress(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.GetBody = nil // A body that cannot be read twice cannot be sent twice.
	a, err := c.observed(g.transport(ctx, c.transport), req, token)
	if err != nil {
		return answer{}, &Error{Cause: g.verdict(), Err: withoutAddress(err)}
	}
	return a, nil
}

// path is where the order is posted.
func (o Order) path() string { return "/api/machines/" + o.DeviceID + "/" + o.Action.Post.Name }

// body checks the order and returns its JSON.
func (o Order) body() ([]byte, error) {
	switch {
	case o.Action.Post.Name == "" || o.Action.Tracks.Endpoint().Name == "":
		return nil, errors.New("the action is not from the catalogue")
	case !pinned.MatchString(o.DeviceID):
		return nil, errors.New("a device id has 40 or 32 lower-case hex digits")
	case strings.TrimSpace(o.Comment) == "":
		return nil, errors.New("a comment is required")
	}
	fields := map[string]string{}
	maps.Copy(fields, o.Action.Fields)
	fields["Comment"] = o.Comment
	return json.Marshal(fields)
}
