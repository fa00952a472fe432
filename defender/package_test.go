package defender_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"defenderbot/defender"
)

// packageLink is the link of the vendor's page, with a token.
const packageLink = "https://userrequests-us.securitycenter.windows.com:443/safedownload/WDATP_Investigation_Package.zip?token=sig=eyJ"

// collection is the id of a machine action.
const collection = "5382f7ea-7557-4ab7-9782-d50480024a4e"

// valued is an answer with a value.
func valued(v any) string {
	text, err := json.Marshal(map[string]any{"@odata.context": "https://api.security.microsoft.com/api/$metadata#Edm.String", "value": v})
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestPackageURI takes the link out of its quotes.
func TestPackageURI(t *testing.T) {
	for name, value := range map[string]string{"quoted": `"` + packageLink + `"`, "bare": packageLink, "spaced": " \"" + packageLink + "\"\n"} {
		r := setup(t, answers(http.StatusOK, valued(value)))
		got, err := r.PackageURI(t.Context(), collection)
		if err != nil || got != packageLink {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if q := r.all()[0]; q.Method != http.MethodGet || q.Path != "/api/machineactions/"+collection+"/getPackageUri" {
			t.Errorf("%s: request = %s %s", name, q.Method, q.Path)
		}
	}
}

// TestPackageURILocal: plain http leads to this machine alone, and only where Defender
// itself is there without TLS.
func TestPackageURILocal(t *testing.T) {
	for link, fine := range map[string]bool{
		"http://127.0.0.1:8080/safedownload/x.zip?token=sig=eyJ": true,
		"http://localhost/x?token=sig=eyJ":                       true,
		"http://10.0.0.1/x?token=sig=eyJ":                        false,
	} {
		r := setup(t, answers(http.StatusOK, valued(link)))
		if got, err := r.PackageURI(t.Context(), collection); (err == nil) != fine || err == nil && got != link {
			t.Errorf("%s: %q, %v", link, got, err)
		}
		secure := &rig{server: httptest.NewTLSServer(answers(http.StatusOK, valued(link)))}
		t.Cleanup(secure.server.Close)
		secure.connect(t, defender.Config{BaseURL: secure.server.URL, Now: time.Now, Transport: clientTransport(t, secure.server)})
		_, err := secure.PackageURI(t.Context(), collection)
		failed(t, err, defender.BadAnswer)
	}
}

// TestPackageURIOther: what is no address for a person is refused, and is in no error.
func TestPackageURIOther(t *testing.T) {
	for _, value := range []any{
		nil, "", `""`, 7, "sig=eyJ", "/safedownload?token=sig=eyJ", "http://example.com/x?token=sig=eyJ", "javascript:sig=eyJ", "ftp://x/?token=sig=eyJ",
		"https://?token=sig=eyJ", "https://u:p@x/?token=sig=eyJ", "https://x/?token=sig=eyJ|y", "https://x/\x7f?token=sig=eyJ", "https://x/ y?token=sig=eyJ",
		"https://x/?token=sig=eyJ" + strings.Repeat("a", 3000),
		map[string]any{"uri": packageLink},
	} {
		r := setup(t, answers(http.StatusOK, valued(value)))
		got, err := r.PackageURI(t.Context(), collection)
		failed(t, err, defender.BadAnswer)
		if got != "" {
			t.Errorf("%v: %q", value, got)
		}
	}
	for _, body := range []string{`"` + packageLink, packageLink, `{"value":` + packageLink + `}`, ``} {
		r := setup(t, answers(http.StatusOK, body))
		_, err := r.PackageURI(t.Context(), collection)
		failed(t, err, defender.BadAnswer)
	}
	r := setup(t, answers(http.StatusOK, valued(packageLink)))
	for _, id := range []string{"", "..", "a/b", "x?y", strings.Repeat("a", 65)} {
		_, err := r.PackageURI(t.Context(), id)
		failed(t, err, defender.NotSent)
	}
	if n := len(r.all()); n != 0 {
		t.Errorf("%d requests for what cannot be an id", n)
	}
}

// TestPackageURIRefused: which of the roles is needed is not known, so a 403 names them all
// unless Defender does; a refusal with the link in its words is told without it.
func TestPackageURIRefused(t *testing.T) {
	const both = "Machine.ReadWrite.All, Machine.Read.All"
	for name, tt := range map[string]struct {
		status int
		body   string
		want   defender.Cause
		role   string
	}{
		"not ready":     {http.StatusNotFound, refusal("ResourceNotFound", "see "+packageLink), defender.NotFound, ""},
		"roles named":   {http.StatusForbidden, refusal("Forbidden", "Missing application roles. API required roles: Machine.ReadWrite.All, application roles: Machine.Read.All."), defender.MissingRole, "Machine.ReadWrite.All"},
		"no role named": {http.StatusForbidden, refusal("Forbidden", "Forbidden"), defender.MissingRole, both},
		"a feature":     {http.StatusForbidden, refusal("DisabledFeature", "off"), defender.Licence, ""},
		"a policy":      {http.StatusForbidden, refusal("DisallowedOperation", "no"), defender.Disallowed, ""},
		"a proxy":       {http.StatusForbidden, "<html>" + packageLink, defender.BadAnswer, ""},
		"throttled":     {http.StatusTooManyRequests, refusal("TooManyRequests", "slow down"), defender.Throttled, ""},
		"a gateway":     {http.StatusBadGateway, packageLink, defender.OutcomeUnknown, ""},
	} {
		r := setup(t, answers(tt.status, tt.body))
		_, err := r.PackageURI(t.Context(), collection)
		e := failed(t, err, tt.want)
		if e.Role != tt.role {
			t.Errorf("%s: role %q, want %q", name, e.Role, tt.role)
		}
	}
}

// TestPackageEndpoint has the figures of the vendor's page.
func TestPackageEndpoint(t *testing.T) {
	e := defender.PackageEndpoint()
	if e.Name != "getPackageUri" || len(e.Limits) != 2 || e.Limits[0].String() != "2 a minute" || e.Limits[1].String() != "120 an hour" {
		t.Errorf("%+v", e)
	}
}
