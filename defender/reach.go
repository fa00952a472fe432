package defender

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// NoDevice has the form of a device's id and is no device's. What is asked for it is asked
// of nothing.
const NoDevice = "0000000000000000000000000000000000000000"

// Reach reads [NoDevice], and returns nil where Defender says that there is no such device:
// then the way there, the token, the licence and the role for reading are good. Any other
// error is an [Error].
// See https://learn.microsoft.com/defender-endpoint/api/get-machine-by-id.
func (c *Client) Reach(ctx context.Context) error {
	q := readDevice()
	err := c.get(ctx, q, "/api/machines/"+url.PathEscape(NoDevice), new(machine))
	switch {
	case err == nil:
		return &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errNotDefender}
	case CauseOf(err) == NoSuchDevice:
		return nil
	}
	return err
}

// errNotDefender is a yes where Defender says no: whoever says yes to everything would pass for it.
var errNotDefender = errors.New("it says that it has device " + NoDevice + ", which does not exist, so it is not Defender")

// Ahead is by how much Defender's clock is ahead of this program's, as its last answer to a
// read showed: 0 where it is within what a Date can tell. Not known before there is one.
func (c *Client) Ahead() (ahead time.Duration, known bool) { return c.clock.is() }
