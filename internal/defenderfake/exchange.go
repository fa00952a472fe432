package defenderfake

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// exchange is one request on its way through the server.
type exchange struct {
	endpoint *endpoint // nil when no row matches
	call     *Call     // its record; guarded by Server.mu
	param    string    // what stood at {x} in the path
	uri      string
	query    url.Values
	queryErr error
	header   http.Header
	body     []byte
	app      App      // the caller, once known
	roles    []string // what its token carries
	now      time.Time
	hide     time.Duration // a fault hides what is younger than this
}

const maxBody = 1 << 20

// serve takes one request from arrival to answer; a request that gets none has its connection cut.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	x, ok := s.begin(r)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	defer s.running.Done()
	out, answered := s.answer(x)
	s.end(x, out, answered)
	if !answered {
		panic(http.ErrAbortHandler)
	}
	out.write(w)
}

// begin reads and records a request. It says no when the server is closing or the request breaks off.
func (s *Server) begin(r *http.Request) (*exchange, bool) {
	x := &exchange{uri: r.URL.Path, header: r.Header}
	x.query, x.queryErr = url.ParseQuery(r.URL.RawQuery)
	x.endpoint, x.param = s.route(r.Method, r.URL.EscapedPath())
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || s.closed {
		return nil, false
	}
	x.body = body
	x.call = s.calls.add(Call{At: s.now(), Endpoint: x.name(), Method: r.Method, Path: shown(r.URL)})
	s.running.Add(1)
	s.ring()
	return x, true
}

// end completes the record.
func (s *Server) end(x *exchange, out reply, answered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.call.Done, x.call.App = true, x.app.ID
	if answered {
		x.call.Status = out.status
	}
	s.ring()
}

// answer says what the client gets; false means that the connection is cut.
func (s *Server) answer(x *exchange) (reply, bool) {
	before := s.strike(x, BeforeEffect)
	if !s.hold(before.Delay) {
		return reply{}, false
	}
	if out, ok := s.admit(x); !ok {
		return out, true
	}
	if before.ends() {
		return before.reply(), !before.Drop
	}
	x.hide = before.Hide
	out := s.act(x)
	after := s.strike(x, AfterEffect)
	if !s.hold(after.Delay) {
		return reply{}, false
	}
	if after.ends() {
		return after.reply(), !after.Drop
	}
	return out, true
}

// admit checks the path, the token and the windows, and takes a place in them.
func (s *Server) admit(x *exchange) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.now = s.now()
	if x.endpoint == nil {
		return noResource(s.URL(), x), false
	}
	if x.endpoint.roles != nil && !s.tenant.authenticate(x) {
		return refuse(http.StatusUnauthorized, "Unauthorized", "The bearer token is missing, expired or not valid."), false
	}
	wait := s.tenant.windows.take(window{x.app.ID, x.name()}, x.endpoint.limits, x.now)
	x.call.Taken = wait == 0 && len(x.endpoint.limits) > 0
	if wait > 0 {
		return tooMany(wait), false
	}
	return reply{}, true
}

// noResource says that there is no such path.
func noResource(base string, x *exchange) reply {
	return refuse(http.StatusNotFound, "NotFound", "No HTTP resource was found that matches the request URI '"+base+x.uri+"'.")
}

// act checks the roles and lets the endpoint have its effect.
func (s *Server) act(x *exchange) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out, ok := x.permitted(); !ok {
		return out
	}
	x.now = s.now()
	out := x.endpoint.serve(s.tenant, x)
	x.call.Made = out.made
	s.ring()
	return out
}

// permitted checks the token's roles against the endpoint's.
func (x *exchange) permitted() (reply, bool) {
	need := x.endpoint.roles
	has := func(role string) bool { return slices.Contains(x.roles, role) }
	if need == nil || slices.ContainsFunc(need, has) {
		return reply{}, true
	}
	return refuse(http.StatusForbidden, "Forbidden", "Missing application roles. API required roles: "+
		strings.Join(need, ",")+", application roles: "+strings.Join(x.roles, ",")+"."), false
}

func (x *exchange) name() string {
	if x.endpoint == nil {
		return ""
	}
	return x.endpoint.name
}

// route finds the row for a path; /api/v1.0 means the same as /api, and case is ignored in what is not a parameter.
func (s *Server) route(method, path string) (*endpoint, string) {
	got := strings.Split(strings.Trim(path, "/"), "/")
	if len(got) > 1 && got[0] == "api" && got[1] == "v1.0" {
		got = append([]string{"api"}, got[2:]...)
	}
	for i := range s.endpoints {
		e := &s.endpoints[i]
		if param, ok := match(strings.Split(e.path, "/"), got); ok && e.method == method {
			return e, param
		}
	}
	return nil, ""
}

func match(pattern, got []string) (param string, ok bool) {
	if len(pattern) != len(got) {
		return "", false
	}
	for i, p := range pattern {
		if !strings.ContainsRune(p, '{') {
			if !strings.EqualFold(p, got[i]) {
				return "", false
			}
			continue
		}
		if param, ok = capture(p, got[i]); !ok {
			return "", false
		}
	}
	return param, true
}

// capture returns what stands at the braces of one segment, such as {id} or findbyip({arguments}).
func capture(pattern, segment string) (param string, ok bool) {
	v, err := url.PathUnescape(segment)
	if err != nil {
		return "", false
	}
	before, rest, _ := strings.Cut(pattern, "{")
	_, after, _ := strings.Cut(rest, "}")
	v, starts := strings.CutPrefix(v, before)
	v, ends := strings.CutSuffix(v, after)
	return v, starts && ends && v != ""
}

// shown is a request's path for the record; the token of a package link is a secret.
func shown(u *url.URL) string {
	if u.RawQuery == "" {
		return u.Path
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || q.Has("token") {
		return u.Path + "?(hidden)"
	}
	return u.Path + "?" + u.RawQuery
}
