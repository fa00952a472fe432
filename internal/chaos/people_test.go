package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

// will is what people mean to do with a request.
type will int

const (
	approve    will = iota
	race            // several approve at once, and one denies
	deny            // with a reason
	cancel          // by the requester, before anybody decides
	cancelLate      // approve, then cancel what still waits
	ignore          // until it expires
)

// wills are drawn from, so those that stand here more often happen more often.
func wills() []will {
	return []will{approve, approve, approve, approve, approve, approve, race, deny, deny, cancel, cancelLate, ignore}
}

// mostInvestigations is how many investigations one round asks for: Microsoft
// allows 50 an hour.
const mostInvestigations = 45

// flow lets people ask for things, one request every second or two, until ctx
// ends. Now and then it is the opposite of what was asked for just before, on the
// same devices. For what they have begun they have a moment longer.
func (r *round) flow(ctx context.Context) {
	minding, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(10*time.Second, stop) })
	var stories sync.WaitGroup
	defer stories.Wait()
	investigations := 0
	var earlier []*story
	for n := 1; ctx.Err() == nil; n++ {
		s := &story{round: r, number: n, action: drawn(r, often()), will: drawn(r, wills()), by: requesters()[n%len(requesters())]}
		if len(earlier) > 0 && drawn(r, []bool{true, false, false, false}) {
			before := drawn(r, earlier[max(0, len(earlier)-3):])
			s.action, s.devices = drawn(r, partners(before.action)), before.devices
		} else {
			for range drawn(r, []int{1, 2, 3}) {
				s.devices = append(s.devices, r.device())
			}
		}
		if s.action == "investigate" {
			if investigations += len(s.devices); investigations > mostInvestigations {
				s.action = "collect"
			}
		}
		if len(partners(s.action)) > 0 {
			earlier = append(earlier, s)
		}
		stories.Go(func() { s.play(minding) })
		r.pause(ctx, 800*time.Millisecond, 2200*time.Millisecond)
	}
}

// story is one request and what people do with it.
type story struct {
	round   *round
	number  int
	action  string
	devices []string // as people name them
	by      string
	will    will
	id      string
}

// channel is where it is asked for.
func (s *story) channel() string { return channels()[s.number%len(channels())] }

// storyLimit is how long people mind a request.
const storyLimit = time.Minute

func (s *story) play(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storyLimit)
	defer cancel()
	if s.ask(ctx); s.id == "" {
		return
	}
	if s.will == ignore || !s.sees(ctx) {
		return
	}
	s.round.pause(ctx, 0, time.Second)
	s.act(ctx)
}

// ask types the command until it is answered. Who gets no answer tries again
// with the same devices.
func (s *story) ask(ctx context.Context) {
	for try := 1; try <= 6 && ctx.Err() == nil; try++ {
		comment := fmt.Sprintf("case %d, try %d", s.number, try)
		out, err := s.round.slack.Command(ctx, s.by, s.channel(), s.action+" "+strings.Join(s.devices, ",")+" "+comment)
		if err == nil && out.Acked && out.Answer != nil {
			s.id = s.round.hear(s.by, comment, out.Answer.Text)
		}
		if s.id != "" {
			return
		}
		s.round.pause(ctx, 300*time.Millisecond, 2*time.Second)
	}
}

// device is a device that nobody asked for yet, as people name it: by its id, or
// by its host name.
func (r *round) device() string {
	r.mu.Lock()
	r.devices++
	n, byName := r.devices, r.rand.IntN(5) == 0
	r.mu.Unlock()
	d := defenderfake.Device{ID: fmt.Sprintf("%08x%032x", r.number, n), ComputerDNSName: fmt.Sprintf("pc-%d.contoso.example", n)}
	r.defender.AddDevice(d)
	if byName {
		return d.ComputerDNSName
	}
	return d.ID
}

var requestID = regexp.MustCompile(`D-[0-9A-HJKMNP-TV-Z]{6}`)

// hear takes down what an answer to a command says, and finds the request that
// it is about: the new one, or the one that is there already because only the
// first answer was lost.
func (r *round) hear(who, comment, answer string) (id string) {
	switch {
	case strings.Contains(answer, "Nothing was recorded and nothing will happen"):
		r.claim(claim{kind: notRecorded, by: who, comment: comment})
	case strings.Contains(answer, "exclude each other"): // and the next try may be free to go
		r.claim(claim{kind: notRecorded, by: who, comment: comment})
	case strings.Contains(answer, "This request goes no further"):
		r.claim(claim{kind: notRecorded, by: who, comment: comment})
		return requestID.FindString(answer)
	case strings.HasPrefix(answer, "Recorded as D-"):
		id = requestID.FindString(answer)
		r.claim(claim{kind: recorded, by: who, comment: comment, id: id})
	}
	return id
}

// sees waits for a card of the request that can be decided on.
func (s *story) sees(ctx context.Context) bool {
	return s.round.slack.Wait(ctx, func(*slackfake.Server) bool {
		_, ok := s.card("approve")
		return ok
	}) == nil
}

// card is a card of the request with a button, the newest first: after a crash
// there can be two.
func (s *story) card(button string) (slackfake.Message, bool) {
	for _, m := range slices.Backward(s.round.slack.Messages(s.channel())) {
		if strings.Contains(m.Text, s.id) && hasButton(m, button) {
			return m, true
		}
	}
	return slackfake.Message{}, false
}

func (s *story) act(ctx context.Context) {
	deciders := approvers()
	random(s.round, func(c *rand.Rand) int {
		c.Shuffle(len(deciders), func(i, j int) { deciders[i], deciders[j] = deciders[j], deciders[i] })
		return 0
	})
	switch s.will {
	case deny:
		s.deny(ctx, deciders[0])
	case cancel:
		s.press(ctx, s.by, "cancel")
	case race:
		var all sync.WaitGroup
		all.Go(func() { s.deny(ctx, deciders[2]) })
		for _, who := range deciders[:2] {
			all.Go(func() { s.press(ctx, who, "approve") })
		}
		all.Wait()
	case approve, cancelLate:
		for _, who := range deciders[:s.round.needed()] {
			s.press(ctx, who, "approve")
		}
		if s.will == cancelLate {
			s.press(ctx, s.by, "cancel")
		}
	case ignore:
	}
}

// press presses a button until the click is acknowledged, or there is nothing
// left to press.
func (s *story) press(ctx context.Context, who, button string) bool {
	for ctx.Err() == nil {
		card, ok := s.card(button)
		if !ok {
			return false
		}
		out, err := s.round.slack.Click(ctx, who, card.Channel, card.TS, button)
		if err == nil && out.Acked {
			return true
		}
		if err != nil && !errors.Is(err, slackfake.ErrNoSuchElement) {
			return false
		}
		s.round.pause(ctx, 200*time.Millisecond, 2*time.Second)
	}
	return false
}

// deny presses Deny and fills the form in that opens. A form that has closed
// says that the denial is recorded.
func (s *story) deny(ctx context.Context, who string) {
	for try := 0; try < 4 && s.press(ctx, who, "deny"); try++ {
		views := s.round.slack.Views(who)
		i := slices.IndexFunc(views, func(v slackfake.View) bool { return strings.Contains(v.PrivateMetadata, s.id) })
		if i < 0 {
			continue
		}
		for range 3 {
			out, err := s.round.slack.Submit(ctx, who, views[i].ID, map[string]string{"text": "not needed any more"})
			if err != nil || len(out.Errors) > 0 {
				return
			}
			if out.Acked && out.Closed {
				s.round.claim(claim{kind: denied, by: who, id: s.id})
				return
			}
			s.round.pause(ctx, 200*time.Millisecond, time.Second)
		}
	}
}
