package defenderfake

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The answers below are those of the vendor's pages and of a public capture, with the API's host written as {base}.
const (
	collectSample = `{
		"@odata.context": "{base}/api/$metadata#MachineActions/$entity", "id": "{id}",
		"type": "CollectInvestigationPackage", "title": null, "requestor": "defenderbot",
		"requestorComment": "Collection of investigation package by the SAIM Team", "status": "Pending",
		"machineId": "3d538859b507c85ca5b30614fffe50911de8a9e1", "computerDnsName": "defendertestmac",
		"creationDateTimeUtc": "2024-01-24T01:36:28.7283693Z", "lastUpdateDateTimeUtc": "2024-01-24T01:36:28.7283693Z",
		"cancellationRequestor": null, "cancellationComment": null, "cancellationDateTimeUtc": null, "errorHResult": 0,
		"scope": null, "externalId": null, "requestSource": "PublicApi", "relatedFileInfo": null, "commands": [],
		"troubleshootInfo": null}`

	// https://learn.microsoft.com/defender-endpoint/api/initiate-autoir-investigation
	investigationSample = `{
		"id": "63004", "startTime": "2024-01-24T01:36:28Z", "endTime": null, "state": "Running", "cancelledBy": null,
		"statusDetails": null, "machineId": "e828a0624ed33f919db541065190d2f75e50a071",
		"computerDnsName": "desktop-test123", "triggeringAlertId": "da637139127150012465_1011995739"}`

	alertSample = `{
		"@odata.context": "{base}/api/$metadata#Investigations/$entity", "id": "da637139127150012465_1011995739",
		"startTime": null, "endTime": null, "state": "PendingApproval", "cancelledBy": null, "statusDetails": null,
		"machineId": null, "computerDnsName": null, "triggeringAlertId": "da637139127150012465_1011995739"}`

	// https://learn.microsoft.com/defender-endpoint/api/get-machine-by-id
	machineSample = `{
		"@odata.context": "{base}/api/$metadata#Machine", "id": "1e5bc9d7e413ddd7902c2932e418702b84d0cc07",
		"computerDnsName": "mymachine1.contoso.com", "firstSeen": "2018-08-02T14:55:03.7791856Z",
		"lastSeen": "2018-08-02T14:55:03.7791856Z", "osPlatform": "Windows10", "version": "1709", "osProcessor": "x64",
		"lastIpAddress": "172.17.230.209", "lastExternalIpAddress": "167.220.196.71", "osBuild": 18209,
		"healthStatus": "Active", "rbacGroupId": 140, "rbacGroupName": "The-A-Team", "riskScore": "Low",
		"exposureLevel": "Medium", "isAadJoined": true, "aadDeviceId": "80fe8ff8-2624-418e-9591-41f0491218f9",
		"machineTags": ["test tag 1", "test tag 2"]}`
)

// sample reads one of the texts above.
func (r *rig) sample(text, id string) map[string]any {
	r.t.Helper()
	text = strings.NewReplacer("{base}", r.URL(), "{id}", id).Replace(text)
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		r.t.Fatal(err)
	}
	return v
}

func TestCollectCapture(t *testing.T) {
	r := newRig(t)
	r.AddDevice(Device{ID: "3d538859b507c85ca5b30614fffe50911de8a9e1", ComputerDNSName: "defendertestmac", OSPlatform: "macOS"})
	a := r.do("POST", "/api/machines/3d538859b507c85ca5b30614fffe50911de8a9e1/collectInvestigationPackage",
		`{"Comment": "Collection of investigation package by the SAIM Team"}`)
	a.want(http.StatusCreated, "")
	if !isGUID.MatchString(a.str("id")) {
		t.Errorf("id = %q, want a GUID", a.str("id"))
	}
	if diff := cmp.Diff(r.sample(collectSample, a.str("id")), a.object()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestInvestigationFields(t *testing.T) {
	r := newRig(t, func(o *Options) { o.PendingFor = -1; o.FreshFor = -1 })
	r.AddDevice(Device{ID: "e828a0624ed33f919db541065190d2f75e50a071", ComputerDNSName: "desktop-test123"})
	a := r.do("POST", "/api/machines/e828a0624ed33f919db541065190d2f75e50a071/startInvestigation", `{"Comment": "Test"}`)
	a.want(http.StatusCreated, "")
	want := r.sample(investigationSample, "")
	if diff := cmp.Diff([]map[string]any{want}, r.list("investigations", "id eq '63004'")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	want["@odata.context"] = r.URL() + "/api/$metadata#Investigations/$entity"
	if diff := cmp.Diff(want, a.object()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, r.get("/api/investigations/63004").object()); diff != "" {
		t.Errorf("get (-want +got):\n%s", diff)
	}
}

func TestInvestigationByAlert(t *testing.T) {
	r := newRig(t, func(o *Options) { o.AlertIDs = true })
	a := r.post("startInvestigation", `{"Comment": "Test"}`)
	if diff := cmp.Diff(r.sample(alertSample, ""), a.object()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	r.clock.Advance(5 * time.Second)
	mine := "machineId eq '" + device40 + "'"
	if n := len(r.list("investigations", mine)); n != 0 {
		t.Errorf("%d investigations found by a device that is still null, want 0", n)
	}
	if n := len(r.list("investigations", "machineId eq null and startTime eq null")); n != 1 {
		t.Errorf("%d investigations with nulls, want 1", n)
	}
	r.clock.Advance(5 * time.Second)
	b := r.get("/api/investigations/" + a.str("id"))
	if got := b.str("id") + " " + b.str("state") + " " + b.str("machineId"); got != "63004 Running "+device40 {
		t.Errorf("once it runs it is %q", got)
	}
	if n := len(r.list("investigations", mine)); n != 1 {
		t.Errorf("%d investigations found by device once it runs, want 1", n)
	}
}

func TestMachineFields(t *testing.T) {
	r := newRig(t)
	seen := time.Date(2018, 8, 2, 14, 55, 3, 779185600, time.UTC)
	r.AddDevice(Device{
		ID: device40, ComputerDNSName: "mymachine1.contoso.com", FirstSeen: seen, LastSeen: seen, OSPlatform: "Windows10",
		Version: "1709", OSProcessor: "x64", LastIPAddress: "172.17.230.209", LastExternalIPAddress: "167.220.196.71",
		OSBuild: 18209, RBACGroupID: 140, RBACGroupName: "The-A-Team", RiskScore: "Low", ExposureLevel: "Medium",
		IsAADJoined: true, AADDeviceID: "80fe8ff8-2624-418e-9591-41f0491218f9", MachineTags: []string{"test tag 1", "test tag 2"},
	})
	want := r.sample(machineSample, "")
	for _, name := range []string{device40, "mymachine1.contoso.com", "80fe8ff8-2624-418e-9591-41f0491218f9"} {
		got := r.get("/api/machines/" + name).object()
		rest := map[string]any{}
		for k, v := range got {
			if _, ok := want[k]; !ok {
				rest[k] = v
				delete(got, k)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("machine by %s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(undocumented, rest); diff != "" {
			t.Errorf("fields that the sample has not (-want +got):\n%s", diff)
		}
	}
}

// undocumented are the fields of the resource page and of captures that the page's sample leaves out, when not set.
var undocumented = map[string]any{
	"mergedIntoMachineId": nil, "isPotentialDuplication": false, "isExcluded": false, "exclusionReason": nil,
	"osArchitecture": nil, "deviceValue": "Normal", "onboardingStatus": "Onboarded", "ipAddresses": []any{},
}

func TestErrorFields(t *testing.T) {
	r := newRig(t)
	a := r.get("/api/machines/123123123")
	a.want(http.StatusNotFound, "ResourceNotFound")
	if got, want := a.message(), "Machine 123123123 was not found"; got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
	e, _ := a.object()["error"].(map[string]any)
	e["target"] = "43f4cb08-8fac-4b65-9db1-745c2ae65f3a"
	want := map[string]any{
		"code": "ResourceNotFound", "message": "Machine 123123123 was not found", "target": "43f4cb08-8fac-4b65-9db1-745c2ae65f3a",
	}
	if diff := cmp.Diff(map[string]any{"error": want}, map[string]any{"error": e}); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestTimesTrailingZeros(t *testing.T) {
	for _, tt := range []struct {
		nano int
		want string
	}{
		{0, "2024-01-02T03:04:05Z"},
		{920_000_000, "2024-01-02T03:04:05.92Z"},
		{330_819_000, "2024-01-02T03:04:05.330819Z"},
		{728_369_399, "2024-01-02T03:04:05.7283693Z"},
	} {
		zone := time.FixedZone("", 3600)
		if got := stamp(time.Date(2024, 1, 2, 4, 4, 5, tt.nano, zone)); *got != tt.want {
			t.Errorf("stamp with %d ns = %s, want %s", tt.nano, *got, tt.want)
		}
	}
}
