package defender

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// TokenError says why there is no token. It holds neither the secret nor the assertion
// that was sent, nor the answer they came with.
type TokenError struct {
	// Status is the HTTP status; 0 if there was no answer.
	Status int
	// Code is OAuth's word: "invalid_client".
	Code string
	// AADSTS is Microsoft's number for it, "AADSTS7000215", if it gave one. They are
	// explained at https://learn.microsoft.com/entra/identity-platform/reference-error-codes.
	AADSTS string
	// Description is Microsoft's text, at most 500 bytes.
	Description string
	// Unusable is set where the credential cannot be used at all, so that nothing was asked.
	Unusable bool
	// RetryAfter is for how long the login service wants to be left alone; 0 where it did
	// not say.
	RetryAfter time.Duration
	// Err is what happened underneath, if there was no answer, or a [Redirect].
	Err error
}

// Passing reports whether the login service, or the way to it, is the trouble, and not the
// credential: no answer, one that is not OAuth's, too many requests, or an error on its side
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func (e *TokenError) Passing() bool {
	if e.Status == 0 {
		return !e.Unusable
	}
	return e.Code == "" || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError || e.Code == "temporarily_unavailable"
}

// Says is what the login service said, or what kept it from being asked, in a few words
// for people. It may be empty.
func (e *TokenError) Says() string {
	switch {
	case e.Unusable:
		return e.Err.Error()
	case e.Status == 0:
		return trouble(e.Err)
	case e.Code == "" && e.AADSTS == "":
		return fmt.Sprintf("HTTP %d", e.Status) + leads(e.Err)
	}
	if words := refusals()[e.AADSTS]; words != "" {
		return words + " (" + e.AADSTS + ")"
	}
	return strings.TrimSpace(e.Code + " " + e.AADSTS)
}

// refusals are the numbers that a set-up meets, in words
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func refusals() map[string]string {
	return map[string]string{
		"AADSTS7000222": "the client secret has expired",
		"AADSTS7000215": "the client secret is wrong",
		"AADSTS700016":  "the application is not in this tenant",
		"AADSTS90002":   "there is no such tenant",
		"AADSTS700027":  "the certificate is not one of the application's",
	}
}

// Error says all of it in one line. The description begins with the AADSTS number.
func (e *TokenError) Error() string {
	parts := []string{"no token"}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.Status, e.Code)))
	}
	if e.Description != "" {
		parts = append(parts, e.Description)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns what happened underneath.
func (e *TokenError) Unwrap() error { return e.Err }

// aadsts finds Microsoft's number in a description.
var aadsts = regexp.MustCompile(`AADSTS\d+`)

// tokenError makes one of an error of oauth2, whose own error holds the whole answer and
// leads to the request.
func tokenError(err error, secrets []string, now time.Time) *TokenError {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return &TokenError{Err: withoutAddress(err)}
	}
	return &TokenError{
		Status:      e.Response.StatusCode,
		Code:        tidy(e.ErrorCode, secrets...),
		AADSTS:      aadsts.FindString(e.ErrorDescription),
		Description: tidy(e.ErrorDescription, secrets...),
		RetryAfter:  retryAfter(e.Response.Header.Get("Retry-After"), "", now),
		Err:         redirectIn(e.Response.StatusCode, e.Response.Header, secrets...),
	}
}
