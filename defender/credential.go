package defender

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"
)

// Credential proves to Microsoft Entra ID who this application is. Its secret is in a
// closure, where no printing can reach it. The zero Credential proves nothing.
type Credential struct {
	kind  string
	proof func(proofFor) (url.Values, error)
	end   func(now time.Time) (time.Time, error) // nil: nothing that it holds tells
}

// proofFor is what a proof is made for: one token request.
type proofFor struct {
	tokenURL, clientID string
	now                time.Time
}

// assertionType is the kind of assertion that both certificates and federation use.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Kind names the credential for a log: "client secret", "certificate" or "federated token".
func (c Credential) Kind() string { return c.kind }

// Check reports why the credential cannot be used at that time, without asking anybody:
// its file is not there, cannot be read, or has expired. What [Secret] holds only Entra
// can judge. The error holds no secret, and below the file's name says what is wrong.
func (c Credential) Check(now time.Time) error {
	_, err := c.proof(proofFor{now: now})
	return err
}

// Ends returns when the credential runs out, as far as it tells itself: the zero time for a
// client secret, whose end only Entra knows, and for a federated token, which is replaced
// all the time. The error is that of [Credential.Check].
func (c Credential) Ends(now time.Time) (time.Time, error) {
	if c.end == nil {
		return time.Time{}, nil
	}
	return c.end(now)
}

// Format prints the kind, whatever the verb.
func (c Credential) Format(f fmt.State, _ rune) {
	// A fmt.State keeps its own errors.
	_, _ = io.WriteString(f, c.kind)
}

// Secret is a client secret. An empty one is refused when a token is asked for.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func Secret(secret string) Credential {
	return Credential{kind: "client secret", proof: func(proofFor) (url.Values, error) {
		if secret == "" {
			return nil, errors.New("the client secret is empty")
		}
		return url.Values{"client_secret": {secret}}, nil
	}}
}

// FederatedTokenFile is a file with a token of another identity provider, as Kubernetes
// gives it to a workload. It is read for each request, because it is replaced while the
// program runs. One that has expired is refused: whatever should replace it does not.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func FederatedTokenFile(path string) Credential {
	return Credential{kind: "federated token", proof: func(p proofFor) (url.Values, error) {
		token, err := readFederated(path, p.now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return assertion(token), nil
	}}
}

// readFederated reads a token of another identity provider. Of what is not a JSON web token
// only Entra can say what it is. Errors hold neither the token nor the path.
func readFederated(path string, now time.Time) (string, error) {
	b, err := readText(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	var claims struct {
		Expires float64 `json:"exp"` // seconds since 1970, RFC 7519
	}
	switch {
	case token == "":
		return "", errors.New("it is empty")
	case strings.ContainsFunc(token, unicode.IsSpace):
		return "", errors.New("it holds more than a token")
	case !readClaims(token, &claims) || claims.Expires <= 0:
		return token, nil
	}
	if end := time.Unix(int64(min(claims.Expires, math.MaxInt32)), 0); now.After(end.Add(clockSkew)) {
		return "", fmt.Errorf("its token expired at %s, and nothing has replaced it", end.UTC().Format(time.RFC3339))
	}
	return token, nil
}

// derSequence begins every PKCS#12 file, and every key and certificate in DER form
// (https://www.rfc-editor.org/rfc/rfc7292#section-4). Who reads it says what it is.
const derSequence = 0x30

// readText reads a text file without the byte order mark that some editors begin it with.
// UTF-16, with its mark or without, is refused in words: nothing in it would be found.
// Errors hold no path.
func readText(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if e, is := errors.AsType[*fs.PathError](err); is {
		return nil, fmt.Errorf("it cannot be read: %w", e.Err)
	}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return nil, errors.New("it is UTF-16; save it as UTF-8")
	}
	if bytes.IndexByte(b, 0) >= 0 && !bytes.HasPrefix(b, []byte{derSequence}) {
		return nil, errors.New("it has NUL characters, as UTF-16 has; save it as UTF-8")
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), err
}

// assertion are the parameters of a request with an assertion.
func assertion(token string) url.Values {
	return url.Values{"client_assertion_type": {assertionType}, "client_assertion": {token}}
}
