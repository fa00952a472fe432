package defender

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Observer is told of each request to Defender that was begun: the name of its [Endpoint], its
// HTTP status, 0 if there was no answer, and how long that took.
type Observer func(endpoint string, status int, took time.Duration)

// observed sends a request and tells the observer of it.
func (c *Client) observed(via http.RoundTripper, req *http.Request, token string) (answer, error) {
	began := c.now()
	a, err := exchange(via, req, token)
	if c.observe != nil {
		c.observe(endpointOf(req.URL), a.status, c.now().Sub(began))
	}
	return a, err
}

// endpointOf is the name of the endpoint that an address is of: what stands behind the id of
// a device or an action, or before it.
func endpointOf(u *url.URL) string {
	_, path, _ := strings.Cut(u.EscapedPath(), "/api/")
	parts := strings.Split(path, "/")
	if len(parts) > 2 {
		return parts[2]
	}
	return parts[0]
}

// observer is told of requests for a token by the transport that carries them.
type observer struct {
	next http.RoundTripper
	now  func() time.Time
	tell func(status int, took time.Duration)
}

// RoundTrip implements [http.RoundTripper].
func (o observer) RoundTrip(req *http.Request) (*http.Response, error) {
	began, status := o.now(), 0
	res, err := o.next.RoundTrip(req)
	if err == nil {
		status = res.StatusCode
	}
	o.tell(status, o.now().Sub(began))
	return res, err
}

// Usable reports whether there is a token in hand.
func (t *Tokens) Usable() bool {
	_, ok := t.Current()
	return ok
}

// Age is how old the token in hand is; 0 while there is none.
func (t *Tokens) Age() time.Duration {
	if access, ok := t.Current(); ok {
		return t.age(access)
	}
	return 0
}
