package defenderfake

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiscovery(t *testing.T) {
	r := newRig(t)
	const path = "/v2.0/.well-known/openid-configuration"
	a := r.do("GET", "/"+DefaultTenant+path, "", "Authorization", "")
	a.want(http.StatusOK, "")
	at := r.URL() + "/" + DefaultTenant
	want := map[string]any{
		"authorization_endpoint": at + "/oauth2/v2.0/authorize", "token_endpoint": at + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []any{"client_secret_post", "private_key_jwt"},
		"jwks_uri":                              at + "/discovery/v2.0/keys",
		"userinfo_endpoint":                     "https://graph.microsoft.com/oidc/userinfo",
		"subject_types_supported":               []any{"pairwise"}, "issuer": at + "/v2.0",
	}
	if diff := cmp.Diff(want, a.object()); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	token := a.str("token_endpoint")
	r.tokenAt(strings.TrimPrefix(token, r.URL()+"/"), secretForm()).want(http.StatusOK, "")
	r.get("/another-tenant"+path).wantDenied(400, "invalid_request", "AADSTS90002")
}

// TestHTTPS: with a certificate the tenant speaks HTTPS, says so in what it names, and cuts connections as without.
func TestHTTPS(t *testing.T) {
	s := newSigner(t)
	r := newRig(t, func(o *Options) { o.TLS = &tls.Certificate{Certificate: [][]byte{s.cert.Raw}, PrivateKey: s.key} })
	if u, err := url.Parse(r.URL()); err != nil || u.Scheme != "https" {
		t.Fatalf("URL %q, want https", r.URL())
	}
	r.get("/api/machines/"+device40).want(http.StatusOK, "")
	r.Inject(Fault{On: MachineGet, Drop: true, Times: 1})
	if a, err := r.try("GET", "/api/machines/"+device40, ""); err == nil {
		t.Errorf("a cut connection answers %d", a.status)
	}
	r.Down()
	if err := r.Up(); err != nil {
		t.Fatal(err)
	}
	r.get("/api/machines/"+device40).want(http.StatusOK, "")
}
