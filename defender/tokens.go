package defender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// tokenLimit is how long one token request may take.
const tokenLimit = 15 * time.Second

// TokenConfig is what [Tokens] need.
type TokenConfig struct {
	// TokenURL is the token endpoint: see [TokenURL]. Required.
	TokenURL string
	// ClientID is the application's id. Required.
	ClientID string
	// Scope is what the token is for: see [Cloud.Scope]. Required.
	Scope string
	// Credential proves who asks. Required.
	Credential Credential
	// Now is the clock. Required.
	Now func() time.Time
	// Transport carries the requests; an [http.Transport] is copied, and HTTP/2 pings are
	// switched on. nil means the system's certificates and the proxy that HTTPS_PROXY names.
	Transport http.RoundTripper
	// Log gets what goes wrong in the background; nil means that nothing is logged.
	Log *slog.Logger
	// Observe is told of each request: its HTTP status, 0 if there was no answer, and how long
	// that took; may be nil.
	Observe func(status int, took time.Duration)
}

// TokenURL returns the token endpoint of a tenant, for [Cloud.Authority] or another host.
func TokenURL(authority, tenant string) string {
	return strings.TrimRight(authority, "/") + "/" + url.PathEscape(tenant) + "/oauth2/v2.0/token"
}

// Tokens keep one access token in hand. [Tokens.Run] renews it before it ends, so that
// [Tokens.Current] has one at any time. They are safe for concurrent use.
type Tokens struct {
	cfg    TokenConfig
	http   *http.Client
	flight singleflight.Group
	wake   chan struct{} // the token was discarded
	clock  lead

	mu     sync.Mutex
	hand   grant
	failed failures

	refused int       // tokens that were discarded, a little apart each
	latest  time.Time // when the last one was
}

// grant is one access token and its times. The zero grant is none.
type grant struct {
	access                  string
	since, refresh, lastUse time.Time
}

// NewTokens checks the configuration. It does no I/O: the first token comes with
// [Tokens.Get] or [Tokens.Run].
func NewTokens(cfg TokenConfig) (*Tokens, error) {
	if cfg.TokenURL == "" || cfg.ClientID == "" || cfg.Scope == "" || cfg.Credential.proof == nil || cfg.Now == nil {
		return nil, errors.New("defender: TokenURL, ClientID, Scope, Credential and Now are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	t := &Tokens{cfg: cfg, wake: make(chan struct{}, 1)}
	via := roundTripperOf(cfg.Transport)
	if cfg.Observe != nil {
		via = observer{next: via, now: cfg.Now, tell: cfg.Observe}
	}
	t.http = &http.Client{
		Transport: hearing{via, cfg.Now, &t.clock},
		Timeout:   tokenLimit,
		// A redirect would take the secret to another place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return t, nil
}

// Format prints nothing of the token, whatever the verb.
func (t *Tokens) Format(f fmt.State, _ rune) {
	// A fmt.State keeps its own errors.
	_, _ = io.WriteString(f, "tokens by "+t.cfg.Credential.Kind())
}

// Current returns the token in hand, without any I/O; false if there is none that lives
// long enough for a request.
func (t *Tokens) Current() (access string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hand.access, t.hand.access != "" && t.cfg.Now().Before(t.hand.lastUse)
}

// Standing is nil while a token is in hand, and says why there is none after a request that
// failed, even when another would be made now. Before the first request has been answered
// it is [ErrNoToken].
func (t *Tokens) Standing() error {
	_, ok := t.Current()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case ok:
		return nil
	case t.failed.err != nil:
		return t.failed.err
	}
	return ErrNoToken
}

// ErrNoToken means that no token has been asked for yet, or that one is being asked for.
var ErrNoToken = errors.New("no token yet")

// Ahead is by how much the login service's clock is ahead of this program's; see
// [Client.Ahead].
func (t *Tokens) Ahead() (ahead time.Duration, known bool) { return t.clock.is() }

// Get returns the token in hand, or asks for one; whoever asks at the same time shares
// the request. After a failure it returns that, without a request, for 1 s to 1 min or for
// as long as Entra says. Its error is a [TokenError].
func (t *Tokens) Get(ctx context.Context) (access string, err error) {
	if access, ok := t.Current(); ok {
		return access, nil
	}
	return t.renew(ctx)
}

// Discard gives up a token that Defender refused. A token that is not in hand any more
// changes nothing, so that each refused token leads to one fresh one, however many
// requests it was refused for. Where fresh ones are refused too they are kept for longer
// each time, up to 5 minutes: another would not be taken either, and Entra locks out who
// asks again and again.
func (t *Tokens) Discard(access string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.cfg.Now()
	if access == "" || t.hand.access != access || now.Before(t.latest.Add(t.spared())) {
		return
	}
	if now.Sub(t.latest) > 2*discardMost {
		t.refused = 0
	}
	t.hand, t.latest = grant{}, now
	t.refused++
	select {
	case t.wake <- struct{}{}:
	default: // It is awake already.
	}
}

// discardMost is the longest that a token is kept which Defender refuses.
const discardMost = 5 * time.Minute

// spared is how long the next refused token is kept. The lock is held.
func (t *Tokens) spared() time.Duration {
	if t.refused == 0 {
		return 0
	}
	return min(retryFirst<<min(t.refused-1, 10), discardMost)
}

// age is how long ago the token was issued; 0 for one that is not in hand.
func (t *Tokens) age(access string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hand.access != access {
		return 0
	}
	return t.cfg.Now().Sub(t.hand.since)
}
