package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	team       string
	enterprise string
	botUser    string // who writes the bot's messages
	botID      string

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
		api: slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(c.APIURL),
			slack.OptionHTTPClient(&http.Client{Timeout: httpLimit})),
		memory: newMemory(c.Clock), urls: map[string]replyURL{},
	}
	me, err := s.api.AuthTestContext(ctx)
	if err != nil {
		return nil, forGood(fmt.Errorf("auth.test: %w", err), "check SLACK_BOT_TOKEN and that the app is installed")
	}
	s.team, s.enterprise = me.TeamID, me.EnterpriseID
	s.botUser, s.botID = me.UserID, me.BotID
	return s, nil
}

// Use sets what cards say.
func (s *Slack) Use(v Views) { s.views = v }

// Team is the id of the workspace.
func (s *Slack) Team() string { return s.team }

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
	if r.Card.TS == "" && r.State.Ended() && r.Opened.IsZero() {
		return "", s.Tell(ctx, r)
	}
	blocks, text := s.views.card(r)
	if r.Card.TS == "" {
		_, ts, err := s.api.PostMessageContext(ctx, r.Place.Channel, message(text, blocks)...)
		return ts, outgoing(err)
	}
	_, _, _, err := s.api.UpdateMessageContext(ctx, r.Place.Channel, r.Card.TS, message(text, blocks)...)
	return r.Card.TS, outgoing(err)
}

// Say implements [approvals.Chat].
func (s *Slack) Say(ctx context.Context, r approvals.Request, n int) error {
	blocks, text := s.views.notice(r, n)
	_, _, err := s.api.PostMessageContext(ctx, r.Place.Channel,
		append(message(text, blocks), slack.MsgOptionTS(r.Card.TS))...)
	return outgoing(err)
}

// Retire takes a message away that is a second copy of a card.
func (s *Slack) Retire(ctx context.Context, channel, ts string) error {
	_, _, err := s.api.DeleteMessageContext(ctx, channel, ts)
	if isSlackError(err, "message_not_found") {
		return nil
	}
	return outgoing(err)
}

// message is text and blocks with everything that could read markup or names
// out of them switched off.
func message(text string, blocks []slack.Block) []slack.MsgOption {
	return []slack.MsgOption{
		slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...), slack.MsgOptionParse(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// outgoing sorts Slack's errors into those that approvals knows
// (https://docs.slack.dev/reference/methods/chat.postMessage#errors and
// https://docs.slack.dev/reference/methods/chat.update#errors).
func outgoing(err error) error {
	var limited *slack.RateLimitedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limited):
		return &approvals.Later{After: limited.RetryAfter}
	case isSlackError(err, "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "invalid_thread_ts"):
		return fmt.Errorf("%w: %w", approvals.ErrGone, err)
	case isSlackError(err, "not_in_channel", "channel_not_found", "is_archived", "is_inactive", "restricted_action",
		"restricted_action_read_only_channel", "restricted_action_thread_only_channel"):
		return fmt.Errorf("%w: %w", approvals.ErrNoPlace, err)
	}
	return fmt.Errorf("slack: %w", err)
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
	blocks, text := s.views.card(r)
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
	err = outgoing(fmt.Errorf("direct message: %w", err))
	if isRefusal(err) {
		err = fmt.Errorf("%w: %w", approvals.ErrNoPlace, err)
	}
	return errors.Join(append(failed, err)...)
}

// isRefusal says that Slack answered, and not with a trouble of its own.
func isRefusal(err error) bool {
	var refused slack.SlackErrorResponse
	return errors.As(err, &refused) && !isSlackError(err, "internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited")
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
