package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
)

// Workspace is what goes out to Slack: cards, replies, private answers, and what
// it is asked about people. It implements [approvals.Chat] and
// [approvals.Directory].
type Workspace struct {
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
	site       string   // its address, with a slash at the end
	granted    []string // the scopes of the bot token
	lead       clockLead

	mu    sync.Mutex
	urls  map[string]replyURL // of the command that made a request; in memory only, they are secrets
	swept time.Time           // when those of no use were looked for last
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

// WorkspaceConfig is what a Workspace needs.
type WorkspaceConfig struct {
	APIURL   string // with a slash at the end
	AppToken string
	BotToken string
	Clock    func() time.Time
	// Called is told what became of each call of the Web API, as one of [Methods]: one of the
	// Called… constants, an HTTP status that is not Slack's own (http_4xx, http_5xx), or
	// Slack's error; may be nil.
	Called func(method, outcome string)
}

// NewWorkspace makes a Workspace and asks who it is. What it shows is set by
// [Workspace.Use].
func NewWorkspace(ctx context.Context, c WorkspaceConfig) (*Workspace, error) {
	w := &Workspace{
		memory: newMemory(c.Clock), turns: newTurns(c.Clock), doubts: make(chan error, 1), urls: map[string]replyURL{},
	}
	w.api = slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(c.APIURL),
		slack.OptionHTTPClient(&http.Client{
			Timeout:       httpLimit,
			Transport:     &sieve{next: transport(usualPings()), api: c.APIURL, clock: c.Clock, dead: w.doubt, count: c.Called},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token goes nowhere else
		}))
	me, err := w.whoAmI(ctx)
	if err != nil {
		return nil, err
	}
	w.team, w.enterprise, w.botUser, w.botID, w.site = me.TeamID, me.EnterpriseID, me.UserID, me.BotID, me.URL
	w.granted, w.lead = scopesIn(me.Header.Get("X-Oauth-Scopes")), leadOver(me.Header.Get("Date"), c.Clock())
	w.app, err = w.appOf(ctx, c.AppToken)
	return w, err
}

// Use sets what cards say.
func (w *Workspace) Use(v Views) { w.views = v }

// Team is the id of the workspace.
func (w *Workspace) Team() string { return w.team }

// App is the id of the app.
func (w *Workspace) App() string { return w.app }

// Permalink is the address of a message, as chat.getPermalink makes it
// (https://docs.slack.dev/reference/methods/chat.getPermalink); without a call for
// each. Empty: Slack does not say where the workspace is.
func (w *Workspace) Permalink(channel, ts string) string {
	if w.site == "" {
		return ""
	}
	return strings.TrimRight(w.site, "/") + "/archives/" + url.PathEscape(channel) + "/p" + strings.ReplaceAll(ts, ".", "")
}

// OpenSocket asks for the address of one new socket. It is a secret, good for
// one connection (https://docs.slack.dev/reference/methods/apps.connections.open).
func (w *Workspace) OpenSocket(ctx context.Context) (string, error) {
	_, url, err := w.api.StartSocketModeContext(ctx)
	if err != nil {
		return "", fmt.Errorf("apps.connections.open: %w", err)
	}
	return url, nil
}

// SocketMode is an error where Slack opens no socket for the app. It asks for an address
// and opens none there: whoever has a socket is sent people's clicks. A refusal that waiting
// does not mend is an [ErrPermanent].
func (w *Workspace) SocketMode(ctx context.Context) error {
	_, err := w.OpenSocket(ctx)
	refused, is := errors.AsType[slack.SlackErrorResponse](err)
	if !is {
		return err
	}
	err = explained(err, refused)
	if fate := meaningOf(refused.Err).fate; fate == passing || fate == limited {
		return err
	}
	return fmt.Errorf("%w: %w", ErrPermanent, err)
}

// Show implements [approvals.Chat].
func (w *Workspace) Show(ctx context.Context, r approvals.Request) (string, error) {
	if r.ForRequesterAlone() {
		return "", w.Tell(ctx, r)
	}
	if err := w.turns.wait(ctx, r.Place.Channel, r.ID); err != nil {
		return r.Card.TS, err
	}
	blocks, text := w.views.card(r)
	if r.Card.TS == "" {
		ts, err := w.post(ctx, r, message(text, blocks))
		if ts != "" && r.Card.Left != "" {
			// Where it may not be taken away, a click on it is answered by what it has become.
			_ = w.Retire(ctx, r.Place.Channel, r.Card.Left)
		}
		return ts, err
	}
	_, _, _, err := w.api.UpdateMessageContext(ctx, r.Place.Channel, r.Card.TS, message(text, blocks)...)
	return r.Card.TS, w.outgoing(r, err, missing, frozen)
}

// Say implements [approvals.Chat]. Slack puts a reply to a message that was
// deleted into the channel by itself, and says so only by leaving out in which
// thread it is.
func (w *Workspace) Say(ctx context.Context, r approvals.Request, n int) error {
	if err := w.turns.wait(ctx, r.Place.Channel, r.ID); err != nil {
		return err
	}
	blocks, text := w.views.notice(r, n)
	_, err := w.reply(ctx, r.Place.Channel, cmp.Or(r.InThread(), r.Card.TS), message(text, blocks))
	if errors.Is(err, approvals.ErrUnthreaded) {
		return err
	}
	return w.outgoing(r, err, missing)
}

// Retire takes a message away that is a second copy of a card.
func (w *Workspace) Retire(ctx context.Context, channel, ts string) error {
	_, _, err := w.api.DeleteMessageContext(ctx, channel, ts)
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

// sweepAgain is how long old addresses may stay: looking for them at each command would slow
// commands down, the more so the more there are.
const sweepAgain = time.Minute

// remember keeps where a request's command wants its answers.
func (w *Workspace) remember(id, url string) {
	now := w.memory.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.swept) >= sweepAgain {
		w.swept = now
		maps.DeleteFunc(w.urls, func(_ string, u replyURL) bool { return now.After(u.until) })
	}
	if url != "" {
		w.urls[id] = replyURL{url, now.Add(replyURLLife)}
	}
}

// Tell implements [approvals.Chat].
func (w *Workspace) Tell(ctx context.Context, r approvals.Request) error {
	// Without buttons: they count on the card alone.
	return w.whisper(ctx, w.asker(r), fitting(r, w.views.page))
}

// whisper shows one person a message, in the first way that works: the
// response_url, an ephemeral message, a direct message. Only the first can show it to
// everybody, and only it is tried with a chart: Slack may not take that.
func (w *Workspace) whisper(ctx context.Context, to reply, said page) error {
	var failed []error
	if to.url != "" {
		if w.respond(ctx, to, said) == nil || said.has(charted) && w.respond(ctx, to, said.without(charted)) == nil {
			return nil
		}
		// The error is left out: it could hold the address, which is a secret.
		failed = append(failed, errors.New("the response_url took no answer"))
	}
	said = said.without(charted, toAll)
	options := message(said.text(), said.blocks())
	if to.channel != "" {
		_, err := w.api.PostEphemeralContext(ctx, to.channel, to.user, options...)
		if err == nil {
			return nil
		}
		failed = append(failed, fmt.Errorf("chat.postEphemeral: %w", err))
	}
	said = said.withoutButtons() // a click counts where it was asked for
	err := w.direct(ctx, to.user, message(said.text(), said.blocks()))
	if err == nil {
		return nil
	}
	// Only what the last way says tells whether trying again is worth it.
	return errors.Join(append(failed, personal(fmt.Errorf("direct message: %w", err)))...)
}

// respond sends a message to a response_url.
func (w *Workspace) respond(ctx context.Context, to reply, said page) error {
	options := append(message(said.text(), said.blocks()), slack.MsgOptionResponseURL(to.url, said.seenBy()))
	_, _, err := w.api.PostMessageContext(ctx, to.channel, options...)
	return err
}

// direct sends a direct message
// (https://docs.slack.dev/reference/methods/conversations.open).
func (w *Workspace) direct(ctx context.Context, user string, options []slack.MsgOption) error {
	dm, _, _, err := w.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
	if err == nil {
		_, _, err = w.api.PostMessageContext(ctx, dm.ID, options...)
	}
	return err
}

// openForm opens a form. A trigger lives for three seconds and works once.
func (w *Workspace) openForm(ctx context.Context, trigger string, view slack.ModalViewRequest) error {
	if _, err := w.api.OpenViewContext(ctx, trigger, view); err != nil {
		return fmt.Errorf("views.open: %w", err)
	}
	return nil
}
