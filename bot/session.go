package bot

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Session keeps a number of sockets to Slack open. When Slack announces that
// it will close one, a successor is opened first, and the old one is read and
// answered until it is closed.
type Session struct {
	Open    func(context.Context) (url string, err error) // a new address for each socket
	Handle  func(Envelope)                                // must not block; every socket calls it
	Sockets int                                           // how many to keep open
	App     string                                        // of which app they have to be; empty: of any
	Drained func(context.Context)                         // waits until nothing is being answered; may be nil
	Clock   func() time.Time                              // when an envelope came, and how long a socket lasted
	Log     *slog.Logger
	// Count is told what happens to sockets: "hello" and "closed"; the reason that Slack gave
	// for closing one, such as "refresh_requested"; how one was lost: "silent", "stuck", "cut";
	// "refused": none was opened. May be nil.
	Count func(event string)

	pace  pace                                  // the zero value is the usual one
	proxy func(*http.Request) (*url.URL, error) // nil: as the environment says
	roots *x509.CertPool                        // who is trusted to vouch for Slack; nil: whom the system trusts
	live  atomic.Int32
	peak  atomic.Int32 // of live, since it was last asked for
	named atomic.Int32 // how many sockets the app has, by the last greeting since it was last asked for
}

// Live is how many sockets Slack has greeted and that are still read.
func (s *Session) Live() int { return int(s.live.Load()) }

// Peak is the most sockets that were live at the same time since it was last asked
// for.
func (s *Session) Peak() int { return int(max(s.peak.Swap(s.live.Load()), s.live.Load())) }

// Named is how many sockets of the app Slack named in its last greeting, of whoever
// they are; 0: it has greeted none since it was last asked for.
func (s *Session) Named() int { return int(s.named.Swap(0)) }

// ErrPermanent means that Slack will not work with this app until a person changes
// something.
var ErrPermanent = errors.New("slack does not work with this app")

// Run keeps the sockets open until ctx ends, then lets what is being answered
// be finished, closes them and returns nil. It ends by itself only with an
// [ErrPermanent].
func (s *Session) Run(ctx context.Context) error {
	s.pace = cmp.Or(s.pace, usualPace())
	run, end := context.WithCancelCause(ctx)
	defer end(nil)
	r := &running{Session: s, end: end, open: map[*socket]bool{}}
	var slots sync.WaitGroup
	for i := range s.Sockets {
		slots.Go(func() {
			if pause(run, s.pace.start(i)) {
				r.keepOne(run)
			}
		})
	}
	slots.Wait()
	r.drain(ctx)
	r.closeAll()
	r.reading.Wait()
	if err := context.Cause(run); errors.Is(err, ErrPermanent) {
		return err
	}
	return nil
}

// running is what one Run holds.
type running struct {
	*Session

	end     context.CancelCauseFunc // ends the run before its time
	reading sync.WaitGroup
	mu      sync.Mutex
	open    map[*socket]bool
}

// keepOne keeps the socket of one slot open, and opens another as soon as that
// is needed.
func (r *running) keepOne(ctx context.Context) {
	// A slot has room for a socket and its successor, and never for a third.
	room := make(chan struct{}, 2)
	for failed := 0; ; {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		lasted, err := r.one(ctx, func() { <-room })
		if errors.Is(err, ErrPermanent) {
			r.end(err)
		}
		if ctx.Err() != nil {
			return
		}
		failed++
		if lasted {
			failed = 0
		}
		wait := r.pace.next(failed, err)
		if err != nil {
			level := slog.LevelInfo // one that is lost is replaced at once, as a rule
			if failed >= failedOften {
				level = slog.LevelWarn
			}
			r.Log.Log(ctx, level, "slack socket down", "error", err, "again_in", wait.String())
		}
		pause(ctx, wait)
	}
}

// failedOften is from how many failures of one slot in a row on a person should look.
const failedOften = 2

// one opens a socket, attends it, and reports whether it lasted. When the socket is
// closed, which may be long after the return, ended is called.
func (r *running) one(ctx context.Context, ended func()) (lasted bool, err error) {
	sock, err := r.connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.count("refused")
		}
		ended()
		return false, err
	}
	hello := r.Clock()
	err = r.attend(ctx, sock, ended)
	return r.Clock().Sub(hello) >= r.pace.settled, err
}

// attend reads a socket beside the caller and returns when another one is
// wanted: with nil where the socket is read on until Slack closes it.
func (r *running) attend(ctx context.Context, sock *socket, ended func()) error {
	wanted := make(chan error, 2) // the announcement and the end; only the first counts
	r.enter(sock)
	r.reading.Go(sock.ping)
	r.reading.Go(func() {
		defer ended()
		err := sock.read(ctx, r.Handle, func(reason string) {
			r.count(reason)
			r.Log.InfoContext(ctx, "slack socket closing", "reason", reason, "socket", sock.name)
			offer(wanted, r.announced(reason))
		})
		r.leave(sock)
		if how := sock.lost(); how != "" && ctx.Err() == nil {
			r.count(how)
		}
		offer(wanted, err)
	})
	select {
	case <-ctx.Done():
		return nil
	case err := <-wanted:
		return err
	}
}

// announced ends the run where the reason is a permanent one, also when a
// successor is open already, and says what to do about the socket.
func (r *running) announced(reason string) error {
	err := farewell(reason)
	if errors.Is(err, ErrPermanent) {
		r.end(err)
	}
	return err
}

// farewell says what an announced end means
// (https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect).
func farewell(reason string) error {
	switch reason {
	case "link_disabled":
		return fmt.Errorf("%w: Socket Mode is switched off for this app (link_disabled); switch it on in the app's settings", ErrPermanent)
	case "too_many_websockets":
		return errCrowded
	default: // warning, refresh_requested: routine
		return nil
	}
}

var errCrowded = errors.New("slack allows 10 sockets an app, and more are open: " +
	"SLACK_CONNECTIONS times replicas is too high, or another program uses the same app")

func offer(c chan error, err error) {
	select {
	case c <- err:
	default: // nobody waits for it any more
	}
}

func (r *running) enter(sock *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[sock] = true
	live := r.live.Add(1) // under the lock, as all that follows
	r.peak.Store(max(r.peak.Load(), live))
	r.named.Store(sock.named)
	r.count("hello")
}

func (r *running) leave(sock *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, sock)
	r.live.Add(-1)
	r.count("closed")
}

// drain waits until what is being answered is answered.
func (r *running) drain(ctx context.Context) {
	if r.Drained == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.pace.drain)
	defer cancel()
	r.Drained(ctx)
}

// closeAll says goodbye on every socket. Slack's answers end the reading.
func (r *running) closeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for sock := range r.open {
		r.reading.Go(sock.close)
	}
}

func (s *Session) count(event string) {
	if s.Count != nil {
		s.Count(event)
	}
}

// pause waits for d or the end of ctx, and reports whether it was d.
func pause(ctx context.Context, d time.Duration) bool {
	done, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-done.Done()
	return ctx.Err() == nil
}
