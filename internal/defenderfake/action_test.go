package defenderfake

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestActionProceeds(t *testing.T) {
	r := newRig(t)
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	for _, step := range []struct {
		after          time.Duration
		status, update string
	}{
		{0, "Pending", "2024-01-24T01:36:28.7283693Z"},
		{8*time.Second - 1, "Pending", "2024-01-24T01:36:28.7283693Z"},
		{1, "InProgress", "2024-01-24T01:36:38.7283693Z"},
		{78*time.Second - 1, "InProgress", "2024-01-24T01:36:38.7283693Z"},
		{1, "Succeeded", "2024-01-24T01:37:56.7283693Z"},
		{time.Hour, "Succeeded", "2024-01-24T01:37:56.7283693Z"},
	} {
		r.clock.Advance(step.after)
		a := r.get("/api/machineactions/" + id)
		if got := a.str("status") + " " + a.str("lastUpdateDateTimeUtc"); got != step.status+" "+step.update {
			t.Errorf("at %v it is %s, want %s %s", r.clock.Now(), got, step.status, step.update)
		}
	}
}

// TestActionPickedUp: a device that is offline does what waits for it when it is back.
func TestActionPickedUp(t *testing.T) {
	r := newRig(t)
	r.AddDevice(Device{ID: device40, PickUpAfter: time.Hour})
	action := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	investigation := r.made("startInvestigation", `{"Comment":"x"}`)
	for _, step := range []struct {
		after         time.Duration
		status, state string
	}{
		{time.Hour - time.Minute, "Pending", "Queued"},
		{time.Minute, "InProgress", "Running"},
		{78 * time.Second, "Succeeded", "Benign"},
	} {
		r.clock.Advance(step.after)
		status, state := r.get("/api/machineactions/"+action).str("status"), r.get("/api/investigations/"+investigation).str("state")
		if status != step.status || state != step.state {
			t.Errorf("at %v: %s and %s, want %s and %s", r.clock.Now(), status, state, step.status, step.state)
		}
	}
}

func TestActionEnds(t *testing.T) {
	for _, end := range []string{ActionFailed, ActionTimeOut, ActionCancelled, ActionPending, ActionInProgress} {
		r := newRig(t)
		r.AddDevice(Device{ID: device40, ActionEnd: end})
		id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
		r.clock.Advance(80 * time.Hour)
		since := map[string]string{ActionPending: "01:36:28", ActionInProgress: "01:36:38"}[end]
		a := r.get("/api/machineactions/" + id)
		if got := a.str("status"); got != end {
			t.Errorf("it ends in %s, want %s", got, end)
		}
		if got, want := a.str("lastUpdateDateTimeUtc"), "2024-01-24T"+cmp.Or(since, "01:37:56")+".7283693Z"; got != want {
			t.Errorf("%s since %s, want %s", end, got, want)
		}
		again := r.post("collectInvestigationPackage", `{"Comment":"x"}`)
		if open := end == ActionPending || end == ActionInProgress; open != (again.status == http.StatusBadRequest) {
			t.Errorf("after %s a second collection meets %d", end, again.status)
		}
	}
}

func TestInvestigationProceeds(t *testing.T) {
	for _, tt := range []struct{ end, ended string }{
		{"", "2024-01-24T01:37:56Z"}, {"SuccessfullyRemediated", "2024-01-24T01:37:56Z"}, {"PendingApproval", ""}, {"Queued", ""},
	} {
		r := newRig(t)
		r.AddDevice(Device{ID: device40, InvestigationEnd: tt.end})
		id := r.made("startInvestigation", `{"Comment":"x"}`)
		var states []any
		for _, d := range []time.Duration{0, 8 * time.Second, 78 * time.Second} {
			r.clock.Advance(d)
			states = append(states, r.get("/api/investigations/" + id).object()["state"])
		}
		want := []any{"Queued", "Running", tt.end}
		switch tt.end {
		case "":
			want[2] = "Benign"
		case "Queued":
			want[1] = "Queued"
		}
		if diff := gocmp.Diff(want, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if got, _ := r.get("/api/investigations/" + id).object()["endTime"].(string); got != tt.ended {
			t.Errorf("%s: endTime = %q, want %q", tt.end, got, tt.ended)
		}
	}
}

func TestActionFresh(t *testing.T) {
	r := newRig(t)
	action := r.post("collectInvestigationPackage", `{"Comment":"x"}`).str("id")
	investigation := r.post("startInvestigation", `{"Comment":"x"}`).str("id")
	check := func(status, listed int) {
		t.Helper()
		for path, id := range map[string]string{"machineactions": action, "investigations": investigation} {
			code := map[int]string{404: "ResourceNotFound"}[status]
			r.get("/api/"+path+"/"+id).want(status, code)
			if got := len(r.list(path, "machineId eq '"+device40+"'")); got != listed {
				t.Errorf("%s lists %d, want %d", path, got, listed)
			}
		}
	}
	check(404, 0)
	r.do("POST", "/api/machineactions/"+action+"/cancel", "").want(http.StatusNotFound, "ResourceNotFound")
	r.clock.Advance(2*time.Second - 1)
	check(404, 0)
	r.clock.Advance(1)
	check(200, 1)

	off := r.Inject(Fault{On: "*", Hide: 2 * time.Minute})
	check(404, 0)
	r.clock.Advance(2 * time.Minute)
	check(200, 1)
	off()
}

func TestActionFilters(t *testing.T) {
	r := newRig(t)
	collect := r.made("collectInvestigationPackage", `{"Comment":"1"}`)
	scan := r.made("runAntiVirusScan", `{"Comment":"2","ScanType":"Quick"}`)
	portal, err := r.Portal("ana@contoso.example").Start(Isolate, device40, "by hand")
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(2 * time.Second)
	for _, tt := range []struct {
		filter string
		want   string
	}{
		{"machineId eq '" + device40 + "'", portal + scan + collect}, // the latest first
		{"id in ('" + collect + "','" + portal + "')", portal + collect},
		{"id eq " + scan, scan},
		{"type eq 'CollectInvestigationPackage' and status eq 'Pending'", collect},
		{"requestor eq 'ana@contoso.example'", portal},
		{"status eq 'Succeeded'", ""},
		{"creationDateTimeUtc ge 2024-01-24T01:36:30Z", portal + scan},
	} {
		if got := ids(r.list("machineactions", tt.filter)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.filter, got, tt.want)
		}
	}
	if got := ids(r.get("/api/machineactions?$top=2&$skip=1").values()); got != scan+collect {
		t.Errorf("the second page is %s", got)
	}
}

func TestCancel(t *testing.T) {
	r := newRig(t)
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	path := "/api/machineactions/" + id + "/cancel"
	r.do("POST", path, `{"Comment":1}`).want(http.StatusBadRequest, "InvalidRequestBody")
	r.do("POST", path, `Comment`).want(http.StatusBadRequest, "InvalidRequestBody")
	a := r.do("POST", path, `{"Comment":"no longer needed"}`)
	a.want(http.StatusOK, "")
	want := map[string]any{
		"status": "Cancelled", "cancellationRequestor": "defenderbot", "cancellationComment": "no longer needed",
		"cancellationDateTimeUtc": "2024-01-24T01:36:30.7283693Z", "lastUpdateDateTimeUtc": "2024-01-24T01:36:30.7283693Z",
	}
	for name, v := range want {
		if got := a.object()[name]; got != v {
			t.Errorf("%s = %v, want %v", name, got, v)
		}
	}
	r.do("POST", path, "").want(http.StatusBadRequest, "BadRequest") // final now
	r.do("POST", "/api/machineactions/"+guid()+"/cancel", "").want(http.StatusNotFound, "ResourceNotFound")

	done := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	r.clock.Advance(88 * time.Second)
	r.do("POST", "/api/machineactions/"+done+"/cancel", "").want(http.StatusBadRequest, "BadRequest")

	open := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	r.do("POST", "/api/machineactions/"+open+"/cancel", "").want(http.StatusOK, "") // a comment is not required
	r.SetApp(App{ID: DefaultClientID, Secret: DefaultClientSecret, Roles: []string{"Machine.ReadWrite.All"}})
	r.bearer = r.login()
	r.do("POST", path, "").want(http.StatusForbidden, "Forbidden")
}

func TestPackage(t *testing.T) {
	r := newRig(t)
	id := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	path := "/api/machineactions/" + id + "/getPackageUri"
	r.get(path).want(http.StatusNotFound, "ResourceNotFound") // not complete
	r.clock.Advance(88 * time.Second)
	a := r.get("/api/machineactions/" + id + "/GetPackageUri") // the page's other spelling
	a.want(http.StatusOK, "")
	if got, want := a.str("@odata.context"), r.URL()+"/api/$metadata#Edm.String"; got != want {
		t.Errorf("@odata.context = %q, want %q", got, want)
	}
	value := a.str("value")
	prefix := `"` + r.URL() + "/safedownload/WDATP_Investigation_Package.zip?token="
	if !strings.HasPrefix(value, prefix) || !strings.HasSuffix(value, `"`) {
		t.Fatalf("value = %s, want a link with quotes of its own", value)
	}
	link := strings.TrimPrefix(strings.Trim(value, `"`), r.URL())
	b := r.do("GET", link, "", "Authorization", "")
	checkZIP(t, b, id)
	if strings.Contains(jsonText(r.Calls()), strings.TrimPrefix(strings.Trim(value, `"`), strings.Trim(prefix, `"`))) {
		t.Error("the record of calls holds a link's token")
	}
	r.do("GET", link+"x", "").want(http.StatusForbidden, "")
	r.clock.Advance(linkLife)
	r.do("GET", link, "").want(http.StatusForbidden, "")
}

func checkZIP(t *testing.T, a answer, id string) {
	t.Helper()
	a.want(http.StatusOK, "")
	z, err := zip.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body)))
	if err != nil {
		t.Fatalf("package: %v", err)
	}
	f, err := z.Open("Forensics Collection Summary.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil || !strings.Contains(string(text), id) {
		t.Errorf("summary = %q, %v, want it to name action %s", text, err, id)
	}
}

func TestPackageUnfinished(t *testing.T) {
	r := newRig(t)
	scan := r.made("runAntiVirusScan", `{"Comment":"x","ScanType":"Full"}`)
	r.AddDevice(Device{ID: device40, ActionEnd: ActionFailed})
	failed := r.made("collectInvestigationPackage", `{"Comment":"x"}`)
	r.clock.Advance(time.Hour)
	r.get("/api/machineactions/"+scan+"/getPackageUri").want(http.StatusNotFound, "ResourceNotFound")
	r.get("/api/machineactions/"+failed+"/getPackageUri").want(http.StatusNotFound, "ResourceNotFound")
	r.clock.Advance(time.Minute)
	r.get("/api/machineactions/"+guid()+"/getPackageUri").want(http.StatusNotFound, "ResourceNotFound")
}
