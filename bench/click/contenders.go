package click

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"defenderbot/bench/click/trips"
	"defenderbot/bench/side"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// contender is a program that answers clicks.
type contender struct {
	name    string
	sockets int
	start   func(context.Context, *side.Lab, *side.World) (*side.Program, error)
	cards   func(*study, context.Context, *side.World) ([]card, error) // one for each click of a round
}

// The contenders, as tables name them.
const (
	nameBot   = "this bot"
	namePeer  = "three EVALSHA and a POST"
	nameFresh = "the same, a new connection each"
)

// contenders are all, the bot first: the others get copies of its cards.
func contenders() []contender {
	return []contender{
		{nameBot, 2, startBot, (*study).requested},
		{namePeer, 1, startPeer(), (*study).copied},
		{nameFresh, 1, startPeer("-fresh"), (*study).copied},
	}
}

func startBot(ctx context.Context, lab *side.Lab, w *side.World) (*side.Program, error) {
	bot, err := lab.Bot(ctx)
	if err != nil {
		return nil, err
	}
	return side.Start(ctx, w.BotEnv(func(e *app.Env) { e.Actions = "collect" }), bot)
}

func startPeer(args ...string) func(context.Context, *side.Lab, *side.World) (*side.Program, error) {
	return func(ctx context.Context, lab *side.Lab, w *side.World) (*side.Program, error) {
		peer, err := lab.Peer(ctx, "peers/click")
		if err != nil {
			return nil, err
		}
		return side.Start(ctx, w.BotEnv(nil), append([]string{peer}, args...)...)
	}
}

// place is a channel of its own for the n-th card, because nobody may post there more than once a second, and
// somebody who asks there, because no one person gets all look-ups of devices.
func place(w *side.World, n int) (user, channel string) {
	user, channel = fmt.Sprintf("U%09d", n), fmt.Sprintf("C%09d", n)
	w.Slack.AddUser(slackfake.User{ID: user, Name: fmt.Sprintf("user%d", n), RealName: "User"})
	w.Slack.AddChannel(slackfake.Channel{ID: channel, Name: fmt.Sprintf("incident-%d", n), Bot: true, Members: []string{user, sandbox.Grace}})
	return user, channel
}

// requested has the bot asked for packages, and waits for the cards.
func (s *study) requested(ctx context.Context, w *side.World) ([]card, error) {
	cards := make([]card, s.plan.clicks())
	for n := range cards {
		user, channel := place(w, n)
		cards[n] = card{channel: channel, device: w.Device(n + 1)}
		out, err := w.Slack.Command(ctx, user, channel, "collect "+cards[n].device+" a benchmark of clicks")
		if err == nil && !out.Acked {
			err = errors.New("a command was not acknowledged")
		}
		if err != nil {
			return nil, err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for n := range cards {
		m, err := w.WaitCard(waiting, cards[n].channel, "Waiting for approval")
		if err != nil {
			return nil, err
		}
		cards[n].ts = m.TS
		if s.card, err = sampleOf(m); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

// copied posts copies of a card of the bot, with a device as the value of their buttons.
func (s *study) copied(ctx context.Context, w *side.World) ([]card, error) {
	cards := make([]card, s.plan.clicks())
	redis := trips.New(s.redis.Client)
	for n := range cards {
		_, channel := place(w, n)
		cards[n] = card{channel: channel, device: w.Device(n + 1)}
		if err := redis.Seed(ctx, trips.IDOf(cards[n].device)); err != nil {
			return nil, err
		}
		var err error
		if cards[n].ts, err = w.Slack.Post(sandbox.Alerts, channel, s.card.about(cards[n].device)); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

// sample is a card of the bot.
type sample struct {
	text   string
	blocks []byte
	value  string // of its buttons
}

func sampleOf(m slackfake.Message) (sample, error) {
	var blocks []struct {
		Elements []struct {
			Action string `json:"action_id"`
			Value  string `json:"value"`
		} `json:"elements"`
	}
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		return sample{}, fmt.Errorf("a card: %w", err)
	}
	for _, b := range blocks {
		for _, e := range b.Elements {
			if e.Action == "approve" {
				return sample{m.Text, m.Blocks, e.Value}, nil
			}
		}
	}
	return sample{}, errors.New("a card without a button to approve")
}

// about is a copy of the card whose buttons have the device as their value.
func (s sample) about(device string) slackfake.Content {
	return slackfake.Content{Text: s.text, Blocks: bytes.ReplaceAll(s.blocks, []byte(`"`+s.value+`"`), []byte(`"`+device+`"`))}
}
