package defenderfake

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// signer is a certificate with its key.
type signer struct {
	t    *testing.T
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func newSigner(t *testing.T) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bot"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signer{t, key, cert}
}

// sign makes an assertion; the algorithm is taken from the header.
func (s signer) sign(header, claims map[string]any) string {
	s.t.Helper()
	signed := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(signed))
	var opts crypto.SignerOpts = crypto.SHA256
	if header["alg"] == "PS256" {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	b, err := s.key.Sign(rand.Reader, sum[:], opts)
	if err != nil {
		s.t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(b)
}

func (s signer) header() map[string]any {
	sum := sha256.Sum256(s.cert.Raw)
	return map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])}
}

func (r *rig) claims() map[string]any {
	now := r.clock.Now().Unix()
	return map[string]any{
		"aud": r.URL() + "/" + DefaultTenant + "/oauth2/v2.0/token", "iss": DefaultClientID, "sub": DefaultClientID,
		"jti": guid(), "nbf": now, "exp": now + 300, "iat": now,
	}
}

func assertionForm(jwt string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {DefaultClientID}, "client_assertion": {jwt},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"scope":                 {"https://api.securitycenter.microsoft.com/.default"},
	}
}

func TestCertificate(t *testing.T) {
	r, s := newRig(t), newSigner(t)
	r.SetApp(App{ID: DefaultClientID, Certificates: []*x509.Certificate{s.cert}, Roles: DefaultRoles()})
	short, long := sha1.Sum(s.cert.Raw), sha256.Sum256(s.cert.Raw)
	for name, header := range map[string]map[string]any{
		"as documented":       s.header(),
		"as MSAL Go pads":     {"alg": "PS256", "typ": "JWT", "x5t#S256": base64.StdEncoding.EncodeToString(long[:])},
		"as in older clients": {"alg": "RS256", "typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(short[:])},
	} {
		a := r.token(assertionForm(s.sign(header, r.claims())))
		if a.status != http.StatusOK || a.str("token_type") != "Bearer" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	r.token(secretForm()).wantDenied(401, "invalid_client", "AADSTS7000215") // it has no secret any more
}

func TestCertificateRefused(t *testing.T) {
	r, s, other := newRig(t), newSigner(t), newSigner(t)
	r.SetApp(App{ID: DefaultClientID, Certificates: []*x509.Certificate{s.cert}, Roles: DefaultRoles()})
	now := r.clock.Now().Unix()
	for _, tt := range []struct {
		name   string
		signer signer
		header map[string]any // added
		claims map[string]any // added
		code   string
	}{
		{"key of another", other, nil, nil, "AADSTS700027"},
		{"certificate not registered", s, map[string]any{"x5t#S256": other.header()["x5t#S256"]}, nil, "AADSTS700027"},
		{"no thumbprint", s, map[string]any{"x5t#S256": ""}, nil, "AADSTS700027"},
		{"algorithm", s, map[string]any{"alg": "none"}, nil, "AADSTS700027"},
		{"type", s, map[string]any{"typ": ""}, nil, "AADSTS50027"},
		{"audience", s, nil, map[string]any{"aud": r.URL()}, "AADSTS700023"},
		{"issuer", s, nil, map[string]any{"iss": "x"}, "AADSTS700021"},
		{"subject", s, nil, map[string]any{"sub": "x"}, "AADSTS700021"},
		{"expired", s, nil, map[string]any{"exp": now - 300}, "AADSTS700024"},
		{"not yet valid", s, nil, map[string]any{"nbf": now + 301}, "AADSTS700024"},
		{"without jti", s, nil, map[string]any{"jti": ""}, "AADSTS50027"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header, claims := s.header(), r.claims()
			maps.Copy(header, tt.header)
			maps.Copy(claims, tt.claims)
			a := r.token(assertionForm(tt.signer.sign(header, claims)))
			a.t = t
			a.wantDenied(401, "invalid_client", tt.code)
		})
	}
	form := assertionForm(s.sign(s.header(), r.claims()))
	form.Del("client_assertion_type")
	r.token(form).wantDenied(400, "invalid_request", "AADSTS900144")
	r.token(assertionForm("not.a.jwt")).wantDenied(401, "invalid_client", "AADSTS50027")
	r.token(assertionForm("not a jwt")).wantDenied(401, "invalid_client", "AADSTS50027")
}

// TestCertificateClock: clocks differ, and MSAL rounds half of all moments up.
func TestCertificateClock(t *testing.T) {
	r, s := newRig(t), newSigner(t)
	r.SetApp(App{ID: DefaultClientID, Certificates: []*x509.Certificate{s.cert}, Roles: DefaultRoles()})
	now := r.clock.Now().Unix()
	for name, claims := range map[string]map[string]any{
		"rounded up":          {"nbf": now + 1},
		"five minutes ahead":  {"nbf": now + 300},
		"five minutes behind": {"exp": now - 299},
	} {
		all := r.claims()
		maps.Copy(all, claims)
		if a := r.token(assertionForm(s.sign(s.header(), all))); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestFederated(t *testing.T) {
	r, s := newRig(t), newSigner(t)
	good := s.sign(map[string]any{"alg": "RS256", "typ": "JWT"}, map[string]any{"sub": "system:serviceaccount:ops:bot"})
	r.SetApp(App{ID: DefaultClientID, Federated: []string{good}, Roles: DefaultRoles()})
	if a := r.token(assertionForm(good)); a.status != http.StatusOK {
		t.Errorf("registered token: %d %s", a.status, a.body)
	}
	bad := s.sign(map[string]any{"alg": "RS256", "typ": "JWT"}, map[string]any{"sub": "system:serviceaccount:ops:other"})
	r.token(assertionForm(bad)).wantDenied(401, "invalid_client", "AADSTS70021")
}

func TestTwoApps(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Limits = map[string][]Limit{StartInvestigation: {{1, time.Hour}}} })
	const second = "22222222-2222-2222-2222-222222222222"
	r.SetApp(App{ID: second, Secret: "s2", Roles: DefaultRoles()})
	r.AddDevice(Device{ID: device32})
	r.post("startInvestigation", `{"Comment":"x"}`).want(http.StatusCreated, "")
	r.post("startInvestigation", `{"Comment":"x"}`).want(http.StatusTooManyRequests, "TooManyRequests")

	form := secretForm()
	form.Set("client_id", second)
	form.Set("client_secret", "s2")
	r.bearer = r.token(form).str("access_token")
	r.do("POST", "/api/machines/"+device32+"/startInvestigation", `{"Comment":"x"}`).want(http.StatusCreated, "")
	made := r.Investigations()
	if got := made[0].Requestor + " " + made[1].Requestor; got != DefaultAppName+" "+second {
		t.Errorf("requestors are %q, want the first by name and the second by id", got)
	}
}
