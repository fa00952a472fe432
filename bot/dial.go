package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
)

// writeBuffer holds every acknowledgement whole: Slack does not put fragments
// together.
const writeBuffer = 32 << 10

// connect opens one socket and waits for the greeting.
func (s *Session) connect(ctx context.Context) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, s.pace.handshake)
	defer cancel()
	address, err := s.Open(ctx)
	if err != nil {
		return nil, permanent(err, "check SLACK_APP_TOKEN and that Socket Mode is on")
	}
	var untie func() bool
	way := s.way()
	dialer := websocket.Dialer{
		Proxy: way.proxy, WriteBufferSize: writeBuffer, TLSClientConfig: way.config(""),
		// The library looks at ctx only until there is a connection.
		NetDialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := way.dial(ctx, network, addr)
			if err == nil {
				untie = context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		},
	}
	conn, res, err := dialer.DialContext(ctx, address, nil) //nolint:bodyclose // the library has read it: nothing is left to close
	if err != nil {
		return nil, handshakeError(ctx, res, err)
	}
	sock := s.newSocket(conn)
	if err := sock.greeted(ctx, s.App); err != nil {
		sock.end(err)
		return nil, err
	}
	untie()
	return sock, nil
}

// permanent marks the errors that no waiting mends, and says what does
// (https://docs.slack.dev/reference/methods/apps.connections.open#errors).
func permanent(err error, mend string) error {
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if is && tokenRefused(refused.Err) || isSlackError(err, "not_allowed_token_type", "missing_scope", "no_permission",
		"team_access_not_granted", "forbidden_team") {
		return fmt.Errorf("%w: %w; %s", ErrPermanent, explained(err, refused), mend)
	}
	return err
}

// leadsTo says to which host a redirect leads, which is not followed; its path may hold a
// ticket, like that of the address.
func leadsTo(res *http.Response) string {
	if to, err := res.Location(); err == nil && res.StatusCode >= 300 && res.StatusCode <= 399 {
		return ", which leads to " + to.Host
	}
	return ""
}

// handshakeError says how Slack answered. The address is left out: its ticket
// is a secret.
func handshakeError(ctx context.Context, res *http.Response, err error) error {
	if res != nil {
		return fmt.Errorf("slack refused a socket: HTTP %d%s", res.StatusCode, leadsTo(res))
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("connect a socket: %w", cmp.Or(ctx.Err(), err))
}
