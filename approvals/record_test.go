package approvals

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mutations are all texts that come of a record by taking one value away or
// putting another in its place, by what was done.
func mutations(t *testing.T, r Request) map[string]string {
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
	pending := sample(Pending, "")
	pending.Terms.Needed = 2
	pending.Barred = []Person{second}
	held, read := 0, 0
	for what, text := range mutations(t, pending) {
		r, err := decode(pending.ID, text)
		if err != nil {
			if !isNo(err, BrokenRecord) {
				t.Errorf("%s: %v, want a refusal", what, err)
			}
			held++
			continue
		}
		read++
		now := r.Opened.Add(time.Second)
		if _, err := next(r, Approve{By: asker, Digest: pending.Digest()}, now); err == nil && !strings.HasPrefix(what, "/by/id becomes a text") {
			t.Errorf("%s: its requester approves it", what)
		}
		got, err := next(r, Approve{By: leader, Digest: pending.Digest()}, now)
		if err == nil && got.State != Pending && !strings.HasPrefix(what, "/terms/needed") {
			t.Errorf("%s: one of two approvals makes it %s", what, got.State)
		}
	}
	if held < 100 || read < 20 {
		t.Errorf("%d were refused and %d read: the mutations miss their aim", held, read)
	}
	for _, s := range []Request{sample(Approved, Queued), sample(Checking, ""), sample(Done, Failed)} {
		for what, text := range mutations(t, s) {
			r, err := decode(s.ID, text)
			if err == nil && len(r.Calls) > 0 && len(r.Approvals) < r.Terms.Needed {
				t.Errorf("%s of a request that is %s: calls without approvals", what, s.State)
			}
		}
	}
}

func TestRecordNewer(t *testing.T) {
	text, err := encode(sample(Pending, ""))
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(text, `"f":1`, `"f":2`, 1)
	if _, err := decode("D-7K3F9Q", newer); !isNo(err, NewerRecord) {
		t.Errorf("a record of a later format: %v", err)
	}
	unnumbered := strings.Replace(text, `"f":1,`, "", 1)
	if r, err := decode("D-7K3F9Q", unnumbered); err != nil || r.State != Pending {
		t.Errorf("a record of the first version: %v", err)
	}
	other := strings.Replace(text, `"state":"pending"`, `"state":"escalated"`, 1)
	if _, err := decode("D-7K3F9Q", other); !isNo(err, BrokenRecord) {
		t.Errorf("a state that is not known: %v", err)
	}
	for _, odd := range []string{`"told":-1`, `"shown":-1`} {
		card := strings.Replace(text, `"card":{`, `"card":{`+odd+`,`, 1)
		card = strings.Replace(card, `"shown":2`, `"x":2`, 1)
		if _, err := decode("D-7K3F9Q", card); !isNo(err, BrokenRecord) {
			t.Errorf("a card with %s: %v", odd, err)
		}
	}
	if _, err := decode("D-000000", text); !isNo(err, BrokenRecord) {
		t.Errorf("a record under another id: %v", err)
	}
}

// TestRecordUnknownFields has fields of a later version at every depth outlive
// what this version does to the record.
func TestRecordUnknownFields(t *testing.T) {
	text, err := encode(sample(Approved, Queued))
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
	after, err := next(r, On{0, Send{NotAfter: start.Add(time.Hour)}}, start.Add(2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if after, err = next(after, On{0, Accept{Attempt: 1, Job: Job{ID: "j1"}}}, start.Add(3*time.Minute)); err != nil {
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

// TestWorkerUnfitRecords: what must not be acted on is said once and left to
// others, and those who click are told which it is.
func TestWorkerUnfitRecords(t *testing.T) {
	for reason, change := range map[Reason][2]string{
		NewerRecord:  {`"f":1`, `"f":2`},
		BrokenRecord: {`"needed":1`, `"needed":0`},
	} {
		t.Run(string(reason), func(t *testing.T) {
			o := newOffice(t, nil, chatter{}, nil)
			var log strings.Builder
			o.log = slog.New(slog.NewTextHandler(&log, nil))
			r, err := o.store.Create(t.Context(), newOp(), asked(device(1)), 0)
			if err != nil {
				t.Fatal(err)
			}
			r = apply(t, o.store, r, Resolve{Devices: r.Devices})
			key := o.store.keys.request(r.ID)
			text, err := o.redis.Get(key)
			if err != nil {
				t.Fatal(err)
			}
			spoiled := strings.Replace(text, change[0], change[1], 1)
			o.redis.Set(key, spoiled)
			o.pass(time.Hour) // it has expired
			for range 5 {
				o.turns(10)
				o.pass(time.Minute)
			}
			if got, _ := o.redis.Get(key); got != spoiled {
				t.Errorf("it was acted on: %s", got)
			}
			if n := strings.Count(log.String(), "record not acted on"); n != 1 {
				t.Errorf("said %d times, want once: %s", n, log.String())
			}
			if at, err := o.redis.ZScore(o.store.keys.agenda(), r.ID); err != nil || at == 0 {
				t.Errorf("it left the agenda: %v", err)
			}
			if _, err := o.store.Create(t.Context(), newOp(), asked(device(1)), 0); reason == BrokenRecord && !isNo(err, BrokenRecord) {
				t.Errorf("its device again: %v, want to hear why not", err)
			}
			d := newTestDesk(o.store, town{people: map[string]Facts{"U2": {Person: leader, Decides: true}}})
			if _, err := d.Approve(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); !isNo(err, reason) {
				t.Errorf("approved: %v, want %s", err, reason)
			}
			o.redis.Del(key) // whoever runs the bot has looked at it
			if _, err := o.store.Create(t.Context(), newOp(), asked(device(1)), 0); err != nil {
				t.Errorf("its device when the record is gone: %v", err)
			}
		})
	}
}
