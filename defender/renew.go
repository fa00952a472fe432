package defender

import (
	"context"
	"math"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const (
	// How long before its end a token is renewed, if it lives long enough.
	refreshBefore = 5 * time.Minute
	// How long before its end a token is last used, if it lives long enough:
	// a request takes up to 20 s.
	useBefore = 30 * time.Second
	// Assumed of a token that does not say how long it lives.
	lifeDefault = 5 * time.Minute
	// The longest life that is believed.
	lifeMost = 24 * time.Hour
	// The first and the longest wait after failed requests, unless Entra asks for more.
	retryFirst, retryLast = time.Second, time.Minute
)

// Run keeps a token in hand until the context ends: it renews it 5 minutes before its
// end, or at half its life if that comes later, at once after [Tokens.Discard], and tries
// again after 1 s to 1 min when that fails. It returns nil.
func (t *Tokens) Run(ctx context.Context) error {
	for {
		timer := time.NewTimer(t.pause())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-t.wake:
			timer.Stop()
			continue // The pause is worked out anew; after failures it stays.
		}
		if t.pause() > 0 {
			continue // Somebody else has asked meanwhile.
		}
		if _, err := t.renew(ctx); err != nil && ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "token renewal failed", "error", err)
		}
	}
}

// pause is how long it is to the next token request.
func (t *Tokens) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.hand.refresh
	if t.failed.again.After(next) {
		next = t.failed.again
	}
	return max(next.Sub(t.cfg.Now()), 0)
}

// renew asks for a token and puts it in hand. The request is shared, so it outlives the
// context of whoever asked first. So is a failure, until the next request may be made:
// Entra locks out who asks again and again (AADSTS50196).
func (t *Tokens) renew(ctx context.Context) (string, error) {
	shared := context.WithoutCancel(ctx)
	done := t.flight.DoChan("token", func() (any, error) {
		if err := t.failure(); err != nil {
			return "", err
		}
		g, err := t.ask(shared)
		return g.access, t.keep(g, err)
	})
	select {
	case <-ctx.Done():
		return "", &TokenError{Err: ctx.Err()}
	case r := <-done:
		access, _ := r.Val.(string)
		return access, r.Err
	}
}

// failures are token requests that failed in a row. The zero value is none.
type failures struct {
	err   *TokenError // the last one
	count int
	again time.Time // no request before then
}

// failure is why there was no token, until one may be asked for again.
func (t *Tokens) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cfg.Now().Before(t.failed.again) {
		return t.failed.err
	}
	return nil
}

// keep takes what became of a token request, and returns its error.
func (t *Tokens) keep(g grant, wrong *TokenError) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wrong == nil {
		t.hand, t.failed = g, failures{}
		return nil
	}
	n := t.failed.count + 1
	wait := max(min(retryFirst<<min(n-1, 10), retryLast), wrong.RetryAfter)
	t.failed = failures{wrong, n, t.cfg.Now().Add(wait)}
	return wrong
}

// ask makes one token request, with a proof of its own.
func (t *Tokens) ask(ctx context.Context) (grant, *TokenError) {
	since := t.cfg.Now()
	proof, err := t.cfg.Credential.proof(proofFor{tokenURL: t.cfg.TokenURL, clientID: t.cfg.ClientID, now: since})
	if err != nil {
		return grant{}, &TokenError{Unusable: true, Err: err}
	}
	request := clientcredentials.Config{
		ClientID:       t.cfg.ClientID,
		TokenURL:       t.cfg.TokenURL,
		Scopes:         []string{t.cfg.Scope},
		EndpointParams: proof,
		AuthStyle:      oauth2.AuthStyleInParams,
	}
	token, err := request.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err != nil {
		return grant{}, tokenError(err, secretsOf(proof), t.cfg.Now())
	}
	return granted(token.AccessToken, since, life(token)), nil
}

// secretsOf are the values of a proof that must not come back out.
func secretsOf(proof url.Values) []string {
	return []string{proof.Get("client_secret"), proof.Get("client_assertion")}
}

// granted works out the times of a token. Short lives are for tests and odd servers: they
// are renewed at half, and used for three quarters.
func granted(access string, since time.Time, life time.Duration) grant {
	end := since.Add(life)
	return grant{
		access:  access,
		since:   since,
		refresh: end.Add(-min(refreshBefore, life/2)),
		lastUse: end.Add(-min(useBefore, life/4)),
	}
}

// life is how long a token lives, counted by the caller's clock and not by oauth2's.
func life(token *oauth2.Token) time.Duration {
	var seconds int64
	switch v := token.Extra("expires_in").(type) {
	case float64:
		seconds = int64(v)
	case string:
		seconds, _ = strconv.ParseInt(v, 10, 32) // 0 when it is no number
	}
	if seconds <= 0 {
		return lifeDefault
	}
	return min(time.Duration(min(seconds, math.MaxInt32))*time.Second, lifeMost)
}
