package defender_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/defender"
)

// sampleMachine is the sample of the vendor's page, with its group's id as a number.
const sampleMachine = `{
	"@odata.context": "https://api.security.microsoft.com/api/$metadata#Machine",
	"id": "1E5bc9d7e413ddd7902c2932e418702b84d0cc07",
	"computerDnsName": "mymachine1.contoso.com",
	"firstSeen": "2018-08-02T14:55:03.7791856Z",
	"lastSeen": "2018-08-02T14:55:03.7791856Z",
	"osPlatform": "Windows10",
	"version": "1709",
	"osProcessor": "x64",
	"osBuild": 18209,
	"healthStatus": "Active",
	"onboardingStatus": "Onboarded",
	"rbacGroupId": 140,
	"rbacGroupName": "The-A-Team",
	"riskScore": "Low",
	"exposureLevel": "Medium",
	"isAadJoined": true,
	"machineTags": [ "test tag 1", "test tag 2" ]
}`

func TestDevice(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         defender.Device
	}{
		{"sample", sampleMachine, defender.Device{
			ID: device40, Name: "mymachine1.contoso.com", OS: "Windows10", OSVersion: "1709", Health: "Active",
			Onboarding: "Onboarded", Risk: "Low",
			Tags: []string{"test tag 1", "test tag 2"}, LastSeen: time.Date(2018, 8, 2, 14, 55, 3, 779185600, time.UTC),
		}},
		{
			"nulls", `{"id":"` + device40 + `","computerDnsName":null,"lastSeen":null,"osPlatform":null,"version":null,"osVersion":null,
			"healthStatus":null,"rbacGroupId":"140","rbacGroupName":null,"riskScore":null,"machineTags":null,"isExcluded":null}`,
			defender.Device{ID: device40},
		},
		{"merged", `{"id":"` + device40 + `","osVersion":"13.4","lastSeen":"2026-01-02T03:04:05","isExcluded":true,
			"mergedIntoMachineId":"FB9ab6be3965095a09c057be7c90f0a2"}`, defender.Device{
			ID: device40, OSVersion: "13.4", LastSeen: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), MergedInto: device32, Excluded: true,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := setup(t, answers(http.StatusOK, tt.answer))
			got, err := r.Device(t.Context(), strings.ToUpper(device40))
			if err != nil {
				t.Fatalf("Device: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("device (-want +got):\n%s", diff)
			}
			if q := r.all()[0]; q.Method != http.MethodGet || q.Path != "/api/machines/"+device40 || q.Header.Get("Authorization") != "Bearer "+accessToken {
				t.Errorf("request = %s %s", q.Method, q.Path)
			}
		})
	}
}

// TestDeviceOther refuses an answer about another device: the API takes names
// where ids go.
func TestDeviceOther(t *testing.T) {
	r := setup(t, answers(http.StatusOK, sampleMachine))
	_, err := r.Device(t.Context(), device32)
	failed(t, err, defender.BadAnswer)
	_, err = r.Device(t.Context(), "mymachine1.contoso.com")
	failed(t, err, defender.NotSent)
	if n := len(r.all()); n != 1 {
		t.Errorf("%d requests, want 1: a name is not sent", n)
	}
}

// TestReadsRedirect keeps the token where it belongs.
func TestReadsRedirect(t *testing.T) {
	for location, want := range map[string]string{
		"/api/elsewhere": "HTTP 302, which leads to /api/elsewhere",
		"https://u:p@portal.example/sign-in?to=" + accessToken + "#x": "HTTP 302, which leads to https://portal.example/sign-in",
		"https://portal.example/" + accessToken:                       "HTTP 302, which leads to https://portal.example/[redacted]",
		"?only=" + accessToken:                                        "HTTP 302",
		"":                                                            "HTTP 302",
		"http://%zz":                                                  "HTTP 302",
	} {
		r := setup(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
		_, err := r.Device(t.Context(), device40)
		if e := failed(t, err, defender.BadAnswer); e.Says() != want {
			t.Errorf("%s: %q, want %q", location, e.Says(), want)
		}
		if n := len(r.all()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	}
}

// directory answers filters from a table: what computerDnsName eq and startswith find.
func directory(t *testing.T, lists map[string]string) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		body, ok := lists[q.Get("$filter")]
		if !ok || q.Get("$top") != "1000" || r.URL.Path != "/api/machines" {
			t.Errorf("unexpected request: %s", r.URL)
		}
		if body == "" {
			answers(http.StatusNotFound, refusal("ResourceNotFound", "There are no recent machines"))(w, r)
			return
		}
		answers(http.StatusOK, `{"value":[`+body+`]}`)(w, r)
	}
}

func TestDevicesNamed(t *testing.T) {
	old, recent := "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	for _, tt := range []struct {
		name  string
		ask   string
		lists map[string]string
		want  []string
	}{
		{"bare and with domains", " WEB1 ", map[string]string{
			"computerDnsName eq 'web1'": row("a", "web1", old),
			"startswith(computerDnsName,'web1.')": row("b", "Web1.contoso.com", recent) + "," + row("a", "web1", old) + "," +
				row("c", "web10.contoso.com", recent) + "," + row("", "web1.x", recent),
		}, []string{"b", "a"}},
		{"whole name", "web1.contoso.com", map[string]string{
			"computerDnsName eq 'web1.contoso.com'": row("a", "WEB1.Contoso.com", old) + "," + row("b", "web1.contoso.com.evil.example", recent),
		}, []string{"a"}},
		{"quote", "o'brien", map[string]string{
			"computerDnsName eq 'o''brien'": row("a", "o'brien", old), "startswith(computerDnsName,'o''brien.')": "",
		}, []string{"a"}},
		{"none", "web1", map[string]string{"computerDnsName eq 'web1'": "", "startswith(computerDnsName,'web1.')": ""}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := setup(t, directory(t, tt.lists))
			found, err := r.DevicesNamed(t.Context(), tt.ask)
			if err != nil {
				t.Fatalf("DevicesNamed: %v", err)
			}
			var got []string
			for _, d := range found {
				got = append(got, d.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if n := len(r.all()); n != len(tt.lists) {
				t.Errorf("%d reads, want %d", n, len(tt.lists))
			}
		})
	}
}

// TestDevicesNamedEscapes keeps a name inside its string and its parameter.
func TestDevicesNamedEscapes(t *testing.T) {
	r := setup(t, answers(http.StatusOK, `{"value":[]}`))
	if _, err := r.DevicesNamed(t.Context(), "a' or 1 eq 1 &$top=5#.x"); err != nil {
		t.Fatalf("DevicesNamed: %v", err)
	}
	raw := r.all()[0].Query
	want := "$filter=computerDnsName%20eq%20%27a%27%27%20or%201%20eq%201%20%26%24top%3D5%23.x%27&$top=1000"
	if raw != want {
		t.Errorf("query = %s\nwant    %s", raw, want)
	}
	if q, err := url.ParseQuery(raw); err != nil || q.Get("$filter") != "computerDnsName eq 'a'' or 1 eq 1 &$top=5#.x'" {
		t.Errorf("filter = %q, %v", q.Get("$filter"), err)
	}
}

// TestListsNotEmpty refuses a success without a list: "none" would be a guess.
func TestListsNotEmpty(t *testing.T) {
	for _, body := range []string{`{}`, `null`, `{"value":null}`, `[]`, ``} {
		r := setup(t, answers(http.StatusOK, body))
		_, err := r.DevicesNamed(t.Context(), "web1")
		failed(t, err, defender.BadAnswer)
		_, _, err = r.JobsOn(t.Context(), order(t, "collect", device40).Action, device40, time.Time{})
		failed(t, err, defender.BadAnswer)
	}
}

// TestDeviceOddFields: what is odd in a field that is only shown spoils neither a
// device nor a list.
func TestDeviceOddFields(t *testing.T) {
	row := `{"id":"` + device40 + `","computerDnsName":"web1","machineTags":%s,"isExcluded":%s,"lastSeen":7,"riskScore":{}}`
	for _, tt := range []struct {
		tags, excluded string
		want           []string
		out            bool
	}{
		{`"tier-0"`, `"False"`, []string{"tier-0"}, false},
		{`["a",null,{},7]`, `"True"`, []string{"a", "7"}, true},
		{`null`, `1`, nil, false},
		{`{}`, `true`, nil, true},
	} {
		r := setup(t, answers(http.StatusOK, fmt.Sprintf(row, tt.tags, tt.excluded)))
		d, err := r.Device(t.Context(), device40)
		if err != nil || !slices.Equal(d.Tags, tt.want) || d.Excluded != tt.out {
			t.Errorf("tags %s, excluded %s: %q, %t, %v", tt.tags, tt.excluded, d.Tags, d.Excluded, err)
		}
	}
	r := setup(t, answers(http.StatusOK, `{"value":[`+fmt.Sprintf(row, `"x"`, `"no"`)+`]}`))
	if found, err := r.DevicesNamed(t.Context(), "web1"); err != nil || len(found) != 1 {
		t.Errorf("DevicesNamed = %v, %v; want the one device", found, err)
	}
}

// TestListsWhole: a list proves that something is not there only if it is all that
// there is.
func TestListsWhole(t *testing.T) {
	row := `{"id":"1","machineId":"` + device40 + `"}`
	device := `{"id":"` + device40 + `","computerDnsName":"web1"}`
	for name, tt := range map[string]struct {
		jobs, devices string
		whole         bool
	}{
		"whole":   {`{"value":[` + row + `]}`, `{"value":[` + device + `]}`, true},
		"more":    {`{"@odata.nextLink":"https://x/y","value":[` + row + `]}`, `{"@odata.nextLink":"https://x/y","value":[` + device + `]}`, false},
		"a full":  {`{"value":[` + strings.Repeat(row+",", 999) + row + `]}`, `{"value":[` + strings.Repeat(device+",", 999) + device + `]}`, false},
		"odd row": {`{"value":[7,` + row + `]}`, `{"value":["x",` + device + `]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t, answers(http.StatusOK, tt.jobs))
			found, whole, err := r.JobsOn(t.Context(), order(t, "collect", device40).Action, device40, time.Time{})
			if err != nil || whole != tt.whole || len(found) == 0 || found[0].ID != "1" {
				t.Errorf("JobsOn = %d jobs, whole %t, %v; want whole %t", len(found), whole, err, tt.whole)
			}
			r = setup(t, answers(http.StatusOK, tt.devices))
			if _, err = r.DevicesNamed(t.Context(), "web1"); (err == nil) != tt.whole {
				t.Errorf("DevicesNamed = %v, want an error unless whole", err)
			}
		})
	}
}

func TestDevicesNamedFails(t *testing.T) {
	r := setup(t, answers(http.StatusBadGateway, ``))
	_, err := r.DevicesNamed(t.Context(), "web1")
	failed(t, err, defender.OutcomeUnknown)
	_, err = r.DevicesNamed(t.Context(), " ")
	failed(t, err, defender.NotSent)
	r.server.Close()
	_, err = r.DevicesNamed(t.Context(), "web1")
	failed(t, err, defender.OutcomeUnknown)
	if !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v does not say what happened", err)
	}
}
