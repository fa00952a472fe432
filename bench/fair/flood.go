package fair

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// flooder is the person who sends too much, in the channel of everybody else.
const flooder = sandbox.Ada

// others take turns, so that none of them comes near the limit of undecided requests.
const others = 20

func otherOne(n int) string { return fmt.Sprintf("U0OTHER%03d", n%others) }

// firstOther is the first device that others name; all below are the flooder's.
const firstOther = 1_000_000

// round is what one round gave.
type round struct {
	flood, others answers
	elapsed       time.Duration
	used          side.Usage
}

// measure starts a bot on an empty Redis, and lets one person send commands at a high rate
// while others send one now and then.
func measure(ctx context.Context, r *side.Redis, bot string, v variant, lasts time.Duration, seed uint64) (_ *round, err error) {
	if err := r.Empty(ctx); err != nil {
		return nil, fmt.Errorf("empty Redis: %w", err)
	}
	w, err := side.Open(r) //nolint:contextcheck // it runs until it is closed
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	loud, quiet := steady(v.rate, lasts), nowAndThen(seed, lasts)
	populate(w, len(loud), len(quiet)+others)
	p, err := side.Start(ctx, w.BotEnv(func(e *app.Env) { e.MaxOpenPerRequester = v.limit }), bot)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, p.Kill()); err != nil {
			err = p.Failed(err)
		}
	}()
	if err := w.Greeted(ctx, p, 2); err != nil {
		return nil, err
	}
	for n := range others { // each is known from now on
		if err := ask(ctx, w, otherOne(n), firstOther+n, time.Now(), &answers{}); err != nil {
			return nil, err
		}
	}
	runtime.GC() // of the world before
	before, err := side.Used(p, r)
	if err != nil {
		return nil, err
	}
	got, err := both(ctx, w, loud, quiet)
	if err != nil {
		return nil, err
	}
	used, err := side.Used(p, r)
	got.used = used.Since(before)
	return got, err
}

// both lets the one person and the others type at the same time.
func both(ctx context.Context, w *side.World, loud, quiet []time.Duration) (*round, error) {
	got, began := &round{}, time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return pour(ctx, w, began, loud, &got.flood, func(int) string { return flooder }, 0)
	})
	g.Go(func() error { return pour(ctx, w, began, quiet, &got.others, otherOne, firstOther+others) })
	err := g.Wait()
	got.elapsed = time.Since(began)
	return got, err
}

// populate adds the others, and a device for each command.
func populate(w *side.World, loud, quiet int) {
	members := []string{flooder}
	for n := range others {
		members = append(members, otherOne(n))
		w.Slack.AddUser(slackfake.User{ID: otherOne(n), Name: fmt.Sprintf("other-%d", n), RealName: fmt.Sprintf("Other %d", n)})
	}
	w.Slack.AddChannel(slackfake.Channel{ID: sandbox.Incident, Name: "incident-42", Bot: true, Members: members})
	for n := range loud {
		w.Device(n)
	}
	for n := range quiet {
		w.Device(firstOther + n)
	}
}

// steady are moments at equal distances, rate of them a second.
func steady(rate float64, lasts time.Duration) []time.Duration {
	at := make([]time.Duration, int(rate*lasts.Seconds()))
	for i := range at {
		at[i] = time.Duration(float64(i) / rate * float64(time.Second))
	}
	return at
}

// nowAndThen are moments 50 to 100 ms apart, the same ones for the same seed.
func nowAndThen(seed uint64, lasts time.Duration) []time.Duration {
	chance := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // it shall be the same each time
	var at []time.Duration
	for now := time.Duration(0); ; {
		now += 50*time.Millisecond + time.Duration(chance.Int64N(int64(50*time.Millisecond)))
		if now >= lasts {
			return at
		}
		at = append(at, now)
	}
}

// pour lets commands be typed at given moments, however long answers take, each about another
// device.
func pour(ctx context.Context, w *side.World, began time.Time, moments []time.Duration, got *answers, who func(int) string, device int) error {
	g, ctx := errgroup.WithContext(ctx)
	for n, m := range moments {
		due := began.Add(m)
		if err := side.SleepUntil(ctx, due); err != nil {
			return errors.Join(err, g.Wait())
		}
		g.Go(func() error { return ask(ctx, w, who(n), device+n, due, got) })
	}
	return g.Wait()
}

// ask lets somebody type a command that was due. What the driver is late counts as well.
func ask(ctx context.Context, w *side.World, user string, device int, due time.Time, got *answers) error {
	late, typed := max(time.Since(due), 0), time.Now()
	out, err := w.Slack.Command(ctx, user, sandbox.Incident, "collect "+side.DeviceID(device)+" looks odd since the update of 14:02")
	if err != nil {
		return fmt.Errorf("type a command: %w", err)
	}
	waited := out.Took
	if !out.Acked {
		waited = time.Since(typed)
	}
	got.note(kindOf(out), late+waited)
	return nil
}
