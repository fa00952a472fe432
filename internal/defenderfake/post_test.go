package defenderfake

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestBodyRules(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Limits = map[string][]Limit{CollectPackage: nil} })
	for _, tt := range []struct {
		name, verb, kind, body string
		status                 int
		code                   string
	}{
		{"no body", "collectInvestigationPackage", "application/json", "", 400, "InvalidRequestBody"},
		{"not JSON", "collectInvestigationPackage", "application/json", "Comment=x", 400, "InvalidRequestBody"},
		{"null", "collectInvestigationPackage", "application/json", "null", 400, "InvalidRequestBody"},
		{"a list", "collectInvestigationPackage", "application/json", `["x"]`, 400, "InvalidRequestBody"},
		{"a number", "collectInvestigationPackage", "application/json", `{"Comment":7}`, 400, "InvalidRequestBody"},
		{"no comment", "collectInvestigationPackage", "application/json", `{}`, 400, "MissingRequiredParameter"},
		{"empty comment", "collectInvestigationPackage", "application/json", `{"Comment":" "}`, 400, "MissingRequiredParameter"},
		{"null comment", "collectInvestigationPackage", "application/json", `{"Comment":null}`, 400, "MissingRequiredParameter"},
		{"lower case", "startInvestigation", "application/json", `{"comment":"x"}`, 400, "MissingRequiredParameter"},
		{"form", "startInvestigation", "application/x-www-form-urlencoded", `{"Comment":"x"}`, 400, "InvalidRequestBody"},
		{"no type", "startInvestigation", "", `{"Comment":"x"}`, 400, "InvalidRequestBody"},
		{"scan without type", "runAntiVirusScan", "application/json", `{"Comment":"x"}`, 400, "MissingRequiredParameter"},
		{"scan of no type", "runAntiVirusScan", "application/json", `{"Comment":"x","ScanType":"quick"}`, 400, "InvalidRequestBody"},
		{"wrong isolation", "isolate", "application/json", `{"Comment":"x","IsolationType":"Half"}`, 400, "InvalidRequestBody"},
		{"no hash", "StopAndQuarantineFile", "application/json", `{"Comment":"x"}`, 400, "MissingRequiredParameter"},
		{"half a hash", "StopAndQuarantineFile", "application/json", `{"Comment":"x","Sha1":"87662bc3d60e4200ceaf7aae249d1c343f4b83"}`, 400, "InvalidHashValue"},
		{"charset", "collectInvestigationPackage", "application/json; charset=utf-8", `{"Comment":"x"}`, 201, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := r.do("POST", "/api/machines/"+device40+"/"+tt.verb, tt.body, "Content-Type", tt.kind)
			a.t = t
			a.want(tt.status, tt.code)
		})
	}
	if got := len(r.Actions()) + len(r.Investigations()); got != 1 {
		t.Errorf("%d things were started, want 1", got)
	}
}

// TestTableEachAction: each action of the table can be started.
func TestTableEachAction(t *testing.T) {
	r, missing := newRig(t), map[string]bool{}
	for _, rule := range rules {
		if rule.makes != "" {
			missing[rule.name] = true
		}
	}
	for _, tt := range []struct{ verb, body, makes, scope string }{
		{"collectInvestigationPackage", `{"Comment":"c"}`, "CollectInvestigationPackage", ""},
		{"isolate", `{"Comment":"c"}`, "Isolate", "Full"},
		{"isolate", `{"Comment":"c","IsolationType":"Selective"}`, "Isolate", "Selective"},
		{"unisolate", `{"Comment":"c"}`, "Unisolate", ""},
		{"runAntiVirusScan", `{"Comment":"c","ScanType":"Quick"}`, "RunAntiVirusScan", "Quick"},
		{"restrictCodeExecution", `{"Comment":"c"}`, "RestrictCodeExecution", ""},
		{"unrestrictCodeExecution", `{"Comment":"c"}`, "UnrestrictCodeExecution", ""},
		{"offboard", `{"Comment":"c"}`, "Offboard", ""},
		{"StopAndQuarantineFile", `{"Comment":"c","Sha1":"87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`, "StopAndQuarantineFile", ""},
	} {
		r.post(tt.verb, tt.body).want(http.StatusCreated, "")
		all := r.Actions()
		last := all[len(all)-1]
		if last.Type != tt.makes || last.Scope != tt.scope || last.MachineID != device40 || last.Comment != "c" {
			t.Errorf("%s made %+v, want type %s and scope %q", tt.verb, last, tt.makes, tt.scope)
		}
		if err := r.Finish(last.ID, ActionSucceeded); err != nil {
			t.Error(err)
		}
		delete(missing, "machines/"+tt.verb)
	}
	for name := range missing {
		t.Errorf("%s has no row here", name)
	}
}

// TestTableRoles: each action needs its role.
func TestTableRoles(t *testing.T) {
	for _, tt := range []struct{ method, path, need string }{
		{"POST", "machines/{d}/startInvestigation", "Alert.ReadWrite.All"},
		{"POST", "machines/{d}/collectInvestigationPackage", "Machine.CollectForensics"},
		{"POST", "machines/{d}/isolate", "Machine.Isolate"},
		{"POST", "machines/{d}/unisolate", "Machine.Isolate"},
		{"POST", "machines/{d}/runAntiVirusScan", "Machine.Scan"},
		{"POST", "machines/{d}/restrictCodeExecution", "Machine.RestrictExecution"},
		{"POST", "machines/{d}/unrestrictCodeExecution", "Machine.RestrictExecution"},
		{"POST", "machines/{d}/offboard", "Machine.Offboard"},
		{"POST", "machines/{d}/StopAndQuarantineFile", "Machine.StopAndQuarantine"},
		{"GET", "machines/findbyip(ip='10.0.0.1',timestamp=2024-01-24T01:00:00Z)", "Machine.Read.All,Machine.ReadWrite.All"},
		{"GET", "machines", "Machine.Read.All,Machine.ReadWrite.All"},
		{"GET", "machines/{d}", "Machine.Read.All,Machine.ReadWrite.All"},
		{"GET", "machineactions", "Machine.Read.All,Machine.ReadWrite.All"},
		{"GET", "machineactions/x", "Machine.Read.All,Machine.ReadWrite.All"},
		{"GET", "machineactions/x/getPackageUri", "Machine.ReadWrite.All"},
		{"GET", "investigations", "Alert.Read.All,Alert.ReadWrite.All"},
		{"GET", "investigations/63004", "Alert.Read.All,Alert.ReadWrite.All"},
	} {
		r := newRig(t, func(o *Options) { o.Roles = []string{"Ti.ReadWrite.All", "Url.Read.All"} })
		path := "/api/" + strings.ReplaceAll(tt.path, "{d}", device40)
		a := r.do(tt.method, path, `{"Comment":"x","ScanType":"Full"}`)
		a.want(http.StatusForbidden, "Forbidden")
		want := "Missing application roles. API required roles: " + tt.need +
			", application roles: Ti.ReadWrite.All,Url.Read.All."
		if got := a.message(); got != want {
			t.Errorf("%s: message = %q, want %q", tt.path, got, want)
		}
		r.SetApp(App{ID: DefaultClientID, Secret: DefaultClientSecret, Roles: strings.Split(tt.need, ",")[:1]})
		r.do(tt.method, path, `{"Comment":"x","ScanType":"Full"}`).want(http.StatusForbidden, "Forbidden") // old token, old roles
		r.bearer = r.login()
		if got := r.do(tt.method, path, `{"Comment":"x","ScanType":"Full"}`).status; got == http.StatusForbidden {
			t.Errorf("%s: 403 with the role %s", tt.path, tt.need)
		}
	}
}

// TestTableNoRoles: a token without roles is refused everywhere.
func TestTableNoRoles(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Roles = []string{} })
	a := r.get("/api/machines")
	if got, want := a.message(), "application roles: ."; !strings.HasSuffix(got, want) {
		t.Errorf("message = %q, want the end %q", got, want)
	}
}

// TestPathWrong: a wrong path or verb is refused.
func TestPathWrong(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct{ method, path string }{
		{"GET", "/api/machines/" + device40 + "/startInvestigation"},
		{"POST", "/api/machineactions/x/getPackageUri"},
		{"POST", "/api/machines/" + device40 + "/startInvestigations"},
		{"POST", "/api/machines//startInvestigation"},
		{"PUT", "/api/machines/" + device40},
		{"GET", "/machines"},
		{"GET", "/api/v2.0/machines"},
		{"GET", "/"},
	} {
		a := r.do(tt.method, tt.path, "")
		a.want(http.StatusNotFound, "NotFound")
		if want := "No HTTP resource was found that matches the request URI '" + r.URL() + tt.path + "'."; a.message() != want {
			t.Errorf("%s %s: message = %q, want %q", tt.method, tt.path, a.message(), want)
		}
	}
}

// TestPathSame: paths that mean the same.
func TestPathSame(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/api/machines/" + device40, "/api/v1.0/machines/" + device40, "/api/Machines/" + device40} {
		r.get(path).want(http.StatusOK, "")
	}
}

func TestUnknownDevice(t *testing.T) {
	r := newRig(t)
	a := r.do("POST", "/api/machines/"+device32+"/collectInvestigationPackage", `{"Comment":"x"}`)
	a.want(http.StatusNotFound, "ResourceNotFound")
	if want := "Machine " + device32 + " was not found"; a.message() != want {
		t.Errorf("message = %q, want %q", a.message(), want)
	}
	r.AddDevice(Device{ID: device32})
	r.do("POST", "/api/machines/"+device32+"/collectInvestigationPackage", `{"Comment":"x"}`).want(http.StatusCreated, "")
	r.RemoveDevice(device32)
	r.get("/api/machines/"+device32).want(http.StatusNotFound, "ResourceNotFound")
}

func TestPlatforms(t *testing.T) {
	const selective = `{"Comment":"x","ScanType":"Full","IsolationType":"Selective"}`
	for _, tt := range []struct {
		os, version, verb, body string
		status                  int
		code                    string
	}{
		{"macOS", "", "startInvestigation", "", 400, "OsPlatformNotSupported"},
		{"macOS", "", "offboard", "", 400, "OsPlatformNotSupported"},
		{"Linux", "", "collectInvestigationPackage", "", 201, ""},
		{"Windows10", "1703", "startInvestigation", "", 400, "ClientVersionNotSupported"},
		{"Windows10", "1709", "startInvestigation", "", 201, ""},
		{"Windows10", "22H2", "startInvestigation", "", 201, ""},
		{"WindowsServer2019", "1809", "startInvestigation", "", 201, ""},
		{"Windows10", "1607", "collectInvestigationPackage", "", 201, ""},
		{"Linux", "", "runAntiVirusScan", "", 201, ""},
		{"macOS", "", "runAntiVirusScan", "", 201, ""},
		{"Windows10", "1703", "runAntiVirusScan", "", 400, "ClientVersionNotSupported"},
		{"Windows10", "1709", "runAntiVirusScan", "", 201, ""},
		{"Linux", "", "isolate", "", 201, ""},
		{"macOS", "", "isolate", "", 201, ""},
		{"Windows10", "1607", "isolate", "", 400, "ClientVersionNotSupported"},
		{"Windows10", "1703", "isolate", "", 201, ""},
		{"Linux", "", "isolate", selective, 400, "OsPlatformNotSupported"},
		{"macOS", "", "isolate", selective, 400, "OsPlatformNotSupported"},
		{"Windows10", "1703", "isolate", selective, 400, "ClientVersionNotSupported"},
		{"Windows10", "1709", "isolate", selective, 201, ""},
		{"Windows11", "", "isolate", selective, 201, ""},
		{"Linux", "", "unisolate", "", 201, ""},
		{"Windows10", "1607", "unisolate", "", 400, "ClientVersionNotSupported"},
		{"Linux", "", "restrictCodeExecution", "", 400, "OsPlatformNotSupported"},
		{"macOS", "", "unrestrictCodeExecution", "", 400, "OsPlatformNotSupported"},
		{"Windows10", "1703", "restrictCodeExecution", "", 400, "ClientVersionNotSupported"},
		{"Windows10", "1703", "unrestrictCodeExecution", "", 400, "ClientVersionNotSupported"},
		{"Windows10", "1709", "restrictCodeExecution", "", 201, ""},
	} {
		r := newRig(t)
		r.AddDevice(Device{ID: device40, OSPlatform: tt.os, Version: tt.version})
		r.post(tt.verb, cmp.Or(tt.body, `{"Comment":"x","ScanType":"Full"}`)).want(tt.status, tt.code)
	}
}

func TestActionSecond(t *testing.T) {
	for _, verb := range []string{
		"collectInvestigationPackage", "startInvestigation", "runAntiVirusScan", "isolate", "unisolate", "restrictCodeExecution", "unrestrictCodeExecution",
	} {
		r := newRig(t)
		body := `{"Comment":"x","ScanType":"Full"}`
		r.post(verb, body).want(http.StatusCreated, "") // and refused at once, long before the first is visible
		a := r.post(verb, body)
		a.want(http.StatusBadRequest, "ActiveRequestAlreadyExists")
		if got, want := a.message(), "Action is already in progress"; got != want {
			t.Errorf("message = %q, want %q", got, want)
		}
		r.clock.Advance(88 * time.Second)
		r.post(verb, body).want(http.StatusCreated, "")
	}
}

// TestActionSecondOtherwise: a second action may also join the first or start.
func TestActionSecondOtherwise(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Second = map[string]Second{
			CollectPackage: SecondFirst, Isolate: SecondStarted, StartInvestigation: SecondFirst,
		}
	})
	first, again := r.post("collectInvestigationPackage", `{"Comment":"1"}`), r.post("collectInvestigationPackage", `{"Comment":"2"}`)
	again.want(http.StatusCreated, "")
	if diff := gocmp.Diff(first.object(), again.object()); diff != "" {
		t.Errorf("second collection (-first +second):\n%s", diff)
	}
	one, two := r.post("isolate", `{"Comment":"1"}`), r.post("isolate", `{"Comment":"2"}`)
	if one.str("id") == two.str("id") {
		t.Error("a second isolation was to be a new one")
	}
	one, two = r.post("startInvestigation", `{"Comment":"1"}`), r.post("startInvestigation", `{"Comment":"2"}`)
	if one.str("id") != two.str("id") || len(r.Investigations()) != 1 {
		t.Error("a second investigation was to be the first")
	}
	calls := r.Calls()
	if last := calls[len(calls)-1]; last.Made != "" {
		t.Errorf("the call that joined is recorded as having made %s", last.Made)
	}
}

// TestActionNoScope: a tenant may leave the scope out wherever an action is shown.
func TestActionNoScope(t *testing.T) {
	for _, without := range []bool{false, true} {
		r := newRig(t, func(o *Options) { o.NoScope = without })
		a := r.post("isolate", `{"Comment":"x","IsolationType":"Selective"}`)
		r.clock.Advance(2 * time.Second)
		want := any("Selective")
		if without {
			want = nil
		}
		shown := []map[string]any{a.object(), r.get("/api/machineactions/" + a.str("id")).object(), r.list("machineactions", "type eq 'Isolate'")[0]}
		for i, got := range shown {
			if scope, is := got["scope"]; !is || scope != want {
				t.Errorf("without it %v, place %d: the scope is %v, want %v", without, i, scope, want)
			}
		}
		if got := r.Actions()[0].Scope; got != "Selective" {
			t.Errorf("the device does %q", got)
		}
	}
}
