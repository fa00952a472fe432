package seed

import (
	"testing"
	"time"
)

// TestText: what is taken apart says the same when it is filled for the same request, and what
// is another request's own stands in it when it is filled for that.
func TestText(t *testing.T) {
	at := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	one := Subject{
		ID: "D-7K3F9Q", Device: "1e5bc9d7e413ddd7902c2932e418702b84d0cc07", Host: "srv-1.example", User: "U1", Name: "ada", Channel: "C1",
		Card: "1772334000.000100", At: at,
	}
	two := Subject{
		ID: "D-000000", Device: "7b1f4967d9728e5aa3c06a9e617a22a4a5a17378", Host: "srv-2.example", User: "U22", Name: "ben", Channel: "C22",
		Card: "1772334600.000200", At: at.Add(10 * time.Minute),
	}
	for _, tt := range []struct{ name, one, two string }{
		{"nothing", "", ""},
		{"words", "as it is", "as it is"},
		{"an entry", "asked/collect/1e5bc9d7e413ddd7902c2932e418702b84d0cc07/1772334000001/D-7K3F9Q", "asked/collect/7b1f4967d9728e5aa3c06a9e617a22a4a5a17378/1772334600001/D-000000"},
		{"times", `{"id":"D-7K3F9Q","asked":"2026-03-01T03:00:00Z","seen":"2026-03-01T02:59:59.1234567Z"}`, `{"id":"D-000000","asked":"2026-03-01T03:10:00Z","seen":"2026-03-01T03:09:59.1234567Z"}`},
		{"how long, which is no time", `{"approval":1800000000000}`, `{"approval":1800000000000}`},
		{"people and places", `{"id":"U1","name":"ada","channel":"C1","ts":"1772334000.000100"}`, `{"id":"U22","name":"ben","channel":"C22","ts":"1772334600.000200"}`},
		{"digest", one.digest(), two.digest()},
		{"two next to each other", "U1D-7K3F9Q", "U22D-000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := apart(one, own(one), map[string]int{}, tt.one)
			if err != nil {
				t.Fatal(err)
			}
			if same := string(got.fill(&one)); same != tt.one {
				t.Errorf("filled for the same request: %s", same)
			}
			if other := string(got.fill(&two)); other != tt.two {
				t.Errorf("filled for another: %s, want %s", other, tt.two)
			}
		})
	}
}

// TestGUIDs: the same GUID is the same in all texts of one request, and another in those of the
// next.
func TestGUIDs(t *testing.T) {
	s, next, guids := subject(1), subject(2), map[string]int{}
	s.Card = "1772334000.000100"
	const a, b = "687936e2-d521-4057-80f8-70679d7fa24b", "00000000-d521-4057-80f8-70679d7fa24b"
	fill := func(of Subject, from string) string {
		got, err := apart(s, own(s), guids, from)
		if err != nil {
			t.Fatal(err)
		}
		return string(got.fill(&of))
	}
	if fill(s, a+b) != fill(s, a)+fill(s, b) || fill(s, a) == fill(s, b) || fill(s, a) == fill(next, a) {
		t.Errorf("%s, %s, of the next %s", fill(s, a), fill(s, b), fill(next, a))
	}
	if len(fill(s, a)) != len(a) {
		t.Errorf("%s is no GUID", fill(s, a))
	}
}

// TestRequestIDs: no two requests have one id.
func TestRequestIDs(t *testing.T) {
	had := map[string]int{}
	for n := range 300_000 {
		id := requestID(n)
		if before, is := had[id]; is || !idForm.MatchString(id) {
			t.Fatalf("%d has %s, and so has %d", n, id, before)
		}
		had[id] = n
	}
}

// TestTrail: entries come in the order of their times, all of them, and no two have one id.
func TestTrail(t *testing.T) {
	began := time.UnixMilli(1000)
	c := Crowd{People: 2, Channels: 2, First: 1, From: began, Every: 10 * time.Millisecond}
	order := newTrail([]entry{{key: "ask"}, {key: "show", after: 5 * time.Millisecond}, {key: "end", after: 20 * time.Millisecond}}, c, 3)
	var got []string
	for e, s, id, ok := order.next(); ok; e, s, id, ok = order.next() {
		got = append(got, e.key+" "+s.User[len(s.User)-1:]+" "+id)
	}
	want := []string{"ask 0 1000-0", "show 0 1005-0", "ask 1 1010-0", "show 1 1015-0", "ask 0 1020-0", "end 0 1020-1", "show 0 1025-0", "end 1 1030-0", "end 0 1040-0"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %q, want %q", i, got[i], want[i])
		}
	}
}
