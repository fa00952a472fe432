package ledger

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// mutations are all texts that come of a record by taking one value away or
// putting another in its place, by what was done.
func mutations(t *testing.T, r approvals.Request) map[string]string {
	t.Helper()
	text, err := encode(r)
	if err != nil {
		t.Fatal(err)
	}
	version, body, _ := strings.Cut(text, " ")
	all := map[string]string{}
	var walk func(at any, path string, set func(any))
	root, err := tree([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	keep := func(what string) {
		text, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		all[what] = version + " " + string(text)
	}
	walk = func(at any, path string, set func(any)) {
		for name, v := range map[string]any{
			"null": nil, "0": 0, "-1": -1, "a text": "x", "no text": "", "a list": []any{}, "an object": map[string]any{}, "yes": true,
		} {
			set(v)
			keep(path + " becomes " + name)
		}
		set(at)
		switch at := at.(type) {
		case map[string]any:
			for name, v := range at {
				delete(at, name)
				keep(path + "/" + name + " goes")
				walk(v, path+"/"+name, func(v any) { at[name] = v })
			}
		case []any:
			for i, v := range at {
				walk(v, fmt.Sprint(path, "/", i), func(v any) { at[i] = v })
			}
		}
	}
	walk(root, "", func(v any) { root = v })
	return all
}

// TestRecordMutations spoils one value of a record after the other: what is
// left is refused, or does no more than the whole one would.
func TestRecordMutations(t *testing.T) {
	pending := approvalstest.Sample(approvals.Pending, "")
	pending.Terms.Needed = 2
	pending.Barred = []approvals.Person{approvalstest.Second}
	held, read := 0, 0
	for what, text := range mutations(t, pending) {
		r, err := decode(pending.ID, text)
		if err != nil {
			if !approvals.IsRefusal(err, approvals.BrokenRecord) {
				t.Errorf("%s: %v, want a refusal", what, err)
			}
			held++
			continue
		}
		read++
		now := r.Opened.Add(time.Second)
		if _, err := approvals.Next(r, approvals.Approve{By: approvalstest.Asker, Digest: pending.Digest()}, now); err == nil && !strings.HasPrefix(what, "/by/id becomes a text") {
			t.Errorf("%s: its requester approves it", what)
		}
		got, err := approvals.Next(r, approvals.Approve{By: approvalstest.Leader, Digest: pending.Digest()}, now)
		if err == nil && got.State != approvals.Pending && !strings.HasPrefix(what, "/terms/needed") {
			t.Errorf("%s: one of two approvals makes it %s", what, got.State)
		}
	}
	if held < 100 || read < 20 {
		t.Errorf("%d were refused and %d read: the mutations miss their aim", held, read)
	}
	for _, s := range []approvals.Request{approvalstest.Sample(approvals.Approved, approvals.Queued), approvalstest.Sample(approvals.Checking, ""), approvalstest.Sample(approvals.Done, approvals.Failed)} {
		for what, text := range mutations(t, s) {
			r, err := decode(s.ID, text)
			if err == nil && len(r.Calls) > 0 && len(r.Approvals) < r.Terms.Needed {
				t.Errorf("%s of a request that is %s: calls without approvals", what, s.State)
			}
		}
	}
}

func TestRecordNewer(t *testing.T) {
	text, err := encode(approvalstest.Sample(approvals.Pending, ""))
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(text, `"f":1`, fmt.Sprintf(`"f":%d`, format+1), 1)
	if _, err := decode("D-7K3F9Q", newer); !approvals.IsRefusal(err, approvals.NewerRecord) {
		t.Errorf("a record of a later format: %v", err)
	}
	unnumbered := strings.Replace(text, `"f":1,`, "", 1)
	if r, err := decode("D-7K3F9Q", unnumbered); err != nil || r.State != approvals.Pending {
		t.Errorf("a record of the first version: %v", err)
	}
	other := strings.Replace(text, `"state":"pending"`, `"state":"escalated"`, 1)
	if _, err := decode("D-7K3F9Q", other); !approvals.IsRefusal(err, approvals.BrokenRecord) {
		t.Errorf("a state that is not known: %v", err)
	}
	for _, odd := range []string{`"told":-1`, `"shown":-1`} {
		card := strings.Replace(text, `"card":{`, `"card":{`+odd+`,`, 1)
		card = strings.Replace(card, `"shown":2`, `"x":2`, 1)
		if _, err := decode("D-7K3F9Q", card); !approvals.IsRefusal(err, approvals.BrokenRecord) {
			t.Errorf("a card with %s: %v", odd, err)
		}
	}
	for _, more := range []string{"{}", "}", `"x"`} {
		if _, err := decode("D-7K3F9Q", text+more); !approvals.IsRefusal(err, approvals.BrokenRecord) {
			t.Errorf("a record and %s behind it: %v", more, err)
		}
	}
	if _, err := decode("D-000000", text); !approvals.IsRefusal(err, approvals.BrokenRecord) {
		t.Errorf("a record under another id: %v", err)
	}
}

// TestRecordUnknownFields has fields of a later version at every depth outlive
// what this version does to the record.
func TestRecordUnknownFields(t *testing.T) {
	text, err := encode(approvalstest.Sample(approvals.Approved, approvals.Queued))
	if err != nil {
		t.Fatal(err)
	}
	for _, put := range [][2]string{
		{`"id":"D-7K3F9Q"`, `"id":"D-7K3F9Q","x/y~z":{"a":[1,2.50]}`},
		{`"name":"srv-1"`, `"name":"srv-1","colour":"red"`},
		{`"state":"queued"`, `"state":"queued","weight":12345678901234567890`},
		{`"needed":1`, `"needed":1,"quorum":null`},
		{`"state":"queued"`, `"state":"queued","job":{"plan":"x"}`}, // in what is empty to this version
	} {
		changed := strings.Replace(text, put[0], put[1], 1)
		if changed == text {
			t.Fatalf("%s is not in %s", put[0], text)
		}
		text = changed
	}
	r, err := decode("D-7K3F9Q", text)
	if err != nil {
		t.Fatal(err)
	}
	after, err := approvals.Next(r, approvals.On{Call: 0, Event: approvals.Send{NotAfter: approvalstest.Start.Add(time.Hour)}}, approvalstest.Start.Add(2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if after, err = approvals.Next(after, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1"}}}, approvalstest.Start.Add(3*time.Minute)); err != nil {
		t.Fatal(err)
	}
	saved, err := encode(after)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"x/y~z":{"a":[1,2.50]}`, `"colour":"red"`, `"weight":12345678901234567890`, `"quorum":null`, `"plan":"x"`, `"state":"running"`} {
		if !strings.Contains(saved, want) {
			t.Errorf("%s is lost in %s", want, saved)
		}
	}
	back, err := decode("D-7K3F9Q", saved)
	if err != nil || !cmp.Equal(back, after) {
		t.Errorf("read again: %v\n%s", err, cmp.Diff(after, back))
	}
}

func TestRecordRoundTrip(t *testing.T) {
	for _, s := range approvals.States() {
		for _, cs := range approvals.CallStates() {
			r := approvalstest.Sample(s, cs)
			if len(r.Calls) > 0 && cs.Ended() != s.Ended() {
				continue // no request is like that
			}
			r.Notices = []approvals.Notice{{Kind: approvals.NoticeReminder, At: approvalstest.Start}}
			r.Ended = approvals.End{By: approvalstest.Leader, Text: "no", Why: approvals.Why{Reason: approvals.DeviceNotFound, Detail: "x", Until: approvalstest.Start}}
			r.Budget = approvals.Budget{Left: 1, Of: 2, Per: time.Hour, Ahead: 3, At: approvalstest.Start}
			for i := range r.Calls {
				r.Calls[i].Stop = approvals.Stopping{
					State: approvals.StopSending, By: approvalstest.Leader, At: approvalstest.Start, Attempt: 2, NotAfter: approvalstest.Start,
					Hold: approvalstest.Start, Since: approvalstest.Start, Why: approvals.Why{Reason: approvals.Throttled},
				}
			}
			text, err := encode(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(r.ID, text)
			if err != nil || !cmp.Equal(got, r) {
				t.Errorf("%s with a %s call: %v\n%s", s, cs, err, cmp.Diff(r, got))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	text, err := encode(approvalstest.Sample(approvals.Approved, approvals.Running))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("12 {}")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := decode("D-7K3F9Q", text)
		if err != nil {
			if !approvals.IsRefusal(err, approvals.BrokenRecord) && !approvals.IsRefusal(err, approvals.NewerRecord) {
				t.Errorf("%v is not a refusal", err)
			}
			return
		}
		again, err := encode(r)
		if err != nil {
			return // a time that JSON cannot say
		}
		if back, err := decode(r.ID, again); err != nil || !cmp.Equal(back, r) {
			t.Errorf("decode(encode(r)): %v\n%s", err, cmp.Diff(r, back))
		}
	})
}
