package defender

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"time"
)

// assertionLife is how long a signed assertion holds: Microsoft advises 5 to 10 minutes.
const assertionLife = 10 * time.Minute

// Certificate is a PEM file with an RSA key, not encrypted, and its certificate; of a
// chain, the application's own certificate comes first. The file is read for each
// request, so that it can be replaced while the program runs.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func Certificate(path string) Credential {
	return Credential{kind: "certificate", proof: func(p proofFor) (url.Values, error) {
		key, cert, err := readCertificate(path, p.now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		token, err := sign(key, cert, p)
		if err != nil {
			return nil, err
		}
		return assertion(token), nil
	}}
}

// readCertificate reads the key and the certificate that belongs to it. Errors never
// hold any of the file.
func readCertificate(path string, now time.Time) (*rsa.PrivateKey, *x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(b, b)
	if err != nil {
		return nil, nil, fmt.Errorf("not a PEM file with a key and its certificate: %w", err)
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("the key is %T, but Microsoft Entra ID takes RSA keys", pair.PrivateKey)
	}
	if now.After(pair.Leaf.NotAfter) {
		return nil, nil, fmt.Errorf("the certificate ended on %s", pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return key, pair.Leaf, nil
}

// sign makes the assertion: a JSON web token, signed with PS256, whose header names the
// certificate by the SHA-256 of its DER form.
func sign(key *rsa.PrivateKey, cert *x509.Certificate, p proofFor) (string, error) {
	thumb := sha256.Sum256(cert.Raw)
	head, err := segment(map[string]string{"alg": "PS256", "typ": "JWT", "x5t#S256": encode(thumb[:])})
	if err != nil {
		return "", err
	}
	body, err := segment(claims(p))
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(head + "." + body))
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], options)
	if err != nil {
		return "", fmt.Errorf("sign the assertion: %w", err)
	}
	return head + "." + body + "." + encode(sig), nil
}

// claims are what the assertion says.
func claims(p proofFor) map[string]any {
	return map[string]any{
		"aud": p.tokenURL,
		"iss": p.clientID,
		"sub": p.clientID,
		"jti": rand.Text(), // 128 random bits: no second assertion has the same
		"iat": p.now.Unix(),
		"nbf": p.now.Unix(),
		"exp": p.now.Add(assertionLife).Unix(),
	}
}

// segment writes one part of a JSON web token.
func segment(v any) (string, error) {
	b, err := json.Marshal(v)
	return encode(b), err
}

// encode is the base64 of JSON web tokens: for addresses, without padding.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
