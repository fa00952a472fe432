package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// What is killed of a freeze and of its end.
const (
	freezeSaved = "frozen, before it is answered"
	thawSaved   = "lifted, before the click is answered"
)

// freezing is in the command that freezes everything.
const freezing = `"event":"freeze"`

// freezes has approvers freeze everything every now and then, and lift it again, until ctx
// ends. The last freeze is lifted in any case.
func (r *round) freezes(ctx context.Context) {
	r.pause(ctx, 4*time.Second, 10*time.Second)
	for n := 0; ctx.Err() == nil; n++ {
		r.freeze(context.WithoutCancel(ctx), n)
		r.pause(ctx, 6*time.Second, 12*time.Second)
	}
}

// lifting is how long it may take to freeze everything and to lift it, kills and all.
const lifting = 3 * time.Minute

// freeze freezes everything once, at any moment, or while the commit that lets a call leave is
// on its way to Redis. The process may die that has just frozen everything, or lifted it.
func (r *round) freeze(ctx context.Context, n int) {
	ctx, cancel := context.WithTimeout(ctx, lifting)
	defer cancel()
	if n%2 == 0 {
		r.freezeBeforeTake(ctx, n)
	} else {
		r.busy.Go(func() { r.killAt(ctx, moment{name: freezeSaved, at: redisSays, has: freezing, also: wasMade}) })
		r.order(ctx, n)
	}
	if n%3 == 1 {
		r.busy.Go(func() { r.killAt(ctx, moment{name: thawSaved, at: redisSays, has: `"thaw":"F-`, also: wasMade}) })
	}
	r.pause(ctx, time.Second, 5*time.Second)
	r.lift(ctx, n)
	if r.frozen(ctx) {
		r.fail("%s: a freeze was not lifted in %v", slipped, lifting)
	}
}

// overtaking is how long something is held on its way to or from Redis for a freeze to meet
// what it shall overtake: Slack waits three seconds for an answer.
const overtaking = 2 * time.Second

// freezeBeforeTake has a freeze overtake the commit that lets a call leave, on their way to
// Redis: that was decided by a process that could not know of the freeze, and comes after it.
// Such a commit follows an approval, whose answer waits until the freeze is on its way.
func (r *round) freezeBeforeTake(ctx context.Context, n int) {
	approval := r.gate.set(moment{at: redisSays, has: handsOver, also: wasMade}.fits)
	select {
	case <-approval.caught:
	case <-time.After(reached):
		r.gate.unset(approval)
		r.order(ctx, n)
		return
	}
	order, told := r.gate.set(moment{at: redisAsks, has: freezing}.fits), make(chan struct{})
	r.busy.Go(func() {
		defer close(told)
		r.order(ctx, n)
	})
	take := r.gate.set(moment{at: redisAsks, has: takesSlot}.fits)
	select {
	case <-order.caught:
		approval.goesOn <- true
		r.overtake(order, take)
	case <-time.After(overtaking):
		approval.goesOn <- true
		r.gate.unset(order)
		r.gate.unset(take)
	}
	<-told
}

// overtake lets the order go on once there is the commit that it overtakes, and that after it.
func (r *round) overtake(order, take *trap) {
	made := r.gate.set(moment{at: redisSays, has: freezing, also: wasMade}.fits)
	defer r.gate.unset(made)
	select {
	case <-take.caught:
	case <-time.After(overtaking):
		order.goesOn <- true
		r.gate.unset(take)
		return
	}
	order.goesOn <- true
	select {
	case <-made.caught:
		r.overtook()
	case <-time.After(reached):
	}
	take.goesOn <- true
}

func (r *round) overtook() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overtaken++
}

// order types the freeze until somebody is told that everything is frozen.
func (r *round) order(ctx context.Context, n int) {
	for try := 1; ctx.Err() == nil; try++ {
		by, comment := drawn(r, approvers()), fmt.Sprintf("trouble %d, try %d", n, try)
		out, err := r.slack.Command(ctx, by, drawn(r, channels()), "freeze "+comment)
		if err == nil && out.Acked && out.Answer != nil {
			switch text := out.Answer.Text; {
			case strings.Contains(text, "from now on nothing new is started"):
				r.claim(claim{kind: frozen, by: by, comment: comment})
				return
			case strings.Contains(text, "calls are frozen already"): // by a try that got no answer
				return
			}
			r.hear(by, comment, out.Answer.Text)
		}
		r.pause(ctx, 100*time.Millisecond, time.Second)
	}
}

// lift has one approver ask for the freeze to be lifted, and the others approve it, until it is.
func (r *round) lift(ctx context.Context, n int) {
	for try := 1; ctx.Err() == nil && r.frozen(ctx); try++ {
		s := &story{round: r, number: n, by: drawn(r, approvers())}
		comment := fmt.Sprintf("trouble %d is over, try %d", n, try)
		out, err := r.slack.Command(ctx, s.by, s.channel(), approvals.Unfreeze+" "+comment)
		if err == nil && out.Acked && out.Answer != nil {
			r.hear(s.by, comment, out.Answer.Text)
		}
		if s.id, s.by = r.open(ctx, approvals.Unfreeze); s.id != "" {
			s.approveLift(ctx)
		}
		r.pause(ctx, 100*time.Millisecond, time.Second)
	}
}

// approveLift has those approve who have not asked, one after the other, until it is lifted.
func (s *story) approveLift(ctx context.Context) {
	r := s.round
	within, cancel := context.WithTimeout(ctx, storyLimit)
	defer cancel()
	if !s.sees(within) {
		return
	}
	for _, i := range random(r, func(c *rand.Rand) []int { return c.Perm(len(approvers())) }) {
		if who := approvers()[i]; who != s.by && s.press(within, who, "approve") && r.thawed(within) {
			return
		}
	}
}

// open is a request for an action that waits for its decision, and who has asked.
func (r *round) open(ctx context.Context, action string) (id, by string) {
	records, err := r.records(ctx)
	if err != nil {
		return "", ""
	}
	for _, record := range records {
		if record.Action == action && !record.State.Ended() {
			return record.ID, record.By.ID
		}
	}
	return "", ""
}

// thawed waits a moment for a freeze to be lifted.
func (r *round) thawed(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return r.slack.Wait(ctx, func(*slackfake.Server) bool { return !r.frozen(ctx) }) == nil
}

// frozen reports whether everything is frozen, as Redis has it; also where Redis does not say.
func (r *round) frozen(ctx context.Context) bool {
	keys, err := r.keys(ctx, "frozen")
	return err != nil || len(keys) > 0
}
