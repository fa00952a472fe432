package defender_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
)

// proofs asks for tokens with a credential and returns the forms that were sent.
func proofs(t *testing.T, c defender.Credential, now func() time.Time) (get func() (url.Values, error)) {
	t.Helper()
	var form url.Values
	tokens, err := defender.NewTokens(defender.TokenConfig{
		TokenURL: "https://login.example/tenant/oauth2/v2.0/token", ClientID: "client", Scope: "s", Credential: c, Now: now,
		Transport: trip(func(r *http.Request) (*http.Response, error) {
			if err := r.ParseForm(); err != nil {
				return nil, err
			}
			form = r.PostForm
			return canned(200, `{"expires_in":3599,"access_token":"t"}`)(r)
		}),
	})
	if err != nil {
		t.Fatalf("NewTokens: %v", err)
	}
	return func() (url.Values, error) {
		tokens.Discard("t")
		_, err := tokens.Get(t.Context())
		return form, err
	}
}

// TestCertificate checks the assertion with the certificate's own public key.
func TestCertificate(t *testing.T) {
	c := newClock()
	key, der := certificate(t, c.Now().Add(time.Hour))
	path := writePEM(t, key, der)
	get := proofs(t, defender.Certificate(path), c.Now)
	form, err := get()
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if got := form.Get("client_assertion_type"); got != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		t.Errorf("client_assertion_type = %q", got)
	}
	if form.Has("client_secret") || form.Get("client_id") != "client" {
		t.Errorf("form = %v", form)
	}
	head, claims := verified(t, form.Get("client_assertion"), &key.PublicKey)
	thumb := sha256.Sum256(der)
	wantHead := map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(thumb[:])}
	if fmt.Sprint(head) != fmt.Sprint(wantHead) {
		t.Errorf("header = %v, want %v", head, wantHead)
	}
	jti := claims["jti"]
	delete(claims, "jti")
	now := float64(c.Now().Unix())
	wantClaims := map[string]any{
		"aud": "https://login.example/tenant/oauth2/v2.0/token", "iss": "client", "sub": "client", "iat": now, "nbf": now, "exp": now + 600,
	}
	if fmt.Sprint(claims) != fmt.Sprint(wantClaims) {
		t.Errorf("claims = %v, want %v", claims, wantClaims)
	}
	form, err = get()
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if _, again := verified(t, form.Get("client_assertion"), &key.PublicKey); again["jti"] == jti || jti == "" {
		t.Errorf("jti = %v, then %v: want two different ones", jti, again["jti"])
	}
}

// verified checks a PS256 token's signature and returns its header and claims.
func verified(t *testing.T, token string, key *rsa.PublicKey) (head, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the assertion has %d parts", len(parts))
	}
	var raw [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
		raw[i] = b
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	if err := rsa.VerifyPSS(key, crypto.SHA256, digest[:], raw[2], options); err != nil {
		t.Fatalf("signature: %v", err)
	}
	if err := errors.Join(json.Unmarshal(raw[0], &head), json.Unmarshal(raw[1], &claims)); err != nil {
		t.Fatal(err)
	}
	return head, claims
}

// TestCertificateReread replaces the file between two requests.
func TestCertificateReread(t *testing.T) {
	c := newClock()
	first, der := certificate(t, c.Now().Add(time.Hour))
	path := writePEM(t, first, der)
	get := proofs(t, defender.Certificate(path), c.Now)
	if _, err := get(); err != nil {
		t.Fatalf("Get: %v", err)
	}
	second, der := certificate(t, c.Now().Add(time.Hour))
	if err := os.Rename(writePEM(t, second, der), path); err != nil {
		t.Fatal(err)
	}
	form, err := get()
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	verified(t, form.Get("client_assertion"), &second.PublicKey)
}

func TestCertificateRefuses(t *testing.T) {
	c := newClock()
	key, ended := certificate(t, c.Now().Add(-time.Second))
	_, foreign := certificate(t, c.Now().Add(time.Hour))
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	later, laterDER := certificate(t, c.Now().Add(48*time.Hour))
	for name, tt := range map[string]struct{ path, want string }{
		"ended":       {writePEM(t, key, ended), "its certificate expired on 2026-01-02"},
		"of another":  {writePEM(t, key, foreign), "private key does not match public key"},
		"not RSA":     {writePEM(t, curve, certify(t, c.Now().Add(time.Hour), curve)), "its key is not an RSA key"},
		"not there":   {filepath.Join(t.TempDir(), "none.pem"), "no such file"},
		"not PEM":     {writeFile(t, clientSecret), "it is not a PEM file"},
		"no key":      {writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: foreign}))), "it has no private key"},
		"a directory": {t.TempDir(), "is a directory"},
		"no cert":     {writeFile(t, pemOf(t, key)), "it has no certificate"},
		"not yet":     {writePEM(t, later, laterDER), "its certificate is not valid before"},
		"encrypted":   {writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))), "its key is encrypted"},
		"old cipher":  {writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x")}))), "its key is encrypted"},
		"PKCS#12":     {writeFile(t, "\x30\x82\x0a\x00"), "a PKCS#12 file (.pfx, .p12) or another in DER form; convert it"},
		"UTF-16":      {writeFile(t, "\xff\xfe-\x00-\x00"), "it is UTF-16"},
		"no mark":     {writeFile(t, "-\x00-\x00"), "it has NUL characters, as UTF-16 has"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := proofs(t, defender.Certificate(tt.path), c.Now)()
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.path) {
				t.Fatalf("Get = %v, want %q and the path", err, tt.want)
			}
			leaksNothing(t, err)
			if checked := defender.Certificate(tt.path).Check(c.Now()); checked == nil || !strings.Contains(checked.Error(), tt.want) {
				t.Errorf("Check = %v, want %q", checked, tt.want)
			}
		})
	}
}

// TestCertificateAnyOrder reads the files that others write: the root before the
// certificate, and a byte order mark before all of it.
func TestCertificateAnyOrder(t *testing.T) {
	c := newClock()
	key, own := certificate(t, c.Now().Add(time.Hour))
	_, root := certificate(t, c.Now().Add(time.Hour))
	for name, text := range map[string]string{
		"key, root, own": pemOf(t, key) + certPEM(root) + certPEM(own),
		"root, own, key": certPEM(root) + certPEM(own) + pemOf(t, key),
		"own, root, key": certPEM(own) + certPEM(root) + pemOf(t, key),
		"a mark":         "\xef\xbb\xbf" + pemOf(t, key) + certPEM(own),
	} {
		t.Run(name, func(t *testing.T) {
			credential := defender.Certificate(writeFile(t, text))
			if err := credential.Check(c.Now()); err != nil {
				t.Fatalf("Check: %v", err)
			}
			form, err := proofs(t, credential, c.Now)()
			if err != nil {
				t.Fatalf("Get: %v", err)
			}
			verified(t, form.Get("client_assertion"), &key.PublicKey)
		})
	}
}

// TestFederatedTokenFile replaces the file between two requests, as Kubernetes does.
func TestFederatedTokenFile(t *testing.T) {
	path := writeFile(t, "first\n")
	get := proofs(t, defender.FederatedTokenFile(path), time.Now)
	for _, want := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		form, err := get()
		if err != nil {
			t.Fatalf("Get: %v", err)
		}
		if got := form.Get("client_assertion"); got != want || form.Has("client_secret") {
			t.Errorf("client_assertion = %q, want %q", got, want)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := defender.FederatedTokenFile(path).Check(time.Now()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Check without a file = %v", err)
	}
}

// TestFederatedTokenFileRefuses: a file that holds no token that could be taken is refused
// before anybody is asked.
func TestFederatedTokenFileRefuses(t *testing.T) {
	c := newClock()
	token := func(end time.Time) string {
		return "eyJ." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, end.Unix())) + ".c2ln"
	}
	for name, tt := range map[string]struct{ text, want string }{
		"empty":          {" \n", "it is empty"},
		"two":            {"first\nsecond\n", "it holds more than a token"},
		"UTF-16":         {"\xff\xfee\x00y\x00", "it is UTF-16"},
		"no mark":        {"e\x00y\x00", "it has NUL characters"},
		"expired":        {token(c.Now().Add(-time.Hour)), "its token expired at 2026-01-02T02:04:05Z, and nothing has replaced it"},
		"just expired":   {token(c.Now().Add(-time.Minute)), ""}, // by a clock that is a little behind it has not
		"good":           {token(c.Now().Add(time.Hour)), ""},
		"with a mark":    {"\xef\xbb\xbf" + token(c.Now().Add(time.Hour)) + "\r\n", ""},
		"without an end": {"eyJ.e30.c2ln", ""},
		"no web token":   {"opaque", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, tt.text)
			_, err := proofs(t, defender.FederatedTokenFile(path), c.Now)()
			checked := defender.FederatedTokenFile(path).Check(c.Now())
			if tt.want == "" {
				if err != nil || checked != nil {
					t.Errorf("Get = %v, Check = %v", err, checked)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), path+": "+tt.want) || checked == nil || !strings.Contains(checked.Error(), tt.want) {
				t.Errorf("Get = %v, Check = %v, want the path and %q", err, checked, tt.want)
			}
			leaksNothing(t, err)
		})
	}
}

// TestCredentialEnds: only a certificate tells when it runs out.
func TestCredentialEnds(t *testing.T) {
	c := newClock()
	end := c.Now().Add(time.Hour)
	key, der := certificate(t, end)
	path := writePEM(t, key, der)
	for _, tt := range []struct {
		credential defender.Credential
		want       time.Time
	}{
		{defender.Certificate(path), end},
		{defender.Secret(clientSecret), time.Time{}},
		{defender.FederatedTokenFile(path), time.Time{}},
	} {
		if got, err := tt.credential.Ends(c.Now()); err != nil || !got.Equal(tt.want) {
			t.Errorf("a %s ends %v, %v; want %v", tt.credential.Kind(), got, err, tt.want)
		}
	}
	if _, err := defender.Certificate(path).Ends(end.Add(time.Second)); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("after its end: %v", err)
	}
}

// TestAssertionsUnique hides an assertion that the endpoint repeats.
func TestAssertionsUnique(t *testing.T) {
	tokens, err := defender.NewTokens(defender.TokenConfig{
		TokenURL: "u", ClientID: "c", Scope: "s", Credential: defender.FederatedTokenFile(writeFile(t, accessToken)), Now: time.Now,
		Transport: canned(400, refusalOfToken("invalid_client", "AADSTS50027: "+accessToken)),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tokens.Get(t.Context())
	if e, ok := errors.AsType[*defender.TokenError](err); !ok || e.Description != "AADSTS50027: [redacted]" {
		t.Errorf("Get = %v", err)
	}
	leaksNothing(t, err)
}

// TestCredentialString prints credentials in every way, in other values too.
func TestCredentialString(t *testing.T) {
	c := defender.Secret(clientSecret)
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "credential", c)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "credential", c)
	config := defender.TokenConfig{Credential: c}
	fmt.Fprintf(&b, "%v %+v %#v %s %d %x %+v %#v", c, c, c, c, c, c, config, struct{ hidden defender.Credential }{c})
	if s := b.String(); strings.Contains(s, clientSecret) {
		t.Errorf("it leaks: %s", s)
	}
	for want, c := range map[string]defender.Credential{
		"client secret": c, "certificate": defender.Certificate("x"), "federated token": defender.FederatedTokenFile("x"),
	} {
		if c.Kind() != want || fmt.Sprintf("%#v", c) != want {
			t.Errorf("kind %q, printed %#v, want %q", c.Kind(), c, want)
		}
	}
	if _, err := proofs(t, defender.Secret(""), time.Now)(); err == nil {
		t.Error("an empty secret is taken")
	}
}
