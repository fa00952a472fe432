// Package sandbox is a place to run the bot without the world: a Slack
// workspace with people in it, a Defender tenant with devices, and a Redis, all
// on this machine. The sandbox program and the end-to-end tests use it.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

// The people of the workspace.
const (
	Ada    = "U0ADA"    // a responder
	Ben    = "U0BEN"    // another responder
	Grace  = "U0GRACE"  // on call
	Joan   = "U0JOAN"   // on call
	Lena   = "U0LENA"   // leads them; decides where a rule names her
	Gus    = "U0GUS"    // a guest
	Elsa   = "U0ELSA"   // of another organisation, in a shared channel
	OnCall = "S0ONCALL" // Grace and Joan
)

// The channels.
const (
	Incident = "C0INCIDENT" // the bot is in it
	Random   = "C0RANDOM"   // it is not
	Partners = "C0PARTNERS" // shared with another organisation
	Security = "C0SECURITY" // private, of those who decide; alarms go there where ALERT_CHANNEL says so
)

// The devices, by what they are.
const (
	Server  = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07" // srv-db-01.contoso.example
	Laptop  = "7b1f4967d9728e5aa3c06a9e617a22a4a5a17378" // lt-ada.contoso.example
	Desktop = "e828a0624ed33f919db541065190d2f75e50a071" // desktop-test123
	Linux   = "3d538859b507c85ca5b30614fffe50911de8a9e1" // web-02.contoso.example
	Offline = "f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f" // kiosk-7, not seen for weeks
	Away    = "90c8b2f56e4d1a7703f2b6ad9458ce10b7f3d6c2" // lt-field-3.contoso.example, offline; comes back after a minute
	Old     = "2a6d0e7f13c94b58a0d4f7be61c8359274eadf01" // ws-17.contoso.example, before it was set up anew
	New     = "c41f8e9a6b027d5348f0a1e2937cd56b84b90e6d" // ws-17.contoso.example, since then
	Silent  = "a84c1f7e0b3d592687c4e1f0d9a25b6378ecf410" // lt-hq-5.contoso.example, whose sensor sends nothing
	Busy    = "0e6b9d2c75f1438ab60d7c2e91f4a5837bd06e2f" // srv-file-02.contoso.example; on the page somebody scans it from the portal
	Legacy  = "5d20b7c94ae1836f0c7b91d2e8f4a6503b1c9d7e" // srv-erp-01.contoso.example, on which nobody says what works
)

// Options say how the place is made. Only Now is required.
type Options struct {
	Now       func() time.Time
	Log       *slog.Logger         // the bot's; nil: none
	Redis     string               // REDIS_URL; empty: one in this process
	Catalogue defender.Catalogue   // nil: the real one
	Slack     slackfake.Options    // Now is filled in
	Defender  defenderfake.Options // Now is filled in
}

// Place is the running servers.
type Place struct {
	Slack    *slackfake.Server
	Defender *defenderfake.Server
	Redis    string // its REDIS_URL
	options  Options
	mini     *miniredis.Miniredis
	clock    *clock
	offers   []Shortcut
	files    []string // that Close removes
}

// Open starts the servers and fills them with people and devices.
func Open(o Options) (*Place, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Catalogue == nil {
		o.Catalogue = defender.Actions()
	}
	clock := &clock{real: o.Now}
	o.Now = clock.Now
	o.Slack.Now, o.Defender.Now = o.Now, o.Now
	app, err := fromManifest()
	if err != nil {
		return nil, err
	}
	if o.Slack.Scopes == nil {
		o.Slack.Scopes = app.scopes
	}
	if o.Slack.Features == nil {
		o.Slack.Features = &app.features
	}
	p := &Place{options: o, Redis: o.Redis, clock: clock, offers: app.shortcuts}
	if p.Slack, err = slackfake.Start(o.Slack); err != nil {
		return nil, err
	}
	if p.Defender, err = defenderfake.Start(o.Defender); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	if o.Redis == "" {
		if p.mini, err = miniredis.Run(); err != nil {
			return nil, errors.Join(fmt.Errorf("embedded redis: %w", err), p.Close())
		}
		p.mini.ClockTTL(true)
		p.Redis = "redis://" + p.mini.Addr()
	}
	p.people()
	p.devices(o.Now())
	return p, nil
}

// Narrow is the real catalogue with other limits for one action.
func Narrow(name string, limits ...defender.Limit) defender.Catalogue {
	rows := defender.Actions()
	for i := range rows {
		if rows[i].Name == name {
			rows[i].Post.Limits = limits
		}
	}
	return rows
}

// Now is the time of the place.
func (p *Place) Now() time.Time { return p.clock.Now() }

// ErrOwnTime means that the Redis of the place has its own time.
var ErrOwnTime = errors.New("time can be moved only on the embedded redis")

// Skip lets time pass at once, for everybody in the place. It works with the
// embedded Redis only; any other one keeps its own time.
func (p *Place) Skip(d time.Duration) error {
	if p.mini == nil {
		return ErrOwnTime
	}
	p.clock.ahead(d, p.mini)
	return nil
}

// Close stops the servers.
func (p *Place) Close() error {
	p.clock.close()
	if p.Slack != nil {
		p.Slack.Close()
	}
	if p.Defender != nil {
		p.Defender.Close()
	}
	if p.mini != nil {
		p.mini.Close()
	}
	return p.removeFiles()
}

// Env is the environment of a bot in this place, as the contract names it.
func (p *Place) Env() app.Env {
	return app.Env{
		SlackAppToken: p.Slack.AppToken(), SlackBotToken: p.Slack.BotToken(), SlackAPIURL: p.Slack.APIURL(),
		RedisURL: p.Redis, AllowVolatileRedis: "true",
		TenantID: defenderfake.DefaultTenant, ClientID: defenderfake.DefaultClientID, ClientSecret: cmp.Or(p.options.Defender.ClientSecret, defenderfake.DefaultClientSecret),
		AuthorityHost: p.Defender.Authority(), DefenderAPIURL: p.Defender.URL(), Approvers: OnCall,
		Actions: strings.Join(p.options.Catalogue.Names(), ","),
	}
}

// Bot makes a bot for this place. It goes the way of the program: what env
// says is read and checked.
func (p *Place) Bot(env app.Env, options app.Options) (*app.App, error) {
	options.Catalogue, options.Clock, options.Version = p.options.Catalogue, p.options.Now, "sandbox"
	if options.Log == nil {
		options.Log = p.options.Log
	}
	if p.mini != nil {
		options.JumpLimit = anyJump
	}
	config, err := env.Config(p.options.Catalogue, p.options.Now())
	if err != nil {
		return nil, err
	}
	return app.New(config, options), nil
}

// Shortcuts are what the app offers on messages.
func (p *Place) Shortcuts() []Shortcut { return slices.Clone(p.offers) }

// Cards are the messages of the bot in a channel, as people read them.
func (p *Place) Cards(channel string) []slackfake.Message {
	var cards []slackfake.Message
	for _, m := range p.Slack.Messages(channel) {
		if m.User == p.Slack.BotUserID() {
			cards = append(cards, m)
		}
	}
	return cards
}

// Card is the newest card in a channel whose text has all of the words in it.
func (p *Place) Card(channel string, words ...string) (slackfake.Message, bool) {
	for _, c := range slices.Backward(p.Cards(channel)) {
		if hasAll(c.Text, words) {
			return c, true
		}
	}
	return slackfake.Message{}, false
}

// WaitCard waits until there is such a card.
func (p *Place) WaitCard(ctx context.Context, channel string, words ...string) (card slackfake.Message, err error) {
	err = p.Slack.Wait(ctx, func(*slackfake.Server) (ok bool) {
		card, ok = p.Card(channel, words...)
		return ok
	})
	if err != nil {
		return card, fmt.Errorf("no card says %q: %w", words, err)
	}
	return card, nil
}

func hasAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
