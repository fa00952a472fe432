package slackfake

import (
	"context"
	"maps"
)

// Home returns what stands on the app's Home tab for a user. There is nothing before the app has published it, and
// nothing while the app has no such tab.
func (s *Server) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.homes[user]
	if v == nil || !s.features.HomeTab {
		return View{}, false
	}
	c := *v
	c.Errors = maps.Clone(v.Errors)
	return c, true
}

// OpenHome lets a person open the app's Home tab: https://docs.slack.dev/reference/events/app_home_opened. The app hears
// of it when it has the tab and has subscribed to the event; else the receipt is empty.
func (s *Server) OpenHome(ctx context.Context, user string) (Receipt, error) {
	return s.openTab(ctx, user, "home")
}

// OpenMessages lets a person open the Messages tab of the app. The app hears of it when it has subscribed to the event.
func (s *Server) OpenMessages(ctx context.Context, user string) (Receipt, error) {
	return s.openTab(ctx, user, "messages")
}

func (s *Server) openTab(ctx context.Context, user, tab string) (Receipt, error) {
	event, err := s.opening(user, tab)
	if err != nil || event == nil {
		return Receipt{}, err
	}
	return s.Event(ctx, event)
}

// opening is the event, or nil where the app does not hear of it. The view comes along when one was published before.
func (s *Server) opening(user, tab string) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.active(user); err != nil {
		return nil, err
	}
	if !s.hears("app_home_opened") || (tab == "home" && !s.features.HomeTab) {
		return nil, nil
	}
	dm, _ := s.direct(user)
	out := object{"type": "app_home_opened", "user": user, "channel": dm.ID, "tab": tab}
	if v := s.homes[user]; v != nil && tab == "home" {
		out["view"] = s.wireView(v, nil)
	}
	return out, nil
}

// active is a person of the directory who can do something. The lock is held.
func (s *Server) active(user string) (*User, error) {
	u := s.people[user]
	if u == nil || u.Deleted || u.Bot {
		return nil, ErrNoSuchUser
	}
	return u, nil
}

// viewsPublish is https://docs.slack.dev/reference/methods/views.publish. A hash for a home that is not there yet is
// taken for a conflict, about which the page says nothing.
func (s *Server) viewsPublish(a args) (object, error) {
	if _, err := s.active(a["user_id"]); err != nil {
		return nil, invalidArguments("[ERROR] invalid `user_id`")
	}
	body, err := readView(a, CheckHome)
	if err != nil {
		return nil, err
	}
	if !s.features.HomeTab {
		return nil, refuse("not_enabled")
	}
	v := s.homes[a["user_id"]]
	if h := a["hash"]; h != "" && (v == nil || h != v.Hash) {
		return nil, refuse("hash_conflict")
	}
	if err := s.freeExternalID(body, v); err != nil {
		return nil, err
	}
	if v == nil {
		v = &View{ID: newID("V"), User: a["user_id"], Open: true, home: true}
		v.Root = v.ID
		s.homes[v.User] = v
	}
	s.fill(v, body)
	return object{"view": s.wireView(v, nil)}, nil
}
