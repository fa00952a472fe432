package defender

import (
	"errors"
	"fmt"
	"io"
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
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		token := strings.TrimSpace(string(b))
		if token == "" {
			return nil, fmt.Errorf("%s is empty", path)
		}
		return assertion(token), nil
	}}
}

// assertion are the parameters of a request with an assertion.
func assertion(token string) url.Values {
	return url.Values{"client_assertion_type": {assertionType}, "client_assertion": {token}}
}
