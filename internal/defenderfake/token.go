package defenderfake

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// apiResource is the audience of the API; the sample requests use it whatever the API's host is.
const apiResource = "https://api.securitycenter.microsoft.com"

// scopes are the two spellings of the API that Microsoft's pages show.
var scopes = []string{apiResource + "/.default", "https://securitycenter.onmicrosoft.com/windowsatpservice/.default"}

// openIDScopes may stand beside it: MSAL sends some of them with every request for a token,
// https://learn.microsoft.com/entra/identity-platform/scopes-oidc#openid-connect-scopes.
var openIDScopes = []string{"openid", "profile", "email", "offline_access"}

// App is an application registered in the tenant. It proves itself with whatever of the three it has.
type App struct {
	ID           string
	Name         string // what actions show as requestor; "" shows the ID
	Secret       string
	Certificates []*x509.Certificate
	Federated    []string // tokens of another issuer that are taken as they are
	Roles        []string // what its tokens carry from now on
}

func (a App) requestor() string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

// token is what the tenant knows about an access token that is out.
type token struct {
	app     string
	roles   []string
	expires time.Time
}

// loginError is Entra's error,
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
type loginError struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
}

// issueV2 is {tenant}/oauth2/v2.0/token.
func (t *tenant) issueV2(x *exchange) reply {
	return t.issue(x, "scope", func(s string) *denied {
		asked := slices.DeleteFunc(strings.Fields(s), func(w string) bool { return slices.Contains(openIDScopes, w) })
		if len(asked) != 1 || !slices.Contains(scopes, asked[0]) {
			return &denied{70011, "The provided value for the input parameter 'scope' is not valid: " + s}
		}
		return nil
	})
}

// issueV1 is {tenant}/oauth2/token, which names a resource in place of a scope.
func (t *tenant) issueV1(x *exchange) reply {
	return t.issue(x, "resource", func(s string) *denied {
		if strings.TrimSuffix(s, "/") != apiResource {
			return &denied{500011, "The resource principal named " + s + " was not found in the tenant"}
		}
		return nil
	})
}

// issue answers a request for a token; what is the name of the field that aim judges.
func (t *tenant) issue(x *exchange, what string, aim func(string) *denied) reply {
	form, d := x.form()
	if d == nil {
		d = t.checkForm(x, form, what)
	}
	if d == nil {
		d = aim(form.Get(what))
	}
	app, known := t.apps[form.Get("client_id")]
	if d == nil && !known {
		d = &denied{700016, "Application with identifier '" + form.Get("client_id") + "' was not found in the directory"}
	}
	if d == nil {
		d = t.prove(x, app, form)
	}
	if d != nil {
		return d.reply(x.now)
	}
	x.app = app
	return jsonReply(http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": int(t.opts.TokenLife.Seconds()), "access_token": t.mint(app, x.now),
	})
}

// form reads the body, which must be form-encoded.
func (x *exchange) form() (url.Values, *denied) {
	kind, _, _ := strings.Cut(x.header.Get("Content-Type"), ";")
	form, err := url.ParseQuery(string(x.body))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &denied{900144, "The request body must be form-encoded and contain the parameter: 'grant_type'"}
	}
	return form, nil
}

func (t *tenant) checkTenant(x *exchange) *denied {
	if x.param != t.opts.Tenant {
		return &denied{90002, "Tenant '" + x.param + "' not found"}
	}
	return nil
}

// checkForm checks the tenant and that nothing is missing.
func (t *tenant) checkForm(x *exchange, form url.Values, what string) *denied {
	if d := t.checkTenant(x); d != nil {
		return d
	}
	for _, name := range []string{"grant_type", "client_id", what} {
		if form.Get(name) == "" {
			return &denied{900144, "The request body must contain the following parameter: '" + name + "'"}
		}
	}
	if form.Get("grant_type") != "client_credentials" {
		return &denied{70003, "The app requested an unsupported grant type '" + form.Get("grant_type") + "'"}
	}
	return nil
}

// prove checks that the caller is the app.
func (t *tenant) prove(x *exchange, app App, form url.Values) *denied {
	assertion, secret := form.Get("client_assertion"), form.Get("client_secret")
	if assertion != "" {
		t.hand("assertion", assertion)
	}
	switch {
	case assertion != "" && form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return &denied{900144, "The request body must contain the following parameter: 'client_assertion_type'"}
	case assertion != "" && slices.Contains(app.Federated, assertion):
		return nil
	case assertion != "":
		return app.verify(assertion, t.base+x.uri, x.now)
	case secret == "":
		return &denied{7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'"}
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.Secret)) != 1:
		return &denied{7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID"}
	}
	return nil
}

// mint makes an access token that reads like Entra's; the tenant itself goes by its own record of it.
func (t *tenant) mint(app App, now time.Time) string {
	expires := now.Add(t.opts.TokenLife)
	claims := map[string]any{
		"aud": apiResource, "iss": "https://sts.windows.net/" + t.opts.Tenant + "/", "tid": t.opts.Tenant,
		"appid": app.ID, "app_displayname": app.Name, "ver": "1.0", "tenant_region_scope": "NA", "uti": guid(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(),
	}
	if len(app.Roles) > 0 {
		claims["roles"] = app.Roles
	}
	signature := make([]byte, 64)
	_, _ = rand.Read(signature) // never fails
	out := part(map[string]any{"typ": "JWT", "alg": "RS256"}) + "." + part(claims) + "." +
		base64.RawURLEncoding.EncodeToString(signature)
	maps.DeleteFunc(t.tokens, func(_ string, old token) bool { return !now.Before(old.expires) })
	t.hand("access token", out)
	t.tokens[out] = token{app.ID, app.Roles, expires}
	return out
}

func part(v map[string]any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("defenderfake: " + err.Error()) // unreachable: texts and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// authenticate finds who calls by the bearer token, if that is known and has not expired.
func (t *tenant) authenticate(x *exchange) bool {
	bearer, ok := strings.CutPrefix(x.header.Get("Authorization"), "Bearer ")
	known, found := t.tokens[bearer]
	if !ok || !found || !x.now.Before(known.expires) {
		return false
	}
	x.app, x.roles = t.apps[known.app], known.roles
	return true
}

// denied is a token request that is refused: an AADSTS number and its text.
type denied struct {
	code   int
	reason string
}

// reply answers with the OAuth error that goes with the number: 401 when the client could not prove itself.
func (d denied) reply(now time.Time) reply {
	name, status := d.class()
	id := guid()
	return jsonReply(status, loginError{
		Error: name, Description: "AADSTS" + strconv.Itoa(d.code) + ": " + d.reason + ". Trace ID: " + id, Codes: []int{d.code},
		Timestamp: now.UTC().Format("2006-01-02 15:04:05Z"), TraceID: id, CorrelationID: guid(),
	})
}

// class is the OAuth error and HTTP status, as
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes groups the numbers.
func (d denied) class() (string, int) {
	switch d.code {
	case 70011:
		return "invalid_scope", http.StatusBadRequest
	case 500011:
		return "invalid_resource", http.StatusBadRequest
	case 70003:
		return "unsupported_grant_type", http.StatusBadRequest
	case 700016:
		return "unauthorized_client", http.StatusBadRequest
	case 90002, 900144:
		return "invalid_request", http.StatusBadRequest
	}
	return "invalid_client", http.StatusUnauthorized
}
