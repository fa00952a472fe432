package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// Slack is what goes out to Slack: cards, replies, private answers, and what it
// is asked about people. It implements [approvals.Chat] and
// [approvals.Directory].
type Slack struct {
	api        *slack.Client
	views      Views
	memory     *memory
	turns      *turns
	strange    strange
	doubts     chan error // that Slack still takes the bot token
	team       string
	enterprise string
	botUser    string // who writes the bot's messages, and is a member of channels
	botID      string // the id that the bot's messages carry
	app        string

	mu   sync.Mutex
	urls map[string]replyURL // of the command that made a request; in memory only, they are secrets
}

// replyURL is a response_url and until when it works.
type replyURL struct {
	url   string
	until time.Time
}

// replyURLLife is how long Slack takes answers there
// (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses).
const replyURLLife = 30 * time.Minute

// httpLimit is how long one call to Slack may take. It is shorter than the
// lease of whoever renders a card.
const httpLimit = 10 * time.Second

// SlackConfig is what a Slack needs.
type SlackConfig struct {
	APIURL   string // with a slash at the end
	AppToken string
	BotToken string
	Clock    func() time.Time
}

// NewSlack makes a Slack and asks who it is. What it shows is set by
// [Slack.Use].
func NewSlack(ctx context.Context, c SlackConfig) (*Slack, error) {
	s := &Slack{
		memory: newMemory(c.Clock), turns: newTurns(c.Clock), doubts: make(chan error, 1), urls: map[string]replyURL{},
	}
	s.api = slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(c.APIURL),
		slack.OptionHTTPClient(&http.Client{
			Timeout:       httpLimit,
			Transport:     &sieve{next: transport(usualPings()), api: c.APIURL, clock: c.Clock, dead: s.doubt},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token goes nowhere else
		}))
	me, err := s.whoAmI(ctx)
	if err != nil {
		return nil, err
	}
	s.team, s.enterprise, s.botUser, s.botID = me.TeamID, me.EnterpriseID, me.UserID, me.BotID
	s.app, err = s.appOf(ctx, c.AppToken)
	return s, err
}

// ownApp is how an app-level token names its app: xapp-1-A0123456789-...
var ownApp = regexp.MustCompile(`^xapp-[0-9]+-(A[A-Z0-9]+)-`)

// appOf is the id of the app: what its token says, else what Slack says of its
// bot (https://docs.slack.dev/reference/methods/bots.info). All that is stored
// stands under it, so it must not depend on what can be asked just now.
func (s *Slack) appOf(ctx context.Context, token string) (string, error) {
	if found := ownApp.FindStringSubmatch(token); found != nil {
		return found[1], nil
	}
	bot, err := s.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: s.botID})
	if isSlackError(err, "unknown_method") { // Slack's own Web API has it; what stands in for it may not
		return s.botID, nil
	}
	if err != nil {
		return "", forGood(fmt.Errorf("bots.info: %w", err), "check that the app has users:read")
	}
	return bot.AppID, nil
}

// Use sets what cards say.
func (s *Slack) Use(v Views) { s.views = v }

// Team is the id of the workspace.
func (s *Slack) Team() string { return s.team }

// App is the id of the app.
func (s *Slack) App() string { return s.app }

// OpenSocket asks for the address of one new socket. It is a secret, good for
// one connection (https://docs.slack.dev/reference/methods/apps.connections.open).
func (s *Slack) OpenSocket(ctx context.Context) (string, error) {
	_, url, err := s.api.StartSocketModeContext(ctx)
	if err != nil {
		return "", fmt.Errorf("apps.connections.open: %w", err)
	}
	return url, nil
}

// Show implements [approvals.Chat].
func (s *Slack) Show(ctx context.Context, r approvals.Request) (string, error) {
	if r.Card.TS == "" && r.State.Ended() && (r.Opened.IsZero() || r.State == approvals.Rejected) {
		return "", s.Tell(ctx, r)
	}
	if err := s.turns.wait(ctx, r.Place.Channel, r.ID); err != nil {
		return r.Card.TS, err
	}
	blocks, text := s.views.card(r)
	if r.Card.TS == "" {
		_, ts, err := s.api.PostMessageContext(ctx, r.Place.Channel, message(text, blocks)...)
		return ts, s.outgoing(r, err, true)
	}
	_, _, _, err := s.api.UpdateMessageContext(ctx, r.Place.Channel, r.Card.TS, message(text, blocks)...)
	return r.Card.TS, s.outgoing(r, err, false)
}

// Say implements [approvals.Chat]. Slack puts a reply to a message that was
// deleted into the channel by itself, and says so only by leaving out in which
// thread it is.
func (s *Slack) Say(ctx context.Context, r approvals.Request, n int) error {
	if err := s.turns.wait(ctx, r.Place.Channel, r.ID); err != nil {
		return err
	}
	blocks, text := s.views.notice(r, n)
	_, _, said, err := s.api.PostMessageWithResponseContext(ctx, r.Place.Channel,
		append(message(text, blocks), slack.MsgOptionTS(r.Card.TS))...)
	if err == nil && said.Timestamp != "" && said.ThreadTimestamp == "" {
		return approvals.ErrUnthreaded
	}
	return s.outgoing(r, err, false)
}

// Retire takes a message away that is a second copy of a card.
func (s *Slack) Retire(ctx context.Context, channel, ts string) error {
	_, _, err := s.api.DeleteMessageContext(ctx, channel, ts)
	if err == nil || isSlackError(err, "message_not_found") {
		return nil
	}
	return personal(err)
}

// message is text and blocks with everything that could read markup or names
// out of them switched off.
func message(text string, blocks []slack.Block) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...), slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// remember keeps where a request's command wants its answers.
func (s *Slack) remember(id, url string) {
	now := s.memory.clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, u := range s.urls {
		if now.After(u.until) {
			delete(s.urls, old)
		}
	}
	if url != "" {
		s.urls[id] = replyURL{url, now.Add(replyURLLife)}
	}
}

// Tell implements [approvals.Chat].
func (s *Slack) Tell(ctx context.Context, r approvals.Request) error {
	s.mu.Lock()
	u := s.urls[r.ID]
	s.mu.Unlock()
	if s.memory.clock().After(u.until) {
		u.url = ""
	}
	p := fitting(r, s.views.page) // without buttons: they count on the card alone
	blocks, text := p.blocks(), p.text()
	return s.whisper(ctx, reply{user: r.By.ID, channel: r.Place.Channel, url: u.url}, text, blocks)
}

// reply is where a private answer goes.
type reply struct {
	user, channel, url string
}

// answer tells one person a sentence.
func (s *Slack) answer(ctx context.Context, to reply, text string) error {
	escaped, blocks := sentences(text)
	return s.whisper(ctx, to, escaped, blocks)
}

// whisper shows one person a message, in the first way that works: the
// response_url, an ephemeral message, a direct message.
func (s *Slack) whisper(ctx context.Context, to reply, text string, blocks []slack.Block) error {
	var failed []error
	if to.url != "" {
		options := append(message(text, blocks), slack.MsgOptionResponseURL(to.url, slack.ResponseTypeEphemeral))
		if _, _, err := s.api.PostMessageContext(ctx, to.channel, options...); err == nil {
			return nil
		}
		// The error is left out: it could hold the address, which is a secret.
		failed = append(failed, errors.New("the response_url took no answer"))
	}
	_, err := s.api.PostEphemeralContext(ctx, to.channel, to.user, message(text, blocks)...)
	if err == nil {
		return nil
	}
	failed = append(failed, fmt.Errorf("chat.postEphemeral: %w", err))
	if err = s.direct(ctx, to.user, message(text, blocks)); err == nil {
		return nil
	}
	// Only what the last way says tells whether trying again is worth it.
	return errors.Join(append(failed, personal(fmt.Errorf("direct message: %w", err)))...)
}

// direct sends a direct message
// (https://docs.slack.dev/reference/methods/conversations.open).
func (s *Slack) direct(ctx context.Context, user string, options []slack.MsgOption) error {
	dm, _, _, err := s.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err == nil {
		_, _, err = s.api.PostMessageContext(ctx, dm.ID, options...)
	}
	return err
}

// ask opens a form. A trigger lives for three seconds and works once.
func (s *Slack) ask(ctx context.Context, trigger string, view slack.ModalViewRequest) error {
	if _, err := s.api.OpenViewContext(ctx, trigger, view); err != nil {
		return fmt.Errorf("views.open: %w", err)
	}
	return nil
}
