package defenderfake

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// https://learn.microsoft.com/defender-endpoint/api/machineaction
const isolateSample = `{
	"id": "{id}", "type": "Isolate", "scope": "Selective", "requestor": "Analyst@TestPrd.onmicrosoft.com",
	"requestorComment": "test for docs", "status": "Succeeded", "machineId": "7b1f4967d9728e5aa3c06a9e617a22a4a5a17378",
	"computerDnsName": "desktop-test", "creationDateTimeUtc": "2019-01-02T14:39:38.2262283Z",
	"lastUpdateDateTimeUtc": "2019-01-02T14:40:44.6596267Z", "relatedFileInfo": null}`

// capturedOnly are the fields that a captured action has and the page's older sample has not.
var capturedOnly = map[string]any{
	"@odata.context": "{base}/api/$metadata#MachineActions/$entity", "title": nil, "cancellationRequestor": nil,
	"cancellationComment": nil, "cancellationDateTimeUtc": nil, "errorHResult": 0.0, "externalId": nil,
	"requestSource": "PublicApi", "commands": []any{}, "troubleshootInfo": nil,
}

func TestActionFields(t *testing.T) {
	created := time.Date(2019, 1, 2, 14, 39, 38, 226228300, time.UTC)
	r := newRig(t, func(o *Options) {
		o.AppName, o.PendingFor, o.FreshFor = "Analyst@TestPrd.onmicrosoft.com", -1, -1
		o.RunFor = time.Date(2019, 1, 2, 14, 40, 44, 659626700, time.UTC).Sub(created)
	})
	r.clock.Advance(created.Sub(r.clock.Now()))
	r.AddDevice(Device{ID: "7b1f4967d9728e5aa3c06a9e617a22a4a5a17378", ComputerDNSName: "desktop-test"})
	id := r.do("POST", "/api/machines/7b1f4967d9728e5aa3c06a9e617a22a4a5a17378/isolate",
		`{"Comment": "test for docs", "IsolationType": "Selective"}`).str("id")
	r.clock.Advance(time.Hour)
	want := r.sample(isolateSample, id)
	maps.Copy(want, capturedOnly)
	want["@odata.context"] = r.URL() + "/api/$metadata#MachineActions/$entity"
	if diff := cmp.Diff(want, r.get("/api/machineactions/"+id).object()); diff != "" {
		t.Errorf("get (-want +got):\n%s", diff)
	}
	delete(want, "@odata.context")
	list := map[string]any{"@odata.context": r.URL() + "/api/$metadata#MachineActions", "value": []any{want}}
	if diff := cmp.Diff(list, r.get("/api/machineactions").object()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

// https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri and get-investigation-collection
func TestListFields(t *testing.T) {
	r := newRig(t)
	if diff := cmp.Diff(
		map[string]any{"@odata.context": r.URL() + "/api/$metadata#Investigations", "value": []any{}},
		r.get("/api/investigations").object(),
	); diff != "" {
		t.Errorf("investigations (-want +got):\n%s", diff)
	}
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	r.clock.Advance(88 * time.Second)
	got := r.get("/api/machineactions/" + id + "/getPackageUri").object()
	value, _ := got["value"].(string)
	token := value[strings.Index(value, "=")+1:]
	want := map[string]any{
		"@odata.context": r.URL() + "/api/$metadata#Edm.String",
		"value":          `"` + r.URL() + "/safedownload/WDATP_Investigation_Package.zip?token=" + token,
	}
	if diff := cmp.Diff(want, got); diff != "" || !strings.HasSuffix(token, `"`) {
		t.Errorf("getPackageUri (-want +got):\n%s", diff)
	}
}

// The bodies are as the pages of initiate-autoir-investigation and collect-investigation-package have them.
func TestExamplesOfTheTwoActions(t *testing.T) {
	r := newRig(t)
	r.AddDevice(Device{ID: device32})
	for path, kind := range map[string]string{
		"1e5bc9d7e413ddd7902c2932e418702b84d0cc07/startInvestigation":  "Investigations/$entity",
		"fb9ab6be3965095a09c057be7c90f0a2/collectInvestigationPackage": "MachineActions/$entity",
	} {
		a := r.do("POST", "/api/machines/"+path, `{"Comment": "Test"}`)
		a.want(http.StatusCreated, "")
		if got, want := a.str("@odata.context"), r.URL()+"/api/$metadata#"+kind; got != want {
			t.Errorf("%s: @odata.context = %q, want %q", path, got, want)
		}
	}
}

// TestExampleAddresses asks for what the pages show as examples; what is found is told by its type, state or name.
func TestExampleAddresses(t *testing.T) {
	r := newRig(t)
	seen := time.Date(2024, 1, 22, 8, 40, 0, 0, time.UTC)
	r.AddDevice(Device{ID: "b", ComputerDNSName: "mymachine1.contoso.com", LastIPAddress: "10.248.240.38", LastSeen: seen})
	r.AddDevice(Device{ID: "c", ComputerDNSName: "old", LastSeen: time.Date(2018, 7, 31, 0, 0, 0, 0, time.UTC)})
	for _, name := range []string{Isolate, RunScan, CollectPackage, StartInvestigation} {
		if _, err := r.Portal("Analyst@contoso.com").Start(name, device40, ""); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(time.Second)
	}
	if _, err := r.Portal("other@contoso.com").Start(RunScan, "b", ""); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(12 * time.Second) // all can be seen, the investigation runs
	for _, tt := range []struct{ address, want string }{
		{"machineactions?$filter=machineId eq '{id}'&$top=2", "CollectInvestigationPackage RunAntiVirusScan"},
		{"machineactions?$filter=requestor eq 'Analyst@contoso.com' and type eq 'RunAntiVirusScan'", "RunAntiVirusScan"},
		{"machineactions?$filter=creationDateTimeUtc+ge+2019-11-22T00:00:00Z&$top=1&$skip=3", "Isolate"},
		{"investigations?$filter=machineId eq '{id}' and state eq 'Running'", "Running"},
		{"investigations?$filter=state+eq+'Running'", "Running"},
		{"machines?$filter=lastSeen gt 2018-08-01Z", "desktop-test mymachine1.contoso.com"},
		{"machines?$filter=computerDnsName eq 'mymachine1.contoso.com'", "mymachine1.contoso.com"},
		{"machines?$filter=startswith(computerDnsName,'mymachine')", "mymachine1.contoso.com"},
		{"machines/findbyip(ip='10.248.240.38',timestamp=2024-01-22T08:44:05Z)", "mymachine1.contoso.com"},
		{"machines/findbyip(ip='10.248.240.38',timestamp=2024-01-22T08:55:01Z)", ""}, // more than 15 min later
		{"v1.0/machines/findbyip(ip='10.248.240.39',timestamp=2024-01-22T08:44:05Z)", ""},
	} {
		path := strings.NewReplacer("{id}", device40, " ", "%20").Replace(tt.address)
		a := r.get("/api/" + path)
		a.want(http.StatusOK, "")
		var got []string
		for _, v := range a.values() {
			for _, name := range []string{"type", "state", "computerDnsName"} {
				if s, ok := v[name].(string); ok {
					got = append(got, s)
					break
				}
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %s", tt.address, got, tt.want)
		}
	}
	r.get("/api/machines/findbyip(ip='10.248.240.38',timestamp=2019-09-22T08:44:05Z)").want(http.StatusBadRequest, "InvalidInput")
	r.wantBadQuery("/api/machines/findbyip(ip=10.248.240.38,timestamp=2024-01-22T08:44:05Z)")
	r.wantBadQuery("/api/machines/findbyip(ip='10.248.240.38',timestamp=yesterday)")
}

// https://learn.microsoft.com/defender-endpoint/api/stop-and-quarantine-file
func TestActionQuarantine(t *testing.T) {
	r := newRig(t)
	a := r.post("StopAndQuarantineFile", `{"Comment": "Stop and quarantine file", "Sha1": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9"}`)
	a.want(http.StatusCreated, "")
	want := map[string]any{"fileIdentifier": "87662bc3d60e4200ceaf7aae249d1c343f4b83c9", "fileIdentifierType": "Sha1"}
	if diff := cmp.Diff(want, a.object()["relatedFileInfo"]); diff != "" || a.object()["scope"] != nil {
		t.Errorf("scope %v, relatedFileInfo (-want +got):\n%s", a.object()["scope"], diff)
	}
}
