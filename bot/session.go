package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/errgroup"
)

// Session keeps a number of sockets to Slack open. When Slack announces that
// it will close one, a successor is opened first, and the old one is read and
// answered until it is closed.
type Session struct {
	Open    func(context.Context) (url string, err error) // a new address for each socket
	Handle  func(Envelope)                                // must not block
	Sockets int                                           // how many to keep open
	Drained func(context.Context)                         // waits until nothing is being answered; may be nil
	Clock   func() time.Time
	Log     *slog.Logger
	Count   func(event string) // "hello", "closed", "refresh_requested", ...; may be nil

	live atomic.Int32
}

// Live is how many sockets Slack has greeted and that are still read.
func (s *Session) Live() int { return int(s.live.Load()) }

// ErrForGood says that Slack will not work with this app until a person changes
// something.
var ErrForGood = errors.New("slack does not work with this app")

// Run keeps the sockets open until ctx ends, then lets what is being answered
// be finished and closes them. Any other end is an error.
func (s *Session) Run(ctx context.Context) error {
	g, run := errgroup.WithContext(ctx)
	open := &socketSet{}
	for i := range s.Sockets {
		g.Go(func() error {
			// Instances that start together are refused together: spread them.
			if !pause(run, time.Duration(i)*stagger+jitter(stagger)) {
				return nil
			}
			return s.keepOne(run, open)
		})
	}
	err := g.Wait()
	if s.Drained != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		s.Drained(last)
		cancel()
	}
	open.closeAll()
	open.reading.Wait()
	return err
}

const (
	stagger    = 250 * time.Millisecond
	drainLimit = 5 * time.Second
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// keepOne keeps one socket open, and opens another as soon as it is told to.
func (s *Session) keepOne(ctx context.Context, open *socketSet) error {
	retry := firstRetry
	for ctx.Err() == nil {
		sock, err := s.connect(ctx)
		if err == nil {
			retry = firstRetry
			open.add(sock)
			err = s.attend(ctx, sock, open)
		}
		if errors.Is(err, ErrForGood) {
			return err
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		wait := jitter(retry) + retry/2
		retry = min(2*retry, lastRetry)
		if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
			wait = max(wait, limited.RetryAfter)
		}
		s.Log.WarnContext(ctx, "no socket to slack; trying again", "error", err, "again_in", wait)
		if !pause(ctx, wait) {
			break
		}
	}
	return nil
}

// attend reads a socket beside the caller and returns when a successor is
// wanted: nil where the socket is read on until Slack closes it.
func (s *Session) attend(ctx context.Context, sock *socket, open *socketSet) error {
	wanted := make(chan error, 1)
	s.live.Add(1)
	s.count("hello")
	open.reading.Go(func() {
		defer open.remove(sock)
		err := sock.read(s.Handle, func(reason string) {
			s.count(reason)
			s.Log.InfoContext(ctx, "slack will close a socket", "reason", reason, "socket", sock.name)
			offer(wanted, goodbye(reason))
		})
		s.live.Add(-1)
		s.count("closed")
		offer(wanted, err)
	})
	select {
	case <-ctx.Done():
		return nil
	case err := <-wanted:
		return err
	}
}

// goodbye says what an announced end means
// (https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect).
func goodbye(reason string) error {
	switch reason {
	case "link_disabled":
		return fmt.Errorf("%w: Socket Mode is switched off for this app (link_disabled); switch it on in the app's settings", ErrForGood)
	case "too_many_websockets":
		return errors.New("slack allows 10 sockets an app, and more are open: SLACK_CONNECTIONS times replicas is too high, or another program uses the same app")
	default: // warning, refresh_requested: routine
		return nil
	}
}

func offer(c chan error, err error) {
	select {
	case c <- err:
	default:
	}
}

func (s *Session) count(event string) {
	if s.Count != nil {
		s.Count(event)
	}
}

// socketSet is the sockets that are open, for closing them at the end.
type socketSet struct {
	mu      sync.Mutex
	set     map[*socket]bool
	reading sync.WaitGroup
}

func (o *socketSet) add(s *socket) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.set == nil {
		o.set = map[*socket]bool{}
	}
	o.set[s] = true
}

func (o *socketSet) remove(s *socket) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.set, s)
}

func (o *socketSet) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for s := range o.set {
		s.close()
	}
}

// jitter is a random part of d.
func jitter(d time.Duration) time.Duration { return rand.N(d) } //nolint:gosec // spreading starts needs no secret

// pause waits for d or the end of ctx, and says whether it was d.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
