package defenderfake

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"defenderbot/internal/testclock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The devices of the vendor's own examples.
const (
	device40 = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"
	device32 = "fb9ab6be3965095a09c057be7c90f0a2"
)

// rig is a tenant with one device, its clock, and a client with every role.
type rig struct {
	*Server
	t      *testing.T
	clock  *testclock.Clock
	client *http.Client
	bearer string
}

func newRig(t *testing.T, with ...func(*Options)) *rig {
	t.Helper()
	c := testclock.New(time.Date(2024, 1, 24, 1, 36, 28, 728369300, time.UTC))
	o := Options{Now: c.Now, TokenLife: 10_000 * time.Hour}
	for _, w := range with {
		w(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(s.Close)
	// Without kept connections no request of the client can be repeated behind the test's back.
	r := &rig{Server: s, t: t, clock: c, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if o.TLS != nil {
		r.client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: trusting(t, o.TLS.Certificate[0])}
	}
	s.AddDevice(Device{ID: device40, ComputerDNSName: "desktop-test"})
	r.bearer = r.login()
	return r
}

// trusting is a client's configuration that knows one server.
func trusting(t *testing.T, der []byte) *tls.Config {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{RootCAs: pool}
}

// login gets a token for the first app.
func (r *rig) login() string {
	r.t.Helper()
	a := r.token(secretForm())
	if a.status != http.StatusOK {
		r.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return a.str("access_token")
}

func secretForm() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {DefaultClientID}, "client_secret": {DefaultClientSecret},
		"scope": {"https://api.securitycenter.microsoft.com/.default"},
	}
}

func (r *rig) token(form url.Values) answer {
	r.t.Helper()
	return r.tokenAt(DefaultTenant+"/oauth2/v2.0/token", form)
}

func (r *rig) tokenAt(path string, form url.Values) answer {
	r.t.Helper()
	return r.do("POST", "/"+path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
}

// answer is a response that has been read.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// do makes one request; headers come in pairs.
func (r *rig) do(method, path, body string, headers ...string) answer {
	r.t.Helper()
	a, err := r.try(method, path, body, headers...)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (r *rig) try(method, path, body string, headers ...string) (answer, error) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.URL()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.bearer)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{r.t, resp.StatusCode, resp.Header, string(b)}, err
}

func (r *rig) get(path string) answer {
	r.t.Helper()
	return r.do("GET", path, "")
}

// list asks a list with a filter and returns the entities.
func (r *rig) list(what, filter string) []map[string]any {
	r.t.Helper()
	a := r.get("/api/" + what + "?$filter=" + url.QueryEscape(filter))
	if a.status != http.StatusOK {
		r.t.Fatalf("list %s %q: %d %s", what, filter, a.status, a.body)
	}
	return a.values()
}

// post starts an action on the rig's device.
func (r *rig) post(verb, body string) answer {
	r.t.Helper()
	return r.do("POST", "/api/machines/"+device40+"/"+verb, body)
}

// made starts an action, wants 201 and returns its id after it has become visible.
func (r *rig) made(verb, body string) string {
	r.t.Helper()
	a := r.post(verb, body)
	a.want(http.StatusCreated, "")
	r.clock.Advance(2 * time.Second)
	return a.str("id")
}

func (a answer) object() map[string]any {
	a.t.Helper()
	var v map[string]any
	dec := json.NewDecoder(bytes.NewReader([]byte(a.body)))
	if err := dec.Decode(&v); err != nil {
		a.t.Fatalf("body %q: %v", a.body, err)
	}
	return v
}

func (a answer) str(name string) string {
	a.t.Helper()
	s, ok := a.object()[name].(string)
	if !ok {
		a.t.Fatalf("%s is not a string in %s", name, a.body)
	}
	return s
}

func (a answer) values() []map[string]any {
	a.t.Helper()
	list, ok := a.object()["value"].([]any)
	if !ok {
		a.t.Fatalf("no list in %s", a.body)
	}
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}

// want checks the status and, unless it is "", the code of the error.
func (a answer) want(status int, code string) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status = %d, want %d; body %s", a.status, status, a.body)
	}
	if code == "" {
		return
	}
	e, _ := a.object()["error"].(map[string]any)
	if e["code"] != code || len(e) != 3 || e["message"] == "" || !isGUID.MatchString(e["target"].(string)) {
		a.t.Errorf("error = %v, want code %s with a message and a correlation id", e, code)
	}
}

// message is the text of a Defender error.
func (a answer) message() string {
	a.t.Helper()
	e, _ := a.object()["error"].(map[string]any)
	s, _ := e["message"].(string)
	return s
}

// machines fills a tenant with four devices, a to d.
func machines(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.RemoveDevice(device40)
	day := time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC)
	r.AddDevice(Device{ID: "a", ComputerDNSName: "web01.contoso.com", LastSeen: day, RiskScore: "High", RBACGroupID: 140})
	r.AddDevice(Device{ID: "b", ComputerDNSName: "web02.contoso.com", LastSeen: day.Add(12 * time.Hour), OSPlatform: "Linux"})
	r.AddDevice(Device{ID: "c", ComputerDNSName: "o'brien", LastSeen: day.Add(24 * time.Hour), RiskScore: "Low"})
	r.AddDevice(Device{ID: "d", ComputerDNSName: "WEB03", LastSeen: day.Add(48 * time.Hour), RiskScore: "High"})
	return r
}
