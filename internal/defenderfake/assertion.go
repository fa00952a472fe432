package defenderfake

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is the SHA-1 of a certificate by definition
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// assertion is a client's signed statement about itself,
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials.
type assertion struct {
	Alg    string `json:"alg"`
	Typ    string `json:"typ"`
	SHA1   string `json:"x5t"`
	SHA256 string `json:"x5t#S256"`

	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	ID        string `json:"jti"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
}

// clockSkew is how far a client's clock may be off. Entra's own number is not documented; this is the default of
// Microsoft's library that judges tokens,
// https://learn.microsoft.com/dotnet/api/microsoft.identitymodel.tokens.tokenvalidationparameters.defaultclockskew.
const clockSkew = 5 * time.Minute

// verify checks a certificate's assertion that is to be used at endpoint; nil means that it is good.
func (a App) verify(jwt, endpoint string, now time.Time) *denied {
	claims, signed, signature, ok := parseAssertion(jwt)
	if !ok {
		return &denied{50027, "JWT token is invalid or malformed"}
	}
	if len(a.Certificates) == 0 {
		return &denied{70021, "No matching federated identity record found for presented assertion"}
	}
	n := slices.IndexFunc(a.Certificates, claims.names)
	if n < 0 {
		return &denied{700027, "The certificate with the identifier used to sign the client assertion is not registered on application"}
	}
	if !claims.signedBy(a.Certificates[n], signed, signature) {
		return &denied{700027, "Client assertion failed signature validation"}
	}
	return claims.check(a.ID, endpoint, now)
}

// check judges what a genuine assertion says.
func (c assertion) check(app, endpoint string, now time.Time) *denied {
	switch {
	case c.Issuer != app || c.Subject != app:
		return &denied{700021, "Client assertion application identifier doesn't match 'client_id' parameter"}
	case c.Audience != endpoint:
		return &denied{700023, "Client assertion audience claim does not match the token endpoint"}
	case now.Add(clockSkew).Unix() < c.NotBefore || now.Add(-clockSkew).Unix() >= c.Expires:
		return &denied{700024, "Client assertion is not within its valid time range"}
	case c.ID == "":
		return &denied{50027, "JWT token is invalid: the claim 'jti' is missing"}
	}
	return nil
}

// parseAssertion takes a JWT apart: what it says, what is signed, and the signature.
func parseAssertion(jwt string) (c assertion, signed string, signature []byte, ok bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return c, "", nil, false
	}
	for _, p := range parts[:2] {
		b, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil || json.Unmarshal(b, &c) != nil {
			return c, "", nil, false
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	return c, parts[0] + "." + parts[1], signature, err == nil && c.Typ == "JWT"
}

// names reports whether the header points to this certificate: base64url as documented, or padded base64 as MSAL Go
// writes it.
func (c assertion) names(cert *x509.Certificate) bool {
	long, short := sha256.Sum256(cert.Raw), sha1.Sum(cert.Raw) //nolint:gosec // see the import
	return c.SHA256 != "" && same(c.SHA256, long[:]) || c.SHA256 == "" && same(c.SHA1, short[:])
}

func same(written string, sum []byte) bool {
	return written == base64.RawURLEncoding.EncodeToString(sum) || written == base64.StdEncoding.EncodeToString(sum)
}

// signedBy checks the signature by the two algorithms that Entra takes.
func (c assertion) signedBy(cert *x509.Certificate, signed string, signature []byte) bool {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return false
	}
	sum := sha256.Sum256([]byte(signed))
	switch c.Alg {
	case "PS256":
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, opts) == nil
	case "RS256":
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}
