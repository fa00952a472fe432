package slackfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong with a call. Its zero value does nothing.
type Fault struct {
	Method     string        // such as chat.postMessage; response_url; socket (the WebSocket handshake); empty is all of them
	Replies    bool          // only calls that name a thread_ts
	Delay      time.Duration // before anything else, in real time
	After      bool          // the call takes effect first, then goes wrong; else nothing happens
	Drop       bool          // the connection is closed without an answer
	Status     int           // answer with this HTTP status
	RetryAfter int           // answer 429 with this many seconds
	RetryText  string        // answer 429 with this text where the seconds belong
	Body       string        // answer 200 with this text, whatever it is; HTML if it begins with <
	Error      string        // answer ok:false with this code
	Times      int           // how often; 0 is until switched off
}

// Break switches a fault on; the function it returns switches it off. Of several the oldest that fits is taken.
func (s *Server) Break(f Fault) (off func()) {
	own := &f
	if f.Times == 0 {
		f.Times = -1
	}
	s.change(func() {
		s.faults = slices.DeleteFunc(s.faults, func(g *Fault) bool { return g.Times == 0 }) // used up
		s.faults = append(s.faults, own)
	})
	return func() {
		s.change(func() { s.faults = slices.DeleteFunc(s.faults, func(g *Fault) bool { return g == own }) })
	}
}

// takeFault uses up one turn of the fault for a call of a method. Without one it returns the zero Fault.
func (s *Server) takeFault(name string, r *http.Request) Fault {
	reply := isReply(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times != 0 && (f.Method == "" || f.Method == name) && (reply || !f.Replies) {
			f.Times--
			return *f
		}
	}
	return Fault{}
}

// isReply reports whether a call names a thread_ts. Its body can be read again afterwards.
func isReply(r *http.Request) bool {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), r.Body))
	if err != nil {
		return false
	}
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(raw))
	a, err := readArgs(again)
	return err == nil && a["thread_ts"] != ""
}

// withFaults runs a call, or the fault that stands in its way, answers, and records it.
func (s *Server) withFaults(w http.ResponseWriter, r *http.Request, name string, run func() (int, object)) {
	f := s.takeFault(name, r)
	if !s.pause(r, f.Delay) {
		return
	}
	status, body := http.StatusOK, object{}
	if f.After || !f.fails() {
		status, body = run()
	}
	if f.fails() {
		status, body = f.answer(w)
	}
	code, _ := body["error"].(string)
	s.change(func() {
		s.calls.add(APICall{At: s.opts.Now(), Method: name, Status: status, Error: code})
	})
	if f.Drop {
		panic(http.ErrAbortHandler) // the way net/http closes a connection without an answer
	}
	if f.Body != "" {
		f.writeBody(w)
		return
	}
	writeJSON(w, status, body)
}

func (f Fault) fails() bool {
	return f.Drop || f.Status != 0 || f.RetryAfter != 0 || f.RetryText != "" || f.Body != "" || f.Error != ""
}

// writeBody answers 200 with the text of the fault.
func (f Fault) writeBody(w http.ResponseWriter) {
	kind := "application/json; charset=utf-8"
	if strings.HasPrefix(f.Body, "<") {
		kind = "text/html; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	if _, err := io.WriteString(w, strings.TrimSpace(f.Body)); err != nil {
		panic(http.ErrAbortHandler) // the caller is gone: nobody is left to tell
	}
}

func (f Fault) answer(w http.ResponseWriter) (int, object) {
	switch {
	case f.Drop:
		return 0, object{"error": "dropped"}
	case f.RetryAfter != 0:
		return tooMany(w, strconv.Itoa(f.RetryAfter))
	case f.RetryText != "":
		return tooMany(w, f.RetryText)
	case f.Body != "":
		return http.StatusOK, object{"error": "raw"}
	case f.Status != 0:
		return f.Status, object{"ok": false, "error": "internal_error"}
	}
	return http.StatusOK, object{"ok": false, "error": f.Error}
}

// tooMany is the answer to a caller that is too fast: https://docs.slack.dev/apis/web-api/rate-limits.
func tooMany(w http.ResponseWriter, after string) (int, object) {
	w.Header().Set("Retry-After", after)
	return http.StatusTooManyRequests, object{"ok": false, "error": "ratelimited"}
}

// pause waits for d; false when the caller or the server is gone before.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.done:
	}
	return false
}

func writeJSON(w http.ResponseWriter, status int, body object) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(http.ErrAbortHandler) // the caller is gone: nobody is left to tell
	}
}
