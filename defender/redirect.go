package defender

import (
	"errors"
	"net/http"
	"net/url"
)

// Redirect is an answer that leads elsewhere. None is followed: whoever is there would be
// handed the token, or the secret. It is a misconfigured address, or a proxy that wants a
// person to log in.
type Redirect struct {
	// Target is where it leads: scheme, host and path, without user, query and fragment,
	// which can hold secrets.
	Target string
}

// Error says where it leads.
func (r *Redirect) Error() string {
	return "it leads to " + r.Target + ", and redirects are not followed"
}

// redirectIn is the [Redirect] that an answer is, or nil.
func redirectIn(status int, header http.Header, secrets ...string) error {
	if status < 300 || status > 399 {
		return nil
	}
	to, err := url.Parse(header.Get("Location"))
	if err != nil {
		return nil //nolint:nilerr // the parser's error could quote a secret; that it leads elsewhere the status says
	}
	if to.Host == "" && to.Path == "" {
		return nil
	}
	bare := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}
	return &Redirect{Target: tidy(bare.String(), secrets...)}
}

// leads says where an answer leads, to be put behind its status; empty: nowhere.
func leads(err error) string {
	if r, is := errors.AsType[*Redirect](err); is {
		return ", which leads to " + r.Target
	}
	return ""
}
