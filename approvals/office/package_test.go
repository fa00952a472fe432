package office

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

const secretLink = "https://userrequests-us.securitycenter.windows.com:443/safedownload/WDATP_Investigation_Package.zip?token=SECRET"

// packages is a Defender that gives links, or refuses.
type packages struct {
	asked  []string // for which machine actions
	status int      // 0: a link
	body   string
}

func (p *packages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	job, is := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/api/machineactions/"), "/getPackageUri")
	if !is {
		http.Error(w, "{}", http.StatusTeapot)
		return
	}
	p.asked = append(p.asked, job)
	if p.status != 0 {
		http.Error(w, p.body, p.status)
		return
	}
	fmt.Fprintf(w, `{"value":%q}`, `"`+secretLink+`"`)
}

// collected is an office with a request of which the first devices have their package and
// the others failed, and a desk of it.
func collected(t *testing.T, devices, good int) (*office, *packages, *Desk, approvals.Request) {
	t.Helper()
	p := &packages{}
	o := newOffice(t, p.ServeHTTP, chatter{}, nil)
	r := o.working("collect", devices, 0)
	for i := range devices {
		var err error
		if r, err = o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, i)); err != nil {
			t.Fatal(err)
		}
		r = apply(t, o.store, r, approvals.On{Call: i, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: jobNo(i)}}})
		as := approvals.Succeeded
		if i >= good {
			as = approvals.Failed
		}
		r = apply(t, o.store, r, approvals.On{Call: i, Event: approvals.Report{Job: approvals.Job{ID: jobNo(i)}, As: as}})
	}
	d := newTestDesk(o.store, o.people.dir)
	d.defender = o.defender
	return o, p, d, r
}

// fetchedBy are the lines of the trail about packages.
func (o *office) fetchedBy() (list []string) {
	o.t.Helper()
	entries, err := redistest.Trail(o.t.Context(), o.rdb, o.key("audit"))
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Event == "package" {
			list = append(list, fmt.Sprintf("%s %d %s", e.By, *e.Call, e.Detail))
		}
	}
	return list
}

// TestDeskPackage: the requester and approvers get the link to what was collected, by a
// click on the card or on what they alone were shown; each is in the trail, and no link is.
func TestDeskPackage(t *testing.T) {
	o, p, d, r := collected(t, 2, 2)
	byCard, privately := pressed("U1", r.Place), By{Op: "x", User: "U2", Place: r.Place, Private: true}
	for n, by := range []By{byCard, privately} {
		link, err := d.Package(t.Context(), by, r.ID, r.Digest(), n)
		if err != nil || link != secretLink {
			t.Fatalf("%d: %q, %v", n, link, err)
		}
	}
	if want := []string{"U1 0 " + jobNo(0), "U2 1 " + jobNo(1)}; !slices.Equal(o.fetchedBy(), want) || !slices.Equal(p.asked, []string{jobNo(0), jobNo(1)}) {
		t.Errorf("the trail has %q, Defender was asked for %q; want %q", o.fetchedBy(), p.asked, want)
	}
	if o.load(r.ID).Visible != r.Visible || strings.Contains(o.redis.Dump(), "SECRET") {
		t.Error("the card is drawn anew, or Redis has the link")
	}
}

// TestDeskPackageRefused: who gets no link, and for what there is none. Defender is not
// even asked.
func TestDeskPackageRefused(t *testing.T) {
	o, p, d, r := collected(t, 2, 1)
	people, _ := o.people.dir.(approvalstest.Town)
	people.People["U4"] = approvals.Facts{Person: approvals.Person{ID: "U4", Name: "ben"}}
	people.People["U5"] = approvals.Facts{Person: approvals.Person{ID: "U5"}, Guest: true}
	scan := o.working("scan", 1, 0)
	running := o.working("collect", 1, 0)
	elsewhere := approvals.Place{Team: "T1", Channel: "C9"}
	for name, tt := range map[string]struct {
		by     By
		r      approvals.Request
		digest string
		call   int
		want   approvals.Reason
	}{
		"somebody else":                   {pressed("U4", r.Place), r, r.Digest(), 0, approvals.NotYours},
		"somebody else, privately":        {By{User: "U4", Place: r.Place, Private: true}, r, r.Digest(), 0, approvals.NotYours},
		"a guest":                         {pressed("U5", r.Place), r, r.Digest(), 0, approvals.NotAMember},
		"another card":                    {pressed("U1", r.Place), r, "0000", 0, approvals.ShownDiffers},
		"another message":                 {By{User: "U1", Place: r.Place}, r, r.Digest(), 0, approvals.OtherMessage},
		"another channel":                 {pressed("U1", elsewhere), r, r.Digest(), 0, approvals.OtherMessage},
		"another channel, privately":      {By{User: "U1", Place: elsewhere, Private: true}, r, r.Digest(), 0, approvals.OtherMessage},
		"no such request":                 {pressed("U1", r.Place), approvals.Request{ID: "D-000000"}, "", 0, approvals.NoSuchRequest},
		"one that failed":                 {pressed("U1", r.Place), r, r.Digest(), 1, approvals.NoPackage},
		"no such device":                  {pressed("U1", r.Place), r, r.Digest(), 2, approvals.NoPackage},
		"no device":                       {pressed("U1", r.Place), r, r.Digest(), -1, approvals.NoPackage},
		"an action that collects nothing": {pressed("U1", scan.Place), scan, scan.Digest(), 0, approvals.NoPackage},
		"one that waits":                  {pressed("U1", running.Place), running, running.Digest(), 0, approvals.NoPackage},
	} {
		if link, err := d.Package(t.Context(), tt.by, tt.r.ID, tt.digest, tt.call); link != "" || !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: %q, %v, want %s", name, link, err, tt.want)
		}
	}
	people.Down = true
	down := newTestDesk(o.store, people)
	if _, err := down.Package(t.Context(), pressed("U1", r.Place), r.ID, r.Digest(), 0); !approvals.IsRefusal(err, approvals.NotKnown) {
		t.Errorf("nobody knows who it is: %v", err)
	}
	if len(p.asked) != 0 || len(o.fetchedBy()) != 0 {
		t.Errorf("Defender was asked for %q, the trail has %q", p.asked, o.fetchedBy())
	}
}

// TestDeskPackageWindow: never more than two a minute, over all replicas; who comes then
// hears when there is a place, and Defender is not asked.
func TestDeskPackageWindow(t *testing.T) {
	o, p, d, r := collected(t, 1, 1)
	other := newTestDesk(o.version(roomyActions()), o.people.dir) // of another replica
	other.defender = o.defender
	for n, desk := range []*Desk{d, other} {
		if _, err := desk.Package(t.Context(), pressed("U1", r.Place), r.ID, r.Digest(), 0); err != nil {
			t.Fatalf("link %d: %v", n, err)
		}
	}
	_, err := other.Package(t.Context(), pressed("U2", r.Place), r.ID, r.Digest(), 0)
	refused, is := approvals.AsRefusal(err)
	if !is || refused.Why.Reason != approvals.PackageWaits || refused.Why.Until.Before(o.clock().Add(time.Minute)) || refused.Why.Until.After(o.clock().Add(75*time.Second)) {
		t.Fatalf("the third: %v, until %v; want to wait a minute", err, refused.Why.Until)
	}
	if len(p.asked) != 2 {
		t.Errorf("Defender was asked %d times", len(p.asked))
	}
	o.pass(refused.Why.Until.Sub(o.clock()))
	if link, err := d.Package(t.Context(), pressed("U2", r.Place), r.ID, r.Digest(), 0); err != nil || link == "" {
		t.Errorf("when it is said: %v", err)
	}
}

// TestDeskPackageAnswers: what Defender's answers mean, and that nobody is said to have
// fetched what they did not get.
func TestDeskPackageAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   approvals.Reason
		cause  approvals.Reason
		detail string
	}{
		"not ready":      {404, `{"error":{"code":"ResourceNotFound","message":"not found","target":"t1"}}`, approvals.PackageNotReady, "", ""},
		"a role":         {403, `{"error":{"code":"Forbidden","message":"Missing application roles. API required roles: Machine.ReadWrite.All, application roles: Machine.Read.All."}}`, approvals.PackageRole, "", "Machine.ReadWrite.All"},
		"some 403":       {403, `{"error":{"code":"Forbidden","message":"no"}}`, approvals.PackageRole, "", "Machine.ReadWrite.All, Machine.Read.All"},
		"throttled":      {429, `{}`, approvals.PackageWaits, "", ""},
		"down":           {503, `{}`, approvals.PackageUnread, approvals.ServiceTrouble, ""},
		"a proxy's page": {403, `<html>`, approvals.PackageUnread, approvals.BadAnswer, ""},
		"no link":        {200, `{"value":"ftp://x?token=SECRET"}`, approvals.PackageUnread, approvals.BadAnswer, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o, p, d, r := collected(t, 1, 1)
			p.status, p.body = tt.status, tt.body
			link, err := d.Package(t.Context(), pressed("U1", r.Place), r.ID, r.Digest(), 0)
			refused, is := approvals.AsRefusal(err)
			if !is || link != "" || refused.Why.Reason != tt.want || tt.cause != "" && refused.Why.Cause.Reason != tt.cause || refused.Why.Detail != tt.detail {
				t.Errorf("%q, %v: %+v, want %s", link, err, refused.Why, tt.want)
			}
			if got := o.fetchedBy(); len(got) != 0 {
				t.Errorf("the trail has %q", got)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", refused.Err, refused), "SECRET") {
				t.Errorf("the link is in the error: %v", refused.Err)
			}
			if p.status = 0; tt.want != approvals.PackageWaits {
				return
			}
			if _, err := d.Package(t.Context(), pressed("U2", r.Place), r.ID, r.Digest(), 0); !approvals.IsRefusal(err, approvals.PackageWaits) || len(p.asked) != 1 {
				t.Errorf("everybody waits: %v, asked %d times", err, len(p.asked))
			}
		})
	}
}

// TestDeskPackageUnrecorded: who is not in the trail gets no link.
func TestDeskPackageUnrecorded(t *testing.T) {
	o, p, d, r := collected(t, 1, 1)
	p.status, p.body = 200, fmt.Sprintf(`{"value":%q}`, secretLink)
	d.defender = defenderThat(t, o.clock, func(w http.ResponseWriter, q *http.Request) {
		o.redis.SetError("LOADING Redis is loading the dataset in memory") // while Defender answers
		p.ServeHTTP(w, q)
	})
	link, err := d.Package(t.Context(), pressed("U1", r.Place), r.ID, r.Digest(), 0)
	o.redis.SetError("")
	if link != "" || err == nil {
		t.Errorf("%q, %v; want no link", link, err)
	}
}
