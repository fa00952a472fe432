package side

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Contender is a program that takes commands from Slack and keeps them in Redis.
type Contender struct {
	Name    string
	Sockets int // that it opens to Slack
	command []string
	env     func(*World) []string
}

// The names of the contenders.
const (
	Bot  = "this bot"
	Eval = "eval"
	Bare = "bare"
	Bolt = "Bolt 4"
)

// Contenders are the bot and its peers, built.
func (l *Lab) Contenders(ctx context.Context) ([]Contender, error) {
	bot, err := l.Bot(ctx)
	if err != nil {
		return nil, err
	}
	eval, err := l.Peer(ctx, "peers/eval")
	if err != nil {
		return nil, err
	}
	bare, err := l.Peer(ctx, "peers/bare")
	if err != nil {
		return nil, err
	}
	bolt := filepath.Join(l.Root, "bench", "peers", "bolt")
	if _, err := os.Stat(filepath.Join(bolt, "node_modules")); err != nil {
		return nil, errors.Join(errors.New("bolt: npm ci was not run; make bench-peers runs it"), err)
	}
	return []Contender{
		{Bot, 2, []string{bot}, func(w *World) []string { return w.BotEnv(nil) }}, // two are its default
		{Eval, 1, []string{eval}, (*World).peerEnv},
		{Bare, 1, []string{bare}, (*World).peerEnv},
		{Bolt, 1, []string{"node", filepath.Join(bolt, "index.js")}, (*World).peerEnv},
	}, nil
}

// Start starts the program and waits until all its sockets are open.
func (c Contender) Start(ctx context.Context, w *World) (*Program, error) {
	p, err := Start(ctx, c.env(w), c.command...)
	if err != nil {
		return nil, err
	}
	if err := w.Greeted(ctx, p, c.Sockets); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return p, nil
}

// peerEnv is what a peer has to know.
func (w *World) peerEnv() []string {
	e := w.Env()
	return []string{"SLACK_APP_TOKEN=" + e.SlackAppToken, "SLACK_BOT_TOKEN=" + e.SlackBotToken, "SLACK_API_URL=" + e.SlackAPIURL, "REDIS_URL=" + e.RedisURL}
}
