package seed

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"defenderbot/bench/side"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// Pending is the pattern of a request that waits for approval. A bot must be running.
func Pending(ctx context.Context, r *side.Redis, w *side.World, n int) (Pattern, error) {
	s, err := ask(ctx, w, n)
	if err != nil {
		return Pattern{}, err
	}
	return settled(ctx, r, s)
}

// Ended is the pattern of a request that was approved and carried out.
func Ended(ctx context.Context, r *side.Redis, w *side.World, n int) (Pattern, error) {
	s, err := ask(ctx, w, n)
	if err != nil {
		return Pattern{}, err
	}
	if _, err := w.Slack.Click(ctx, sandbox.Grace, s.Channel, s.Card, "approve"); err != nil {
		return Pattern{}, fmt.Errorf("approve %s: %w", s.ID, err)
	}
	started := func(a defenderfake.Action) bool { return strings.Contains(a.Comment, s.ID) }
	var job string
	err = w.Defender.Wait(ctx, func(all defenderfake.Snapshot) bool {
		for _, a := range all.Actions {
			if started(a) {
				job = a.ID
			}
		}
		return job != ""
	})
	if err == nil {
		err = w.Defender.Finish(job, "Succeeded")
	}
	if err == nil {
		_, err = w.WaitCard(ctx, s.Channel, s.ID, "Succeeded")
	}
	if err != nil {
		return Pattern{}, fmt.Errorf("carry %s out: %w", s.ID, err)
	}
	return settled(ctx, r, s)
}

// ask has somebody ask for something on a device of which nobody else knows, and waits for the
// card.
func ask(ctx context.Context, w *side.World, n int) (Subject, error) {
	s := subject(n)
	w.Slack.AddUser(slackfake.User{ID: s.User, Name: s.Name})
	w.Slack.AddChannel(slackfake.Channel{ID: s.Channel, Name: fmt.Sprintf("incident-%d", n), Bot: true, Members: []string{s.User, sandbox.Grace}})
	w.Defender.AddDevice(defenderfake.Device{
		ID: s.Device, ComputerDNSName: s.Host, OSPlatform: "WindowsServer2022", Version: "21H2", RiskScore: "Medium", MachineTags: []string{"tier-1"},
	})
	if out, err := w.Slack.Command(ctx, s.User, s.Channel, Action+" "+s.Device+" "+Comment); err != nil || !out.Acked {
		return s, fmt.Errorf("ask (%s): %w", out.Shown, err)
	}
	card, err := w.WaitCard(ctx, s.Channel, "Waiting for approval")
	if err != nil {
		return s, err
	}
	s.ID, s.Card = IDOf(card), card.TS
	return s, nil
}

// IDOf is the id of the request that a card is about.
func IDOf(card slackfake.Message) string { return idForm.FindString(card.Text) }

var idForm = regexp.MustCompile(`D-[0-9A-Z]{6}`)

// settled waits until nothing is under way, and takes the pattern.
func settled(ctx context.Context, r *side.Redis, s Subject) (Pattern, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		p, err := Capture(ctx, r, s)
		if err == nil {
			err = p.idle()
		}
		if err == nil {
			return Capture(ctx, r, s) // while it was under way, keys were read at different times
		}
		if !errors.Is(err, errUnderWay) {
			return p, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return Pattern{}, fmt.Errorf("%s: %w: %w", s.ID, err, ctx.Err())
		}
	}
}
