package slackfake

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrClosed is returned by everything that waits when the server is closed.
var ErrClosed = errors.New("slackfake: server closed")

// Options says how the workspace is set up. Only Now must be given.
type Options struct {
	Now          func() time.Time // the workspace's clock
	Addr         string           // where to listen; default 127.0.0.1:0
	TeamID       string           // default T0SANDBOX1
	EnterpriseID string           // set it to make the workspace part of a Grid organisation
	OrgInstall   bool             // the app is installed in the whole organisation: auth.test names that and no workspace
	BotApp       string           // the app that the bot token is of; default that of the app-level token
	Command      string           // the app's slash command; default /defender
	Scopes       []string         // what the bot token may do; default DefaultScopes
	Features     *Features        // what the app's manifest switches on; default DefaultFeatures
	PingEvery    time.Duration    // between the server's WebSocket pings; default 3 s
	AckLimit     time.Duration    // how long an envelope waits for its acknowledgement; default 3 s
	AckByClock   bool             // measure AckLimit with Now and not in real time
	EventRetries []time.Duration  // pauses before an event is sent again; default at once, 1 min, 5 min
	Log          *slog.Logger     // sockets that come and go, acknowledgements with problems; default none
	Sent         func(Sent)       // hears of everything that the bot says; called by several goroutines; default nobody
}

// DefaultScopes are the bot scopes of an app that takes commands, posts, and looks people and groups up.
func DefaultScopes() []string {
	return []string{
		"commands", "chat:write", "users:read", "usergroups:read", "im:write", "app_mentions:read",
		"channels:read", "groups:read", "im:read",
	}
}

func (o Options) withDefaults() Options {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.TeamID = cmp.Or(o.TeamID, "T0SANDBOX1")
	o.Command = cmp.Or(o.Command, "/defender")
	o.BotApp = cmp.Or(o.BotApp, appID)
	o.PingEvery = cmp.Or(o.PingEvery, 3*time.Second)
	o.AckLimit = cmp.Or(o.AckLimit, 3*time.Second)
	if o.Scopes == nil {
		o.Scopes = DefaultScopes()
	}
	if o.Features == nil {
		f := DefaultFeatures()
		o.Features = &f
	}
	if o.EventRetries == nil {
		o.EventRetries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server is one workspace with one app installed in it. Its methods may be called from any goroutine.
type Server struct {
	opts    Options
	host    string
	http    *http.Server
	methods map[string]method
	done    chan struct{}
	running sync.WaitGroup

	mu         sync.Mutex // guards all below
	changed    chan struct{}
	closed     bool
	scopes     []string
	features   Features
	people     map[string]*User
	groups     map[string]*Group
	channels   map[string]*Channel
	messages   journal[*Message]
	lastTS     int64
	views      []*View
	homes      map[string]*View // what stands on the Home tab, by user
	triggers   shelf[*trigger]
	hooks      shelf[*hook]
	tickets    shelf[time.Time]
	sockets    []*socket
	opened     int // sockets ever opened; the next one's number
	turn       int // round robin over sockets
	sent       shelf[*delivery]
	deliveries int
	acks       journal[Ack]
	calls      journal[APICall]
	faults     []*Fault
	appToken   string
	botToken   string
	handed     journal[Secret]      // what opens something to whoever has it, since it was handed out
	revoked    string               // the code that refuses the bot token; empty: it is good
	taken      map[string]time.Time // when a channel that is slow took its last message
}

// Start opens the workspace. It fails when Now is missing or the address is taken.
func Start(opts Options) (*Server, error) {
	if opts.Now == nil {
		return nil, errors.New("slackfake: Options.Now is missing")
	}
	opts = opts.withDefaults()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("slackfake: %w", err)
	}
	s := newServer(opts, l.Addr().String())
	s.running.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.opts.Log.Error("serve", "error", err)
		}
	})
	return s, nil
}

func newServer(opts Options, host string) *Server {
	s := &Server{
		opts: opts, host: host, done: make(chan struct{}), changed: make(chan struct{}),
		scopes: slices.Clone(opts.Scopes), features: *opts.Features, homes: map[string]*View{},
		people: map[string]*User{}, groups: map[string]*Group{}, channels: map[string]*Channel{}, taken: map[string]time.Time{},
		appToken: "xapp-1-" + appID + "-" + rand.Text(),
		botToken: "xoxb-" + rand.Text(),
	}
	s.people[botUserID] = &User{ID: botUserID, Name: "defenderbot", RealName: "defenderbot", Bot: true, TeamID: opts.TeamID}
	s.methods = s.webMethods()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/link/", s.serveLink)
	mux.HandleFunc("POST /commands/", s.serveHook)
	mux.HandleFunc("POST /actions/", s.serveHook)
	mux.HandleFunc("POST /app/", s.serveHook)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return s
}

// Close cuts all sockets and stops the server. It waits for the server's own goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.done)
	sockets := slices.Clone(s.sockets)
	s.mu.Unlock()
	if err := s.http.Close(); err != nil {
		s.opts.Log.Error("close", "error", err)
	}
	for _, k := range sockets {
		k.cut()
	}
	s.running.Wait()
}

const (
	appID     = "A0DEFENDER"
	botID     = "B0DEFENDER"
	botUserID = "U0DEFENDER"
	domain    = "sandbox"
)

// APIURL is the base address of the Web API, with a slash at its end.
func (s *Server) APIURL() string { return "http://" + s.host + "/api/" }

// AppToken is the app-level token, beginning with xapp-, that opens sockets.
func (s *Server) AppToken() string { return s.appToken }

// BotToken is the bot token, beginning with xoxb-, for everything else.
func (s *Server) BotToken() string { return s.botToken }

// TeamID is the workspace's id.
func (s *Server) TeamID() string { return s.opts.TeamID }

// AppID is the app's id.
func (s *Server) AppID() string { return appID }

// BotUserID is the user id under which the bot posts.
func (s *Server) BotUserID() string { return botUserID }

// SetScopes replaces what the bot token may do.
func (s *Server) SetScopes(scopes ...string) {
	s.change(func() { s.scopes = slices.Clone(scopes) })
}

// Revoke refuses the bot token from now on with a code such as token_revoked; an empty code makes it good again.
func (s *Server) Revoke(code string) {
	s.change(func() { s.revoked = code })
}

// Changed returns a channel that is closed at the next change of anything in the workspace. Take it before looking.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Wait returns nil as soon as seen is true, looking again at each change. It returns the context's error or ErrClosed.
func (s *Server) Wait(ctx context.Context, seen func(*Server) bool) error {
	for {
		changed := s.Changed()
		if seen(s) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.done:
			return ErrClosed
		}
	}
}

// change runs f under the lock and wakes everybody who waits.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.wake()
}

// wake tells everybody who waits to look again. The lock is held.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// newID draws an id in Slack's form: a letter and ten digits or capitals. The lock need not be held.
func newID(letter string) string { return letter + "0" + rand.Text()[:9] }

// newUUID draws an id in the form of an envelope id.
func newUUID() string {
	t := strings.ToLower(fmt.Sprintf("%x", rand.Text()))
	return t[0:8] + "-" + t[8:12] + "-4" + t[13:16] + "-a" + t[17:20] + "-" + t[20:32]
}
