package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
)

// site is the page and all that it shows.
type site struct {
	place   *sandbox.Place
	bot     *sandbox.Process // nil: somebody's own bot is to come
	key     string           // file with the key of the audit trail
	trouble *trouble
	words   vocabulary
	host    string // as it stands in the address of the page
	bell    bell
	pace    pace
	held    bool // to a Redis that keeps what it confirms: it is somebody's own, as the bot is

	mu      sync.Mutex
	notices []notice
}

// notice is what Slack itself tells one person.
type notice struct {
	at      time.Time
	user    string
	channel string
	text    string
}

// serving says how the page is served.
type serving struct {
	addr string // where; empty: the default, or a free port
	own  bool   // for a bot of somebody's own
	env  string // the file that configures it; empty: none
}

// servePage starts everything and serves the page until ctx ends. For a bot of
// somebody's own it starts everything else and says how to connect.
func servePage(ctx context.Context, out io.Writer, options sandbox.Options, how serving) error {
	listener, err := listen(ctx, how.addr)
	if err != nil {
		return err
	}
	// What takes minutes in Defender takes seconds here: one wants to see it.
	options.Defender = defenderfake.Options{PendingFor: 5 * time.Second, RunFor: 20 * time.Second}
	s, err := newSite(options, listener.Addr().String(), how.own) //nolint:contextcheck // what it starts lives until close
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	said := fmt.Sprintf("The sandbox is at http://%s until you press Ctrl-C.\nOpen it in two windows to be two people.\n", s.host)
	if how.own {
		said += exports(s.env())
	}
	if how.env != "" {
		err = writeEnv(how.env, s.env())
	}
	if err == nil {
		_, err = io.WriteString(out, said)
	}
	if err != nil {
		return errors.Join(err, listener.Close(), s.close())
	}
	return errors.Join(s.serve(ctx, listener), s.close())
}

// newSite opens the place and starts the bot in it, or leaves that to somebody.
func newSite(options sandbox.Options, host string, own bool) (*site, error) {
	place, err := sandbox.Open(options)
	if err != nil {
		return nil, err
	}
	_, err = place.Alert(sandbox.Incident)
	key, keyErr := place.SigningKey()
	if err = errors.Join(err, keyErr, scanBusy(place)); err != nil {
		return nil, errors.Join(err, place.Close())
	}
	s := &site{place: place, key: key, host: host, words: newVocabulary(place), trouble: newTrouble(place), pace: pace{place: place}}
	switch {
	case own:
		s.pace.fixed, s.held = "your bot's is real", options.Redis != ""
		return s, nil
	case options.Redis != "":
		s.pace.fixed = "not with -redis"
	}
	if err := s.startBot(); err != nil {
		return nil, errors.Join(err, place.Close())
	}
	return s, nil
}

// scanBusy lets somebody scan one of the devices from the portal, for hours: the bot
// meets a device on which something runs already.
func scanBusy(place *sandbox.Place) error {
	devices := place.Defender.Snapshot().Devices
	busy := devices[slices.IndexFunc(devices, func(d defenderfake.Device) bool { return d.ID == sandbox.Busy })]
	slow := busy
	slow.ActionEnd = defenderfake.ActionInProgress
	place.Defender.AddDevice(slow)
	defer place.Defender.AddDevice(busy)
	_, err := place.Defender.Portal("ana@contoso.example").StartScope(defenderfake.RunScan, "Full", busy.ID, "monthly full scan")
	return err
}

// startBot starts the bot as a process of this very program.
func (s *site) startBot() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	s.bot = s.place.Process([]string{program, childWord}, s.env(), s.bell.ring)
	return s.bot.Start()
}

// env configures a bot for the page.
func (s *site) env() app.Env {
	env := s.place.Env()
	if s.held {
		env.AllowVolatileRedis = "false"
	}
	env.AllowSharedChannels = "true" // so that what somebody of another organisation can do is seen
	// So that a rule for one action is seen. Whoever of them asks, two others are left.
	env.ApprovalsRequired = "1,isolate=2"
	env.Approvers += ",isolate=" + sandbox.OnCall + ",isolate=" + sandbox.Lena
	env.EscalateTo = sandbox.Lena // who is called in when nobody decides
	env.AlertChannel, env.BreakGlass, env.AuditSigningKeyFile = sandbox.Security, "true", s.key
	return env
}

func (s *site) close() error {
	var err error
	if s.bot != nil {
		err = s.bot.Stop()
	}
	return errors.Join(err, s.place.Close())
}

// serve answers on the listener until ctx ends.
func (s *site) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // a page that is left needs no farewell
	defer stop()
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beside.Go(func() { s.pace.run(ctx) })
	beside.Go(func() { s.settle(ctx) })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// listen opens the page's port. Whoever reaches the page can be anybody, so it
// is never opened to other machines.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	if addr == "" {
		l, err := lc.Listen(ctx, "tcp", defaultAddr)
		if errors.Is(err, syscall.EADDRINUSE) {
			l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
		}
		return l, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("-addr: %q is not on this machine; the page lets anybody be anybody", addr)
	}
	return lc.Listen(ctx, "tcp", addr)
}

// note shows somebody what Slack itself has to say.
func (s *site) note(user, channel, text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	s.notices = append(s.notices, notice{s.place.Now(), user, channel, text})
	s.mu.Unlock()
	s.bell.ring()
}

// settle ends troubles whose time has come.
func (s *site) settle(ctx context.Context) {
	for {
		changed := s.place.Defender.Changed()
		if s.trouble.settle() {
			s.bell.ring()
		}
		if !wait(ctx, time.Second, changed) {
			return
		}
	}
}

// wait returns after a while, or when something changes; false when ctx ends.
func wait(ctx context.Context, longest time.Duration, changes ...<-chan struct{}) bool {
	t := time.NewTimer(longest)
	defer t.Stop()
	changes = append(changes, nil, nil, nil) // a nil channel never changes
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
	case <-changes[0]:
	case <-changes[1]:
	case <-changes[2]:
	}
	return true
}

// bell tells everybody who listens that something has changed.
type bell struct {
	mu      sync.Mutex
	changed chan struct{}
}

// listen returns a channel that is closed at the next ring. Take it before
// looking.
func (b *bell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
	}
	b.changed = make(chan struct{})
}

// pace lets the time of the place run faster than real time.
type pace struct {
	place  *sandbox.Place
	fixed  string // why time cannot be moved, such as a Redis that has its own; empty: it can
	fast   atomic.Bool
	acting atomic.Int64 // people who wait for an answer; time is real for them
}

const (
	faster = 60                    // times real time
	step   = 20 * time.Millisecond // a jump is short against the 3 s that Slack and the bot's store give a change
)

func (p *pace) run(ctx context.Context) {
	t := time.NewTicker(step)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if p.fast.Load() && p.acting.Load() == 0 && p.place.Skip((faster-1)*step) != nil {
			p.fast.Store(false)
		}
	}
}
