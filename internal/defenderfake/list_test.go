package defenderfake

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func ids(list []map[string]any) string {
	var b strings.Builder
	for _, v := range list {
		s, _ := v["id"].(string)
		b.WriteString(s)
	}
	return b.String()
}

func TestFilters(t *testing.T) {
	r := machines(t)
	for _, tt := range []struct{ filter, want string }{
		{"computerDnsName eq 'web01.contoso.com'", "a"},
		{"computerDnsName eq 'WEB01.contoso.com'", ""},
		{"computerDnsName eq 'o''brien'", "c"},
		{"computerDnsName ne 'o''brien'", "abd"},
		{"startswith(computerDnsName,'web')", "ab"},
		{"startswith ( computerDnsName , 'web' ) and osPlatform eq 'Linux'", "b"},
		{"riskScore eq 'High'", "ad"},
		{"riskScore eq null", "b"},
		{"riskScore ne null", "acd"},
		{"riskScore ne 'High'", "bc"},
		{"riskScore gt null", ""},
		{"lastSeen gt 2024-01-20Z", "bcd"},
		{"lastSeen ge 2024-01-20Z", "abcd"},
		{"lastSeen lt 2024-01-21T00:00:00Z", "ab"},
		{"lastSeen le 2024-01-21T00:00:00.0000000Z", "abc"},
		{"rbacGroupId eq 140", "a"},
		{"rbacGroupId lt 140", "bcd"},
		{"id in ('a','c', 'x')", "ac"},
		{"(id in ('d')) or id eq 'b'", "bd"},
		{"id eq 'a' or id eq 'b' and osPlatform eq 'Windows11'", "a"},
		{"(id eq 'a' or id eq 'b') and osPlatform eq 'Linux'", "b"},
		{"id eq 'nothing'", ""},
		{"deviceValue eq 'and'", ""},
	} {
		if got := ids(r.list("machines", tt.filter)); got != tt.want {
			t.Errorf("%s: devices %q, want %q", tt.filter, got, tt.want)
		}
	}
}

// TestQueryInvalid: queries that Defender would refuse.
func TestQueryInvalid(t *testing.T) {
	r := machines(t)
	for _, query := range []string{
		"$stop=2", "$top=-1", "$top=x", "$top=10001", "$skip=-1", "$orderby=id", "$count=true", "filter=id",
		"$top=1&$top=2", "$filter=%zz",
	} {
		r.wantBadQuery("/api/machines?" + query)
	}
	for _, filter := range []string{
		"", "id", "id eq", "id eq 'a", "id eq a", "id is 'a'", "id 'eq' 'a'", "'id' eq 'a'", "hostname eq 'a'", "ID eq 'a'",
		"machineTags eq 'x'", "id eq 'a' and", "id eq 'a' 'b'", "id eq 'a')", "(id eq 'a'", "id in 'a'", "id in ()",
		"id in ('a'", "lastSeen gt '2024-01-20Z'", "lastSeen gt yesterday", "rbacGroupId eq '140'", "id eq 140",
		"startswith(lastSeen,'2')", "startswith(id)", "startswith(id,x)", "not id eq 'a'", "id EQ 'a'",
		strings.Repeat("(", 200) + "id eq 'a'" + strings.Repeat(")", 200),
	} {
		r.wantBadQuery("/api/machines?$filter=" + url.QueryEscape(filter))
	}
	r.wantBadQuery("/api/machineactions?$stop=2")
	r.wantBadQuery("/api/machineactions?$filter=" + url.QueryEscape("computerDnsName eq 'x'"))
	r.wantBadQuery("/api/investigations?$filter=" + url.QueryEscape("comment eq 'x'"))
}

// wantBadQuery checks the OData layer's error: an empty code, details, no target.
func (r *rig) wantBadQuery(path string) {
	r.t.Helper()
	a := r.get(path)
	if a.status != http.StatusBadRequest {
		r.t.Errorf("%s: status %d, want 400", path, a.status)
		return
	}
	e, _ := a.object()["error"].(map[string]any)
	message, _ := e["message"].(string)
	delete(e, "message")
	if diff := cmp.Diff(map[string]any{"code": "", "details": []any{}}, e); diff != "" {
		r.t.Errorf("%s (-want +got):\n%s", path, diff)
	}
	if !strings.HasPrefix(message, "The query specified in the URI is not valid. ") {
		r.t.Errorf("%s: message = %q", path, message)
	}
}

func TestPaging(t *testing.T) {
	r := machines(t)
	for query, want := range map[string]string{
		"$top=2": "ab", "$skip=1&$top=2": "bc", "$skip=3": "d", "$skip=9": "", "$top=0": "", "$top=10000": "abcd", "": "abcd",
	} {
		a := r.get("/api/machines?" + query)
		if got := ids(a.values()); got != want {
			t.Errorf("%q: devices %q, want %q", query, got, want)
		}
		if got, want := a.str("@odata.context"), r.URL()+"/api/$metadata#Machines"; got != want {
			t.Errorf("@odata.context = %q, want %q", got, want)
		}
	}
}

func TestNoRecentMachines(t *testing.T) {
	r := machines(t)
	r.clock.Advance(60 * 24 * time.Hour)
	r.get("/api/machines").want(http.StatusNotFound, "ResourceNotFound")
	r.AddDevice(Device{ID: "e"})
	if got := ids(r.get("/api/machines").values()); got != "abcde" {
		t.Errorf("devices %q, want all once one is recent", got)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("id eq 'a' and (lastSeen gt 2024-01-20Z or startswith(id,'x')) or id in ('a','b')")
	f.Add("computerDnsName eq 'o''brien'")
	f.Add("riskScore ne null")
	d := Device{ID: "a"}.withDefaults(time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC))
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseFilter(s, machineFields)
		if err != nil {
			return
		}
		// What can be parsed can be evaluated, and parentheses around it change nothing.
		q, err := parseFilter("("+s+")", machineFields)
		if err != nil {
			if strings.Count(s, "(") < maxDepth-1 {
				t.Fatalf("%q parses, but not in parentheses: %v", s, err)
			}
			return
		}
		if p(d.properties()) != q(d.properties()) {
			t.Errorf("%q means something else in parentheses", s)
		}
	})
}
