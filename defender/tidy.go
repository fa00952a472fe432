package defender

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// longest is how many bytes of a message from outside are kept.
const longest = 500

// queries finds the query string of an address. Links to packages carry their token there.
var queries = regexp.MustCompile(`(https?://[^\s'"<>?]*)\?[^\s'"<>]*`)

// tidy makes text from outside fit for a log line: one line, at most 500 bytes, without
// what cannot be seen, without the secrets and without the query strings of addresses.
func tidy(s string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "[redacted]")
		}
	}
	s = queries.ReplaceAllString(s, "$1?[redacted]")
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// withoutAddress takes the address, and with it the query string, out of an error of
// net/http and net/url, and keeps what happened.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
