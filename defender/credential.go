package defender

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"
)

// Credential proves to Microsoft Entra ID who this application is. Its secret is in a
// closure, where no printing can reach it. The zero Credential proves nothing.
type Credential struct {
	kind  string
	proof func(proofFor) (url.Values, error)
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
// program runs.
// See https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func FederatedTokenFile(path string) Credential {
	return Credential{kind: "federated token", proof: func(proofFor) (url.Values, error) {
		b, err := readText(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		token := strings.TrimSpace(string(b))
		if token == "" {
			return nil, fmt.Errorf("%s: %w", path, errors.New("it is empty"))
		}
		return assertion(token), nil
	}}
}

// readText reads a text file without the byte order mark that some editors begin it with.
// UTF-16 is refused in words: nothing in it would be found. Errors hold no path.
func readText(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if e, is := errors.AsType[*fs.PathError](err); is {
		return nil, fmt.Errorf("it cannot be read: %w", e.Err)
	}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return nil, errors.New("it is UTF-16; save it as UTF-8")
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), err
}

// assertion are the parameters of a request with an assertion.
func assertion(token string) url.Values {
	return url.Values{"client_assertion_type": {assertionType}, "client_assertion": {token}}
}
