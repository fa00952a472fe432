package size

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"defenderbot/bench/seed"
	"defenderbot/bench/side"
	"defenderbot/internal/app"
)

// run runs a program in a world of its own, on an empty Redis, from the greeting on its first
// socket on.
func (s *subject) run(ctx context.Context, r *side.Redis, then func(*side.Program) error) (err error) {
	if err := r.Empty(ctx); err != nil {
		return fmt.Errorf("empty Redis: %w", err)
	}
	w, err := side.Open(r) //nolint:contextcheck // it lives until it is closed
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p, err := s.begin(ctx, w)
	if err != nil {
		return err
	}
	return errors.Join(then(p), p.Stop())
}

// begin starts a program and measures how long it takes.
func (s *subject) begin(ctx context.Context, w *side.World) (*side.Program, error) {
	first := s.Contender
	first.Sockets = 1
	if s.Name != side.Bot {
		began := time.Now()
		p, err := first.Start(ctx, w)
		s.hello = append(s.hello, side.Millis(time.Since(began)))
		return p, err
	}
	return s.beginBot(ctx, w)
}

// beginBot does so for the bot, which says when it is ready.
func (s *subject) beginBot(ctx context.Context, w *side.World) (*side.Program, error) {
	port, err := side.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	env := w.BotEnv(func(e *app.Env) { e.HTTPAddr = addr })
	began := time.Now()
	p, err := side.Start(ctx, env, s.exe)
	if err != nil {
		return nil, err
	}
	err = w.Greeted(ctx, p, 1)
	s.hello = append(s.hello, side.Millis(time.Since(began)))
	if err == nil {
		err = isReady(ctx, "http://"+addr+"/readyz")
		s.ready = append(s.ready, side.Millis(time.Since(began)))
	}
	if err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// isReady asks until the answer is yes.
func isReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return fmt.Errorf("ask whether it is ready: %w", err)
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			if err := res.Body.Close(); err != nil || res.StatusCode == http.StatusOK {
				return err
			}
			err = errors.New(res.Status)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("ask whether it is ready: %w: %w", ctx.Err(), err)
		}
	}
}

// atRest is how much memory a program has, in MB, some time after it has come to rest.
func atRest(ctx context.Context, lab *side.Lab, p *side.Program, rest time.Duration) (float64, error) {
	if err := p.Settle(ctx, side.Pick(lab, 2*time.Second, time.Second/2)); err != nil {
		return 0, err
	}
	select {
	case <-time.After(rest):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	n, err := p.Resident()
	return float64(n) / 1e6, err
}

// waitLong is how long approval is waited for: nothing ends and nobody is reminded before.
const waitLong = 24 * time.Hour

// withPending is how much memory the bot has when some requests wait for approval, in MB, of
// each start.
func withPending(ctx context.Context, lab *side.Lab, r *side.Redis, exe string, pending int, n counts) (resident []float64, err error) {
	if err := r.Empty(ctx); err != nil {
		return nil, fmt.Errorf("empty Redis: %w", err)
	}
	w, err := side.Open(r) //nolint:contextcheck // it lives until it is closed
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	env := w.BotEnv(func(e *app.Env) { e.ApprovalTTL = waitLong.String() })
	bot := func(then func(*side.Program) error) error {
		p, err := side.Start(ctx, env, exe)
		if err != nil {
			return err
		}
		return errors.Join(w.Greeted(ctx, p, 1), then(p), p.Stop(), w.Gone(ctx))
	}
	var pattern seed.Pattern
	err = bot(func(*side.Program) (err error) {
		pattern, err = seed.Pending(ctx, r, w, 1)
		return err
	})
	if err := errors.Join(err, r.Empty(ctx)); err != nil {
		return nil, err
	}
	crowd := seed.Crowd{People: 1000, Channels: 1000, From: time.Now().Add(-time.Hour), Every: time.Hour / time.Duration(pending+1)}
	if err := pattern.Fill(ctx, r, crowd, pending); err != nil {
		return nil, err
	}
	for range n.idles {
		err := bot(func(p *side.Program) error {
			mb, err := atRest(ctx, lab, p, n.rest)
			resident = append(resident, mb)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return resident, nil
}
