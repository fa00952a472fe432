package slackfake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// trigger is a trigger_id: good for three seconds, once.
type trigger struct {
	user    string
	expires time.Time
	used    bool
}

// hook is a response_url: good for 30 minutes, five times.
type hook struct {
	channel, user string
	thread        string
	original      *Message // what the person acted on, or the answer given so far
	expires       time.Time
	uses          int
}

const (
	triggerLife = 3 * time.Second
	hookLife    = 30 * time.Minute
	hookUses    = 5
)

// newTrigger makes a trigger_id for a user. The lock is held.
func (s *Server) newTrigger(user string) string {
	id := newDigits(s) + "." + newDigits(s) + "." + strings.ToLower(newID("t"))
	s.triggers.put(id, &trigger{user: user, expires: s.opts.Now().Add(triggerLife)})
	return id
}

// newDigits is a number that grows, as Slack's ids do. The lock is held.
func newDigits(s *Server) string { return strings.ReplaceAll(s.nextTS(), ".", "") }

// exchange uses a trigger up and says whose it was. The lock is held.
func (s *Server) exchange(id string) (user string, err error) {
	t := s.triggers.get(id)
	switch {
	case t == nil:
		return "", refuse("invalid_trigger_id")
	case t.used:
		return "", refuse("exchanged_trigger_id")
	case s.opts.Now().After(t.expires):
		return "", refuse("expired_trigger_id")
	}
	t.used = true
	return t.user, nil
}

// newHook makes a response_url; its kind is commands, actions or app (shortcuts). The lock is held.
func (s *Server) newHook(kind string, h hook) (string, *hook) {
	h.expires = s.opts.Now().Add(hookLife)
	path := "/" + kind + "/" + s.opts.TeamID + "/" + newDigits(s) + "/" + newID("h")
	s.hooks.put(path, &h)
	s.handed.add(Secret{"response_url", path})
	return "http://" + s.host + path, &h
}

// serveHook takes what is sent to a response_url:
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
func (s *Server) serveHook(w http.ResponseWriter, r *http.Request) {
	s.withFaults(w, r, "response_url", func() (int, object) {
		a, err := readArgs(r)
		if err != nil {
			return http.StatusBadRequest, reply(nil, err)
		}
		s.hear("response_url", a)
		s.mu.Lock()
		defer s.mu.Unlock()
		defer s.wake()
		h := s.hooks.get(r.URL.Path)
		if err := h.use(s.opts.Now()); err != nil {
			return http.StatusNotFound, reply(nil, err)
		}
		if err := s.respond(h, a); err != nil {
			return http.StatusBadRequest, reply(nil, err)
		}
		return http.StatusOK, object{"ok": true}
	})
}

// use counts a use of the response_url. Every use counts, also one that is refused afterwards.
func (h *hook) use(now time.Time) error {
	switch {
	case h == nil:
		return refuse("invalid_url")
	case now.After(h.expires):
		return refuse("expired_url")
	case h.uses >= hookUses:
		return refuse("used_url")
	}
	h.uses++
	return nil
}

// respond does what an answer to a command or a click asks for. The lock is held.
func (s *Server) respond(h *hook, a args) error {
	if a.yes("delete_original") {
		if h.original != nil {
			h.original.Deleted = true
		}
		return nil
	}
	body, err := readContent(a)
	if err != nil {
		return err
	}
	if a.yes("replace_original") && h.original != nil && !h.original.Deleted {
		s.edit(h.original, body)
		return nil
	}
	m := Message{Channel: h.channel, User: botUserID, EphemeralTo: h.user, ThreadTS: h.thread}
	switch a["response_type"] {
	case "", "ephemeral":
	case "in_channel":
		m.EphemeralTo = ""
	default:
		return refuse("invalid_response_type")
	}
	posted := s.post(m, body)
	if h.original == nil {
		h.original = posted
	}
	return nil
}

// argsOf reads an acknowledgement's payload the way a response_url's body is read.
func argsOf(payload json.RawMessage) (args, error) {
	a := args{}
	return a, a.readJSON(strings.NewReader(string(payload)))
}
