package click

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// card is a message with a button that starts a call for a device.
type card struct{ channel, ts, device string }

// clicked is a click that was made.
type clicked struct{ envelope, device string }

// mouse clicks.
type mouse struct {
	w      *side.World
	clicks []clicked
}

// click presses the buttons of some cards, all at once, and waits for the calls that follow.
func (m *mouse) click(ctx context.Context, cards []card) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	made := make([]clicked, len(cards))
	g, gctx := errgroup.WithContext(ctx)
	for i, c := range cards {
		g.Go(func() error {
			out, err := m.w.Slack.Click(gctx, sandbox.Grace, c.channel, c.ts, "approve")
			if err == nil && !out.Acked {
				err = errors.New("a click was not acknowledged")
			}
			made[i] = clicked{out.EnvelopeID, c.device}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	m.clicks = append(m.clicks, made...)
	for !arrived(m.w.Defender.Calls(), cards) {
		select {
		case <-time.After(5 * time.Millisecond): // seldom enough to be no load
		case <-ctx.Done():
			return fmt.Errorf("no call for a device: %w", ctx.Err())
		}
	}
	return nil
}

// arrived reports whether there was a call for each card.
func arrived(calls []defenderfake.Call, cards []card) bool {
	posts := postsOf(calls)
	for _, c := range cards {
		if posts[c.device].IsZero() {
			return false
		}
	}
	return true
}

// postsOf is when packages were asked for, by device.
func postsOf(calls []defenderfake.Call) map[string]time.Time {
	posts := map[string]time.Time{}
	for _, c := range calls {
		if c.Method == http.MethodPost && c.Endpoint == defenderfake.CollectPackage {
			posts[strings.Split(c.Path, "/")[3]] = c.At // /api/machines/{id}/collectInvestigationPackage
		}
	}
	return posts
}

// times are those of one click, from when its envelope was sent.
type times struct{ ack, post time.Duration }

// timesOf is how long things took, by what Slack and Defender wrote down.
func timesOf(clicks []clicked, acks []slackfake.Ack, calls []defenderfake.Call) ([]times, error) {
	acked := map[string]slackfake.Ack{}
	for _, a := range acks {
		acked[a.EnvelopeID] = a
	}
	posts := postsOf(calls)
	all := make([]times, len(clicks))
	for i, c := range clicks {
		a, known := acked[c.envelope]
		post := posts[c.device]
		if !known || post.IsZero() {
			return nil, fmt.Errorf("the click %s for %s: its acknowledgement or its call is not known", c.envelope, c.device)
		}
		all[i] = times{a.Took, post.Sub(a.At.Add(-a.Took))}
	}
	return all, nil
}
