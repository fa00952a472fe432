package defender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// How long one request may take, from its dial to the end of its answer.
	httpLimit = 20 * time.Second
	// How much of an answer is read. A page of 1,000 devices has about 2 MB.
	bodyLimit = 8 << 20
	// How old a token must be to be given up for a missing role: a token
	// from before a role was granted lacks it until it is renewed.
	roleGrace = 5 * time.Minute
)

// Config is what a [Client] needs.
type Config struct {
	// BaseURL is scheme and host for every call: "https://api.security.microsoft.com".
	// Mixing hosts makes fresh actions look missing.
	BaseURL string
	// Tokens are shared by all calls; required.
	Tokens *Tokens
	// Now is the clock, with its monotonic reading; required. [Order.NotAfter] is
	// compared with it.
	Now func() time.Time
	// UserAgent is sent with each request: "defenderbot/1.2.3".
	UserAgent string
	// Transport carries the requests: TLS, proxy and dialer. It is copied, and HTTP/2 pings
	// are switched on. nil means the system's certificates and the proxy that HTTPS_PROXY
	// names.
	Transport *http.Transport
	// Observe is told of each request; may be nil.
	Observe Observer
}

// Client speaks to one tenant. It is safe for concurrent use.
type Client struct {
	base      string
	tokens    *Tokens
	now       func() time.Time
	userAgent string
	transport *http.Transport
	clock     lead
	observe   Observer
}

// New checks the configuration and returns a client. It does no I/O.
func New(cfg Config) (*Client, error) {
	base, err := baseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Tokens == nil || cfg.Now == nil {
		return nil, errors.New("defender: Tokens and Now are required")
	}
	return &Client{
		base:      base,
		tokens:    cfg.Tokens,
		now:       cfg.Now,
		userAgent: cfg.UserAgent,
		transport: transportOf(cfg.Transport),
		observe:   cfg.Observe,
	}, nil
}

// baseURL checks an address and takes its last slash away. The error does not repeat
// the address: it might hold a password.
func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", errors.New("defender: BaseURL is not an http or https address")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("defender: BaseURL must not have a user, a query or a fragment")
	}
	return strings.TrimRight(s, "/"), nil
}

// Ready returns nil if an access token is in hand, and asks for one if not. The error is
// an [Error] with [NotSent] around what [Tokens.Get] says.
func (c *Client) Ready(ctx context.Context) error {
	if _, err := c.tokens.Get(ctx); err != nil {
		return &Error{Op: "get a token", Cause: NotSent, Err: err}
	}
	return nil
}

// query is what is known about a request beside its address.
type query struct {
	op        string // "read device", for errors
	role      string // what it needs, for errors
	missing   Cause  // what a 404 means
	busyIs400 bool   // see [Action.BusyIs400]
}

// answer is what came back, and the token that was sent, which must not get out.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error // reading the body went wrong
	token  string
}

// get reads path, which begins with a slash, into the value.
func (c *Client) get(ctx context.Context, q query, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, httpLimit)
	defer cancel()
	token, err := c.tokens.Get(ctx)
	if err != nil {
		return &Error{Op: q.op, Cause: NotSent, Err: err}
	}
	req, err := c.request(ctx, http.MethodGet, path, nil, token)
	if err != nil {
		return &Error{Op: q.op, Cause: NotSent, Err: withoutAddress(err)}
	}
	a, err := c.observed(hearing{c.transport, c.now, &c.clock}, req, token)
	if err != nil {
		c.transport.CloseIdleConnections() // what made one silent may have made them all so
		return &Error{Op: q.op, Cause: OutcomeUnknown, Err: withoutAddress(err)}
	}
	return c.read(q, a, into)
}

// request builds a request. The token is only ever in its header.
func (c *Client) request(ctx context.Context, method, path string, body io.Reader, token string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	return req, nil
}

// exchange sends a request and reads its answer. It uses the transport itself: an
// http.Client would follow redirects, and would hand them the token.
func exchange(via http.RoundTripper, req *http.Request, token string) (answer, error) {
	resp, err := via.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	if len(body) > bodyLimit {
		err = fmt.Errorf("the answer has more than %d bytes", bodyLimit)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: body, err: err, token: token}, nil
}

// read takes a success into the value and makes an error of everything else.
func (c *Client) read(q query, a answer, into any) error {
	if a.status != http.StatusOK && a.status != http.StatusCreated {
		return c.refused(q, a)
	}
	err := a.err
	if err == nil {
		err = json.Unmarshal(a.body, into)
	}
	if err != nil {
		return &Error{Op: q.op, Cause: BadAnswer, Status: a.status, Err: err}
	}
	return nil
}

// refused makes the error of an answer, and gives up a token that does not serve.
func (c *Client) refused(q query, a answer) *Error {
	e := errorOf(q, a, c.now())
	switch {
	case e.Cause == Unauthenticated:
		c.tokens.Discard(a.token)
	case e.Cause == MissingRole && c.tokens.age(a.token) > roleGrace:
		c.tokens.Discard(a.token)
	}
	return e
}
