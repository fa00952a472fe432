package slackfake

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object on its way out.
type object = map[string]any

// APICall is one HTTP request that the bot made. It holds no token and no text.
type APICall struct {
	At     time.Time
	Method string // such as chat.postMessage, or response_url
	Status int    // the HTTP status; 0 when the connection was dropped
	Error  string // Slack's error code; empty when ok
}

// APICalls returns what the bot has asked, in the order of the answers: the newest 10,000.
func (s *Server) APICalls() []APICall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls.newest())
}

// slackError is an answer with ok:false.
type slackError struct {
	code string
	more object // further fields of the answer
}

func (e *slackError) Error() string { return e.code }

func refuse(code string) error { return &slackError{code: code} }

func invalidArguments(messages ...string) error {
	return &slackError{code: "invalid_arguments", more: object{"response_metadata": object{"messages": messages}}}
}

// method is one Web API method. It runs with the lock held.
type method struct {
	run    func(args) (object, error)
	app    bool     // takes the app-level token
	scopes []string // one of them is needed
	reads  bool     // a conversation, which needs one of readScopes by its kind
}

// Scopes are those of which the bot token needs one for a method. For what reads a conversation they are those of its kinds:
// public, private, with one person, with several. Some methods need none; false: there is no such method.
func (s *Server) Scopes(method string) (oneOf []string, known bool) {
	m, known := s.methods[method]
	if m.reads {
		return []string{readPublic, readPrivate, readDirect, readSeveral}, known
	}
	return slices.Clone(m.scopes), known
}

func (s *Server) webMethods() map[string]method {
	chat := []string{"chat:write"}
	groups := []string{"usergroups:read"}
	return map[string]method{
		"api.test":              {run: func(args) (object, error) { return object{}, nil }},
		"apps.connections.open": {run: s.connectionsOpen, app: true},
		"auth.test":             {run: s.authTest},
		"bots.info":             {run: s.botsInfo, scopes: []string{"users:read"}},
		"chat.postMessage":      {run: s.postMessage, scopes: chat},
		"chat.update":           {run: s.updateMessage, scopes: chat},
		"chat.delete":           {run: s.deleteMessage, scopes: chat},
		"chat.postEphemeral":    {run: s.postEphemeral, scopes: chat},
		"chat.getPermalink":     {run: s.getPermalink},
		"views.open":            {run: s.viewsOpen},
		"views.update":          {run: s.viewsUpdate},
		"views.publish":         {run: s.viewsPublish},
		"users.info":            {run: s.usersInfo, scopes: []string{"users:read"}},
		"usergroups.list":       {run: s.usergroupsList, scopes: groups},
		"usergroups.users.list": {run: s.usergroupsUsersList, scopes: groups},
		"conversations.info":    {run: s.conversationsInfo, reads: true},
		"conversations.members": {run: s.conversationsMembers, reads: true},
		"conversations.open":    {run: s.conversationsOpen, scopes: []string{"im:write", "mpim:write", "channels:manage", "groups:write"}},
	}
}

// serveAPI answers one Web API call: https://docs.slack.dev/apis/web-api.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	s.withFaults(w, r, name, func() (int, object) {
		w.Header().Set("X-Oauth-Scopes", strings.Join(s.currentScopes(), ","))
		w.Header().Set("Date", s.opts.Now().UTC().Format(http.TimeFormat))
		body, err := s.answer(name, r)
		if errors.Is(err, errTooFast) {
			return tooMany(w, "1")
		}
		return http.StatusOK, reply(body, err)
	})
}

func (s *Server) currentScopes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.scopes)
}

// reply is the body of an answer.
func reply(body object, err error) object {
	if err == nil {
		body["ok"] = true
		return body
	}
	out := object{"ok": false, "error": err.Error()}
	if e, ok := errors.AsType[*slackError](err); ok {
		maps.Copy(out, e.more)
	}
	if e, ok := errors.AsType[*BlockError](err); ok {
		out["error"] = e.Code
		out["errors"] = e.Messages
		out["response_metadata"] = object{"messages": e.Messages}
	}
	return out
}

func (s *Server) answer(name string, r *http.Request) (object, error) {
	a, err := readArgs(r)
	if err != nil {
		return nil, err
	}
	s.hear(name, a)
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.methods[name]
	if !ok {
		return nil, refuse("unknown_method")
	}
	if err := s.authorise(m, a["token"]); err != nil {
		return nil, err
	}
	body, err := m.run(a)
	if err == nil {
		s.wake()
	}
	return body, err
}

// authorise checks the token and its scopes. The lock is held.
func (s *Server) authorise(m method, token string) error {
	want, other := s.botToken, s.appToken
	if m.app {
		want, other = other, want
	}
	switch token {
	case "":
		return refuse("not_authed")
	case want:
		if !m.app && s.revoked != "" {
			return refuse(s.revoked)
		}
	case other:
		return refuse("not_allowed_token_type")
	default:
		return refuse("invalid_auth")
	}
	return s.needScope(m.scopes...)
}

// needScope refuses unless the bot has one of the scopes. The lock is held.
func (s *Server) needScope(oneOf ...string) error {
	if len(oneOf) == 0 || slices.ContainsFunc(oneOf, func(n string) bool { return slices.Contains(s.scopes, n) }) {
		return nil
	}
	return &slackError{code: "missing_scope", more: object{"needed": strings.Join(oneOf, ","), "provided": strings.Join(s.scopes, ",")}}
}

// args are a call's arguments as text: a form's values, or the fields of a JSON body (what is not a string stays JSON).
type args map[string]string

const maxBody = 1 << 20

// readArgs reads a form or a JSON body. In JSON the token counts only in the header, as Slack has it.
func readArgs(r *http.Request) (args, error) {
	a := args{}
	for k, v := range r.URL.Query() {
		a[k] = v[0]
	}
	delete(a, "token") // newer apps may not send it in the query
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return nil, refuse("invalid_post_type")
	}
	body := io.LimitReader(r.Body, maxBody)
	switch kind {
	case "", "application/x-www-form-urlencoded":
		err = a.readForm(r)
	case "application/json":
		err = a.readJSON(body)
	default:
		err = refuse("invalid_post_type")
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		a["token"] = bearer
	}
	return a, err
}

func (a args) readForm(r *http.Request) error {
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return refuse("invalid_form_data")
	}
	for k, v := range r.PostForm {
		a[k] = v[0]
	}
	return nil
}

func (a args) readJSON(body io.Reader) error {
	var fields map[string]json.RawMessage
	if err := json.NewDecoder(body).Decode(&fields); err != nil && !errors.Is(err, io.EOF) { // no body is no arguments
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return refuse("json_not_object")
		}
		return refuse("invalid_json")
	}
	for k, raw := range fields {
		var text string
		switch {
		case k == "token" || string(raw) == "null":
		case json.Unmarshal(raw, &text) == nil:
			a[k] = text
		default:
			a[k] = string(raw)
		}
	}
	return nil
}

func (a args) yes(name string) bool {
	v, err := strconv.ParseBool(a[name])
	return err == nil && v
}

// authTest is https://docs.slack.dev/reference/methods/auth.test.
func (s *Server) authTest(args) (object, error) {
	out := object{
		"url": "https://" + domain + ".slack.com/", "team": "Sandbox", "user": s.people[botUserID].Name, "team_id": s.opts.TeamID,
		"user_id": botUserID, "bot_id": botID, "is_enterprise_install": false,
	}
	if s.opts.EnterpriseID != "" {
		out["enterprise_id"] = s.opts.EnterpriseID
	}
	if s.opts.OrgInstall { // https://docs.slack.dev/enterprise/organization-ready-apps
		out["team_id"], out["is_enterprise_install"] = s.opts.EnterpriseID, true
	}
	return out, nil
}

// botsInfo is https://docs.slack.dev/reference/methods/bots.info.
func (s *Server) botsInfo(a args) (object, error) {
	if a["bot"] != botID {
		return nil, refuse("bot_not_found")
	}
	return object{"bot": object{
		"id": botID, "deleted": false, "name": s.people[botUserID].Name, "updated": 0, "app_id": s.opts.BotApp, "user_id": botUserID,
	}}, nil
}
