package slackfake

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// View is one modal, or what stands on the Home tab for one person.
type View struct {
	ID              string
	User            string // who has it on the screen
	CallbackID      string
	ExternalID      string
	PrivateMetadata string
	Hash            string
	Root, Previous  string            // views below it; Root is the view itself at the bottom of a stack
	Body            json.RawMessage   // as the app sent it, block_ids added
	Errors          map[string]string // by block_id, what the app or Slack's client found wrong with the last submission
	Open            bool
	home            bool
	typed           map[string]string // what was put into its inputs, by block_id and action_id
}

// Typed returns what was put into an input, if something was submitted.
func (v View) Typed(block, action string) (text string, ok bool) {
	text, ok = v.typed[block+" "+action]
	return text, ok
}

// Views returns the modals a user has open, the one on top last.
func (s *Server) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []View
	for _, v := range s.views {
		if v.User == user && v.Open {
			c := *v
			c.typed = maps.Clone(v.typed)
			c.Errors = maps.Clone(v.Errors)
			out = append(out, c)
		}
	}
	return out
}

// viewsOpen is https://docs.slack.dev/reference/methods/views.open.
func (s *Server) viewsOpen(a args) (object, error) {
	body, err := readView(a, CheckView)
	if err != nil {
		return nil, err
	}
	if err := s.freeExternalID(body, nil); err != nil {
		return nil, err
	}
	user, err := s.exchange(a["trigger_id"])
	if err != nil {
		return nil, err
	}
	v := s.openView(user, body, nil)
	return object{"view": s.wireView(v, nil)}, nil
}

// viewsUpdate is https://docs.slack.dev/reference/methods/views.update.
func (s *Server) viewsUpdate(a args) (object, error) {
	v := s.view(a["view_id"])
	if v == nil && a["external_id"] != "" {
		v = s.viewByExternalID(a["external_id"])
	}
	if v == nil {
		return nil, refuse("not_found")
	}
	if h := a["hash"]; h != "" && h != v.Hash {
		return nil, refuse("hash_conflict")
	}
	body, err := readView(a, v.check())
	if err != nil {
		return nil, err
	}
	if err := s.freeExternalID(body, v); err != nil {
		return nil, err
	}
	s.fill(v, body)
	return object{"view": s.wireView(v, nil)}, nil
}

// readView takes a checked view out of a call.
func readView(a args, check func(json.RawMessage) error) (object, error) {
	raw := json.RawMessage(a["view"])
	if len(raw) == 0 {
		return nil, invalidArguments("[ERROR] missing required field: view")
	}
	if err := check(raw); err != nil {
		return nil, err
	}
	return decodeObject(raw), nil
}

// check is what a new body of the view is held against.
func (v *View) check() func(json.RawMessage) error {
	if v.home {
		return CheckHome
	}
	return CheckView
}

// decodeObject reads a JSON object that has been checked before. Numbers keep their digits.
func decodeObject(raw json.RawMessage) object {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o object
	if d.Decode(&o) != nil {
		return nil
	}
	return o
}

func (s *Server) freeExternalID(body object, own *View) error {
	id, _ := body["external_id"].(string)
	if other := s.viewByExternalID(id); id != "" && other != nil && other != own {
		return refuse("duplicate_external_id")
	}
	return nil
}

func (s *Server) viewByExternalID(id string) *View {
	return s.viewThat(func(v *View) bool { return v.ExternalID == id })
}

// view returns an open modal, a home, or nil. The lock is held.
func (s *Server) view(id string) *View {
	return s.viewThat(func(v *View) bool { return v.ID == id })
}

// viewThat finds an open modal or a home. The lock is held.
func (s *Server) viewThat(fits func(*View) bool) *View {
	for _, v := range s.views {
		if v.Open && fits(v) {
			return v
		}
	}
	for _, v := range s.homes {
		if fits(v) {
			return v
		}
	}
	return nil
}

// openView shows a view, on top of another one or alone: a new root takes the place of what was open. The lock is held.
func (s *Server) openView(user string, body object, below *View) *View {
	v := &View{ID: newID("V"), User: user, Open: true}
	v.Root = v.ID
	if below != nil {
		v.Root, v.Previous = below.Root, below.ID
	} else {
		s.closeViews(user)
	}
	s.fill(v, body)
	s.views = slices.DeleteFunc(s.views, func(o *View) bool { return !o.Open }) // nobody can ask for them again
	s.views = append(s.views, v)
	return v
}

func (s *Server) closeViews(user string) {
	for _, v := range s.views {
		if v.User == user {
			v.Open = false
		}
	}
}

// fill puts a new body into a view. The lock is held.
func (s *Server) fill(v *View, body object) {
	body["blocks"] = nameBlocks(encode(body["blocks"]))
	v.Body, v.Hash, v.Errors = encode(body), s.nextTS()+"."+newID("h")[2:8], nil
	v.CallbackID, _ = body["callback_id"].(string)
	v.ExternalID, _ = body["external_id"].(string)
	v.PrivateMetadata, _ = body["private_metadata"].(string)
}

// wireView is a view object: https://docs.slack.dev/reference/objects/view-object. The lock is held.
func (s *Server) wireView(v *View, values object) object {
	out := decodeObject(v.Body)
	if values == nil {
		values = object{}
	}
	maps.Copy(out, object{
		"id": v.ID, "team_id": s.opts.TeamID, "hash": v.Hash, "state": object{"values": values}, "root_view_id": v.Root,
		"previous_view_id": nil, "app_id": appID, "bot_id": botID, "app_installed_team_id": s.opts.TeamID,
		"callback_id": v.CallbackID, "external_id": v.ExternalID, "private_metadata": v.PrivateMetadata,
	})
	if v.Previous != "" {
		out["previous_view_id"] = v.Previous
	}
	for _, flag := range []string{"clear_on_close", "notify_on_close"} {
		if out[flag] == nil {
			out[flag] = false
		}
	}
	return out
}
