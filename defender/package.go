package defender

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// packageRoles are those that one page or another of the vendor has let an application
// fetch a package with. The newer page names the first alone; which of them the service
// asks for is not known.
const packageRoles = "Machine.ReadWrite.All, Machine.Read.All"

// linkLimit is how long an address can be that a chat still takes for a link.
const linkLimit = 3000

// PackageURI returns the address from which the package of a collection can be downloaded,
// by whoever has it: it is a secret, good for a short time, and in no error. What has no
// package, or not yet, is [NotFound]; any refusal by 403 without a cause of its own is
// [MissingRole].
// See https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri.
func (c *Client) PackageURI(ctx context.Context, actionID string) (string, error) {
	q := query{op: "get package link", role: packageRoles, missing: NotFound}
	if !machineActionID.MatchString(actionID) {
		return "", &Error{Op: q.op, Cause: NotSent, Err: errors.New("not the id of a machine action")}
	}
	var answer struct {
		Value text `json:"value"`
	}
	err := c.get(ctx, q, "/api/"+string(TrackMachineActions)+"/"+actionID+"/getPackageUri", &answer)
	if e, is := errors.AsType[*Error](err); is && e.Cause == Disallowed && e.Status == http.StatusForbidden && e.Code != "DisallowedOperation" {
		e.Cause, e.Role = MissingRole, packageRoles
	}
	if err != nil {
		return "", err
	}
	link := strings.Trim(string(answer.Value), "\" \t\r\n") // the value has quotes of its own
	if !c.mayLead(link) {
		return "", &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the answer has no link")}
	}
	return link, nil
}

// mayLead reports whether somebody can be sent to an address: https, with a host; where
// this client itself speaks plain http on this machine, that as well.
func (c *Client) mayLead(link string) bool {
	u, err := url.Parse(link)
	if err != nil || len(link) > linkLimit || u.Hostname() == "" || u.User != nil || strings.ContainsAny(link, " <>|\"") {
		return false
	}
	own, err := url.Parse(c.base)
	return u.Scheme == "https" || err == nil && own.Scheme == "http" && loopback(own) && u.Scheme == "http" && loopback(u)
}

// loopback reports whether an address is on this machine.
func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
