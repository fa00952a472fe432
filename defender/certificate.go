package defender

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// assertionLife is how long a signed assertion holds: Microsoft advises 5 to 10 minutes.
const assertionLife = 10 * time.Minute

// clockSkew is by how much the clock of whoever issued a certificate may be ahead.
const clockSkew = 5 * time.Minute

// Certificate is a PEM file with an RSA key, not encrypted, and its certificate, which may
// stand anywhere in a chain: Azure Key Vault writes the root first. The file is read for
// each request, so that it can be replaced while the program runs.
// See https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
func Certificate(path string) Credential {
	return Credential{kind: "certificate", proof: func(p proofFor) (url.Values, error) {
		key, cert, err := readCertificate(path, p.now)
		var token string
		if err == nil {
			token, err = sign(key, cert, p)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return assertion(token), nil
	}, end: func(now time.Time) (time.Time, error) {
		_, cert, err := readCertificate(path, now)
		if err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", path, err)
		}
		return cert.NotAfter, nil
	}}
}

// readCertificate reads the key and the certificate that belongs to it. Errors never
// hold any of the file.
func readCertificate(path string, now time.Time) (*rsa.PrivateKey, *x509.Certificate, error) {
	b, err := readText(path)
	if err != nil {
		return nil, nil, err
	}
	pair, err := pairIn(b)
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	switch cert := pair.Leaf; {
	case !ok:
		return nil, nil, errors.New("its key is not an RSA key, and Microsoft Entra ID takes no other")
	case now.After(cert.NotAfter):
		return nil, nil, fmt.Errorf("its certificate expired on %s", cert.NotAfter.Format(time.DateOnly))
	case now.Before(cert.NotBefore.Add(-clockSkew)):
		return nil, nil, fmt.Errorf("its certificate is not valid before %s", cert.NotBefore.Format(time.DateOnly))
	}
	return key, pair.Leaf, nil
}

// pairIn finds the key in a PEM file, and of its certificates the one that belongs to it.
func pairIn(text []byte) (tls.Certificate, error) {
	var key []byte
	var certs [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return tls.Certificate{}, errors.New("its key is encrypted; store it without a password")
		case block.Type == "CERTIFICATE":
			certs = append(certs, pem.EncodeToMemory(block))
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			key = pem.EncodeToMemory(block)
		}
	}
	switch {
	case key == nil && certs == nil:
		return tls.Certificate{}, notPEM(text)
	case key == nil:
		return tls.Certificate{}, errors.New("it has no private key")
	case certs == nil:
		return tls.Certificate{}, errors.New("it has no certificate")
	}
	var wrong error
	for _, cert := range certs {
		pair, err := tls.X509KeyPair(cert, key)
		if err == nil {
			return pair, nil
		}
		wrong = err
	}
	return tls.Certificate{}, fmt.Errorf("no certificate in it belongs to its key: %w", wrong)
}

// notPEM says what a file without any PEM is instead, as far as its beginning shows.
func notPEM(text []byte) error {
	if bytes.HasPrefix(text, []byte{derSequence}) {
		return errors.New("it is not a PEM file but a PKCS#12 file (.pfx, .p12) or another in DER form; " +
			"convert it with openssl pkcs12 -in FILE -out FILE.pem -nodes")
	}
	return errors.New("it is not a PEM file with a key and a certificate")
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
