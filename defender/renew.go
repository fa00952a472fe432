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
	// The first and the longest wait between failed requests in the background.
	retryFirst, retryLast = time.Second, time.Minute
)

// Run keeps a token in hand until the context ends: it renews it 5 minutes before its
// end, or at half its life if that comes later, at once after [Tokens.Discard], and tries
// again after 1 s to 1 min when that fails. It returns nil.
func (t *Tokens) Run(ctx context.Context) error {
	failures := 0
	for {
		timer := time.NewTimer(t.pause(failures))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-t.wake:
			timer.Stop()
			continue // The pause is worked out anew; after failures it stays.
		}
		if !t.due() {
			failures = 0 // Somebody else has asked meanwhile.
			continue
		}
		_, err := t.renew(ctx)
		failures = count(failures, err)
		if err != nil && ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "token renewal failed", "error", err, "failures", failures)
		}
	}
}

// count counts failures in a row.
func count(failures int, err error) int {
	if err == nil {
		return 0
	}
	return failures + 1
}

// due reports whether the token should be renewed now.
func (t *Tokens) due() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.cfg.Now().Before(t.hand.refresh)
}

// pause is how long to wait before the next look.
func (t *Tokens) pause(failures int) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := max(t.hand.refresh.Sub(t.cfg.Now()), 0)
	if failures == 0 {
		return left
	}
	return max(left, min(retryFirst<<min(failures-1, 10), retryLast))
}

// renew asks for a token and puts it in hand. The request is shared, so it outlives the
// context of whoever asked first.
func (t *Tokens) renew(ctx context.Context) (string, error) {
	shared := context.WithoutCancel(ctx)
	done := t.flight.DoChan("token", func() (any, error) {
		g, err := t.ask(shared)
		if err != nil {
			return "", err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.hand = g
		return g.access, nil
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		access, _ := r.Val.(string)
		return access, r.Err
	}
}

// ask makes one token request, with a proof of its own.
func (t *Tokens) ask(ctx context.Context) (grant, error) {
	since := t.cfg.Now()
	proof, err := t.cfg.Credential.proof(proofFor{tokenURL: t.cfg.TokenURL, clientID: t.cfg.ClientID, now: since})
	if err != nil {
		return grant{}, &TokenError{Err: err}
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
		return grant{}, tokenError(err, secretsOf(proof))
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
