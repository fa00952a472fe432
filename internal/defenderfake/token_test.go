package defenderfake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wantDenied checks Entra's error field by field.
func (a answer) wantDenied(status int, name, aadsts string) {
	a.t.Helper()
	v := a.object()
	if a.status != status || v["error"] != name {
		a.t.Fatalf("%d %v, want %d %s: %s", a.status, v["error"], status, name, a.body)
	}
	if d, _ := v["error_description"].(string); !strings.HasPrefix(d, aadsts+": ") {
		a.t.Errorf("error_description = %q, want it to begin with %s", d, aadsts)
	}
	codes, _ := v["error_codes"].([]any)
	if len(codes) != 1 || strings.TrimPrefix(aadsts, "AADSTS") != jsonText(codes[0]) {
		a.t.Errorf("error_codes = %v, want the number of %s", codes, aadsts)
	}
	if v["timestamp"] == "" || v["trace_id"] == "" || v["correlation_id"] == "" || len(v) != 6 {
		a.t.Errorf("fields are missing in %s", a.body)
	}
}

func jsonText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestTokenRefusals(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		name, field, value string // "" takes the field away
		status             int
		class, code        string
	}{
		{"wrong secret", "client_secret", "wrong", 401, "invalid_client", "AADSTS7000215"},
		{"no secret", "client_secret", "", 401, "invalid_client", "AADSTS7000218"},
		{"unknown app", "client_id", "11111111-1111-1111-1111-111111111111", 400, "unauthorized_client", "AADSTS700016"},
		{"no app", "client_id", "", 400, "invalid_request", "AADSTS900144"},
		{"bare scope", "scope", "https://api.securitycenter.microsoft.com", 400, "invalid_scope", "AADSTS70011"},
		{"other scope", "scope", "https://graph.microsoft.com/.default", 400, "invalid_scope", "AADSTS70011"},
		{"no API", "scope", "openid offline_access profile", 400, "invalid_scope", "AADSTS70011"},
		{"two APIs", "scope", strings.Join(scopes, " "), 400, "invalid_scope", "AADSTS70011"},
		{"no scope", "scope", "", 400, "invalid_request", "AADSTS900144"},
		{"other grant", "grant_type", "password", 400, "unsupported_grant_type", "AADSTS70003"},
		{"no grant", "grant_type", "", 400, "invalid_request", "AADSTS900144"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			form := secretForm()
			form.Set(tt.field, tt.value)
			a := r.token(form)
			a.t = t
			a.wantDenied(tt.status, tt.class, tt.code)
		})
	}
	r.tokenAt("another-tenant/oauth2/v2.0/token", secretForm()).wantDenied(400, "invalid_request", "AADSTS90002")
	r.do("POST", "/"+DefaultTenant+"/oauth2/v2.0/token", `{"grant_type":"client_credentials"}`).
		wantDenied(400, "invalid_request", "AADSTS900144")
	r.do("POST", "/"+DefaultTenant+"/oauth2/v2.0/token", secretForm().Encode(), "Content-Type", "text/plain").
		wantDenied(400, "invalid_request", "AADSTS900144")
}

func TestTokenAnswer(t *testing.T) {
	r := newRig(t, func(o *Options) { o.TokenLife = 0; o.Roles = []string{"Machine.Read.All"} })
	for path, field := range map[string]string{"/oauth2/v2.0/token": "scope", "/oauth2/token": "resource"} {
		form := secretForm()
		if field == "resource" {
			form.Del("scope")
			form.Set("resource", "https://api.securitycenter.microsoft.com")
		}
		a := r.tokenAt(DefaultTenant+path, form)
		got := a.object()
		access := a.str("access_token")
		delete(got, "access_token")
		if diff := cmp.Diff(map[string]any{"token_type": "Bearer", "expires_in": 3599.0}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		claims := claimsOf(t, access)
		want := map[string]any{"roles": []any{"Machine.Read.All"}, "aud": apiResource, "ver": "1.0", "appid": DefaultClientID}
		for name, v := range want {
			if diff := cmp.Diff(v, claims[name]); diff != "" {
				t.Errorf("claim %s (-want +got):\n%s", name, diff)
			}
		}
	}
	form := secretForm() // the other spelling, https://learn.microsoft.com/defender-endpoint/api/exposed-apis-create-app-webapp
	form.Set("scope", "https://securitycenter.onmicrosoft.com/windowsatpservice/.default")
	r.token(form).want(http.StatusOK, "")
	form.Set("scope", apiResource+"/.default openid offline_access profile") // as MSAL for Go sends it
	r.token(form).want(http.StatusOK, "")
	r.tokenAt(DefaultTenant+"/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {DefaultClientID}, "client_secret": {DefaultClientSecret},
		"resource": {"https://graph.microsoft.com"},
	}).wantDenied(400, "invalid_resource", "AADSTS500011")
}

func claimsOf(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts, want 3", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTokenEnds(t *testing.T) {
	r := newRig(t, func(o *Options) { o.TokenLife = time.Hour })
	r.get("/api/machines").want(http.StatusOK, "")
	r.clock.Advance(time.Hour - time.Nanosecond)
	r.get("/api/machines").want(http.StatusOK, "")
	r.clock.Advance(time.Nanosecond)
	r.get("/api/machines").want(http.StatusUnauthorized, "Unauthorized")

	r.bearer = r.login()
	r.get("/api/machines").want(http.StatusOK, "")
	r.RevokeTokens()
	r.get("/api/machines").want(http.StatusUnauthorized, "Unauthorized")

	for _, header := range []string{"", "Bearer", "Bearer made-up", "Basic x", r.login()} {
		r.do("GET", "/api/machines", "", "Authorization", header).want(http.StatusUnauthorized, "Unauthorized")
	}
}

func TestTokenNoRoles(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Roles = []string{} })
	if roles, ok := claimsOf(t, r.bearer)["roles"]; ok {
		t.Errorf("roles = %v, want no such claim", roles)
	}
}
