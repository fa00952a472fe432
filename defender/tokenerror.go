package defender

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

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
	// Err is what happened underneath, if there was no answer.
	Err error
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
func tokenError(err error, secrets []string) *TokenError {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return &TokenError{Err: withoutAddress(err)}
	}
	return &TokenError{
		Status:      e.Response.StatusCode,
		Code:        tidy(e.ErrorCode, secrets...),
		AADSTS:      aadsts.FindString(e.ErrorDescription),
		Description: tidy(e.ErrorDescription, secrets...),
	}
}
