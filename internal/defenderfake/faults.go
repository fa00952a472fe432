package defenderfake

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Moment says when a fault strikes a request.
type Moment int

// The moments of a fault.
const (
	BeforeEffect Moment = iota // nothing is started or read; a place in the windows is taken
	AfterEffect                // what was asked for is done, the answer suffers
)

// Fault is something that goes wrong with requests. What is set happens in the order of the fields; a fault that only
// has a Delay or Hide lets the request go on.
type Fault struct {
	On    string // endpoint name, a prefix followed by *, or "" for every request
	Times int    // requests it strikes; 0 means until switched off
	When  Moment

	Delay time.Duration // real time to hold the request; it lasts even when the client goes away, and BeforeEffect it comes before the windows count
	Hide  time.Duration // BeforeEffect only: what is younger is neither read nor listed
	Drop  bool          // cut the connection without an answer

	Status     int    // answer with this instead
	Code       string // error code; "" means the documented one of the status
	Message    string
	RetryAfter string // header, in seconds or as an HTTP date
	Body       string // sent as it is, as text/html, in place of an error body
}

// armed is a fault in a server, with what is left of it.
type armed struct {
	Fault
	left int // -1: no end
}

// Inject switches a fault on; off switches it off. Of several faults for one moment of a request the oldest strikes.
func (s *Server) Inject(f Fault) (off func()) {
	a := &armed{f, cmp.Or(f.Times, -1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(b *armed) bool { return b.left == 0 })
	s.faults = append(s.faults, a)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		a.left = 0
	}
}

// strike uses up one turn of the first fault that fits; none is the zero Fault.
func (s *Server) strike(x *exchange, when Moment) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.faults {
		if a.left != 0 && a.When == when && a.fits(x.name()) {
			if a.left > 0 {
				a.left--
			}
			return a.Fault
		}
	}
	return Fault{}
}

// hold waits for d of real time; false means that the server is closing.
func (s *Server) hold(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
		return false
	}
}

func (f Fault) fits(endpoint string) bool {
	if prefix, ok := strings.CutSuffix(f.On, "*"); ok {
		return strings.HasPrefix(endpoint, prefix)
	}
	return f.On == "" || f.On == endpoint
}

// ends reports whether the fault replaces what the endpoint would answer.
func (f Fault) ends() bool { return f.Drop || f.Status != 0 }

func (f Fault) reply() reply {
	out := refuse(f.Status, cmp.Or(f.Code, codeOf(f.Status)), f.Message)
	if f.Body != "" || f.Code == "" && codeOf(f.Status) == "" {
		out.kind = "text/html" // a gateway in front of the API answers; it knows no error codes
		out.body = []byte(cmp.Or(f.Body, "<html><body>"+http.StatusText(f.Status)+"</body></html>"))
	}
	if f.RetryAfter != "" {
		out.header = map[string]string{"Retry-After": f.RetryAfter}
	}
	return out
}

// codeOf is the documented error code for a status, "" when there is none.
func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "BadRequest"
	case http.StatusUnauthorized:
		return "Unauthorized"
	case http.StatusForbidden:
		return "Forbidden"
	case http.StatusNotFound:
		return "NotFound"
	case http.StatusTooManyRequests:
		return "TooManyRequests"
	case http.StatusInternalServerError:
		return "InternalServerError"
	}
	return ""
}
