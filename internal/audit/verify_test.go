package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/audit"
)

// place is a finding without its sentence.
type place struct {
	Kind  audit.Kind
	Seal  int64
	Entry string
}

func placesOf(r audit.Report) []place {
	var places []place
	for _, f := range r.Findings {
		places = append(places, place{f.Kind, f.Seal, f.Entry})
	}
	return places
}

// TestVerifyNames: each kind of tampering, and where it is.
func TestVerifyNames(t *testing.T) {
	private := newPrivate(t)
	key, err := audit.ReadKey(fileOf(t, pemOf(t, private)))
	if err != nil {
		t.Fatal(err)
	}
	whole := sealedTrail(t, key, []int{3, 0, 4, 1}, 2) // entries 0-2, none, 3-6, 7; then 8, 9
	foreign := sealedTrail(t, newKey(t), []int{3, 0, 4, 1}, 2)
	unsigned := sealedTrail(t, audit.Key{}, []int{3, 0, 4, 1}, 2)
	id := func(i int) string { return whole.entries[i].ID }
	between := strings.TrimSuffix(id(3), "0") + "5"
	against := audit.Proof{Key: key, Against: whole.kept(t)}
	for _, tt := range []struct {
		name   string
		tamper func(*trail)
		proof  audit.Proof
		want   []place
	}{
		{"nothing", func(*trail) {}, audit.Proof{Key: key}, nil},
		{"nothing, with the log", func(*trail) {}, against, nil},
		{"an unsealed tail is fine", func(tr *trail) { tr.entries = tr.entries[:9] }, against, nil},
		{"an entry changed", func(tr *trail) { tr.entries[4].Text = `{"event":"deny"}` }, audit.Proof{}, []place{{audit.Changed, 3, id(4)}}},
		{"an entry that is none any more", func(tr *trail) { tr.entries[4].Text = "?" }, audit.Proof{}, []place{{audit.Changed, 3, id(4)}}},
		{"an entry removed", func(tr *trail) { tr.entries = slices.Delete(tr.entries, 4, 5) }, audit.Proof{}, []place{{audit.Removed, 3, id(3)}}},
		{"a batch removed", func(tr *trail) { tr.entries = slices.Delete(tr.entries, 7, 8) }, audit.Proof{}, []place{{audit.Removed, 4, id(7)}}},
		{"the first batch removed", func(tr *trail) { tr.entries = tr.entries[3:] }, audit.Proof{}, []place{{audit.Removed, 1, id(0)}}},
		{"an entry inserted", func(tr *trail) {
			tr.entries = slices.Insert(tr.entries, 4, audit.Record{ID: between, Text: `{"event":"approve"}`})
		}, audit.Proof{}, []place{{audit.Inserted, 3, between}}},
		{"two entries swapped", func(tr *trail) {
			tr.entries[3].Text, tr.entries[5].Text = tr.entries[5].Text, tr.entries[3].Text
		}, audit.Proof{}, []place{{audit.Swapped, 3, id(3)}, {audit.Swapped, 3, id(5)}}},
		{"entries of two seals swapped", func(tr *trail) {
			tr.entries[2].Text, tr.entries[7].Text = tr.entries[7].Text, tr.entries[2].Text
		}, audit.Proof{}, []place{{audit.Changed, 1, id(2)}, {audit.Changed, 4, id(7)}}},
		{"a digest changed", func(tr *trail) { tr.seals[2].Digests[1] = tr.seals[2].Digests[0] }, audit.Proof{}, []place{{audit.Broken, 3, ""}}},
		{"a seal removed", func(tr *trail) { tr.seals = slices.Delete(tr.seals, 1, 2) }, audit.Proof{}, []place{{audit.Missing, 2, ""}}},
		{"a seal and its entries removed", func(tr *trail) {
			tr.seals, tr.entries = slices.Delete(tr.seals, 2, 3), slices.Delete(tr.entries, 3, 7)
		}, audit.Proof{}, []place{{audit.Missing, 3, ""}}},
		{
			"a seal removed whose entries are there", func(tr *trail) { tr.seals = slices.Delete(tr.seals, 2, 3) },
			audit.Proof{},
			[]place{{audit.Missing, 3, ""}, {audit.Missing, 3, id(3)}},
		},
		{"the first seals removed", func(tr *trail) { tr.seals, tr.entries = tr.seals[2:], tr.entries[3:] }, audit.Proof{}, []place{{audit.Missing, 1, ""}}},
		{
			"a seal that cannot be read", func(tr *trail) { tr.seals[2].Note = "seal" },
			audit.Proof{},
			[]place{{audit.Broken, 3, ""}, {audit.Missing, 3, id(3)}},
		},
		{
			"two seals swapped", func(tr *trail) { tr.seals[2], tr.seals[3] = tr.seals[3], tr.seals[2] },
			audit.Proof{},
			[]place{{audit.Missing, 3, ""}, {audit.Missing, 3, id(3)}, {audit.Swapped, 3, ""}},
		},
		{"a forged seal, unsigned", func(tr *trail) { tr.seals[3] = unsigned.seals[3] }, audit.Proof{Key: key}, []place{{audit.Signature, 4, ""}}},
		{"a forged seal, of another key", func(tr *trail) { tr.seals[3] = foreign.seals[3] }, audit.Proof{Key: key}, []place{{audit.Signature, 4, ""}}},
		{
			"all forged, of another key", func(tr *trail) { *tr = foreign.clone() },
			audit.Proof{Key: key},
			[]place{{audit.Signature, 1, ""}, {audit.Signature, 2, ""}, {audit.Signature, 3, ""}, {audit.Signature, 4, ""}},
		},
		{"the wrong key, though the log has the same text", func(tr *trail) { tr.seals[3] = foreign.seals[3] }, against, []place{{audit.Signature, 4, ""}}},
		{"signed twice", func(tr *trail) {
			tr.seals[1].Note += tr.seals[1].Note[strings.Index(tr.seals[1].Note, "\n— ")+1:]
		}, audit.Proof{Key: key}, []place{{audit.Signature, 2, ""}}},
		{"signed by somebody else as well", func(tr *trail) {
			tr.seals[1].Note += foreign.seals[1].Note[strings.Index(foreign.seals[1].Note, "\n— ")+1:]
		}, audit.Proof{Key: key}, []place{{audit.Signature, 2, ""}}},
		{
			"the same signature, written otherwise", func(tr *trail) { tr.seals[1].Note = otherwise(tr.seals[1].Note) },
			audit.Proof{Key: key},
			[]place{{audit.Signature, 2, ""}},
		},
		{"a seal forged without a key", func(tr *trail) {
			*tr = unsigned.clone()
			tr.seals[1].Note = strings.Replace(tr.seals[1].Note, "at 2026", "at 2025", 1)
		}, audit.Proof{}, []place{{audit.Chain, 2, ""}}},
		{"a seal forged without a key, that names another entry", func(tr *trail) {
			*tr = unsigned.clone()
			tr.seals[3].Note = strings.Replace(tr.seals[3].Note, "first "+id(7), "first "+id(6), 1)
		}, audit.Proof{}, []place{{audit.Broken, 4, ""}}},
		{"a seal of another trail", func(tr *trail) {
			tr.seals[3].Note = strings.ReplaceAll(tr.seals[3].Note, "/T1", "/T2")
		}, audit.Proof{}, []place{{audit.Broken, 4, ""}}},
		{"an entry and its digest changed", func(tr *trail) {
			tr.entries[4].Text, tr.seals[2].Digests[1] = `{"event":"deny"}`, tr.seals[0].Digests[0]
		}, audit.Proof{}, []place{{audit.Broken, 3, ""}}},
		{"entries in another order", func(tr *trail) {
			tr.entries[4], tr.entries[5] = tr.entries[5], tr.entries[4]
		}, audit.Proof{}, []place{{audit.Removed, 3, id(3)}, {audit.Inserted, 3, id(4)}, {audit.Swapped, 0, id(4)}}},
		{"unsigned, and the log has them", func(tr *trail) { *tr = unsigned.clone() }, against, nil},
		{"all forged, unsigned, with a log", func(tr *trail) {
			*tr = sealedTrail(t, audit.Key{}, []int{3, 0, 3, 2}, 2)
		}, audit.Proof{Against: whole.kept(t)}, []place{{audit.Replaced, 3, ""}, {audit.Replaced, 4, ""}}},
		{"the tail cut at a seal", func(tr *trail) { tr.seals, tr.entries = tr.seals[:3], tr.entries[:7] }, against, []place{{audit.Cut, 4, id(6)}}},
		{"the last seal removed", func(tr *trail) { tr.seals = tr.seals[:3] }, against, []place{{audit.Cut, 4, id(6)}}},
		{"all removed", func(tr *trail) { *tr = trail{} }, against, []place{{audit.Cut, 1, ""}}},
		{"the end cut long ago", func(tr *trail) { tr.seals, tr.entries = tr.seals[:3], tr.entries[:7] }, audit.Proof{Now: noon.Add(4 * time.Hour)}, []place{{audit.Late, 4, ""}}},
		{"all seals removed long ago", func(tr *trail) { tr.seals = nil }, audit.Proof{Now: noon.Add(4 * time.Hour)}, []place{{audit.Late, 1, id(0)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := whole.clone()
			tt.tamper(&tr)
			report := tr.verify(t, tt.proof)
			if diff := cmp.Diff(tt.want, placesOf(report)); diff != "" {
				t.Errorf("%s\n%+v", diff, report.Findings)
			}
		})
	}
}

// otherwise writes the same bytes in base64 in another way: the last letter has bits to spare.
func otherwise(note string) string {
	at := strings.LastIndexByte(note, '=') - 1
	return note[:at] + string(note[at]+1) + note[at+1:]
}

// TestVerifySays: what is wrong with a signature, in words.
func TestVerifySays(t *testing.T) {
	key := newKey(t)
	signed := sealedTrail(t, key, []int{1}, 0)
	broken := signed.clone()
	broken.seals[0].Note = strings.Replace(broken.seals[0].Note, "at 2026", "at 2025", 1)
	for want, tr := range map[string]trail{
		"seal 1 is not signed":                 sealedTrail(t, audit.Key{}, []int{1}, 0),
		"seal 1 is signed by another key":      sealedTrail(t, newKey(t), []int{1}, 0),
		"seal 1 has a signature that is wrong": broken,
	} {
		report := tr.verify(t, audit.Proof{Key: key})
		if len(report.Findings) != 1 || !strings.HasPrefix(report.Findings[0].Text, want) {
			t.Errorf("%+v, want %q", report.Findings, want)
		}
	}
}

// TestVerifyTrimmed: what was trimmed because it is old is not missed, and the seal that is kept
// of it holds the rest; nothing can be slipped in where it was.
func TestVerifyTrimmed(t *testing.T) {
	key := newKey(t)
	whole := sealedTrail(t, key, []int{3, 2, 4}, 1)
	for n, kept := range map[int]trail{
		1: {whole.seals, whole.entries[3:]},
		2: {whole.seals[1:], whole.entries[5:]},
		3: {whole.seals[2:], whole.entries[9:]},
	} {
		proof := audit.Proof{Key: key, Against: whole.kept(t), Since: noon.Add(time.Hour)}
		if report := kept.verify(t, proof); len(report.Findings) > 0 || report.Unsealed != 1 {
			t.Errorf("trimmed at seal %d: %+v", n, report)
		}
		proof.Since = noon
		if report := kept.verify(t, proof); len(report.Findings) == 0 {
			t.Errorf("removed up to seal %d before its time, and nothing was found", n)
		}
		proof.Since = noon.Add(time.Hour)
		kept.entries = slices.Insert(slices.Clone(kept.entries), 0, audit.Record{ID: "5-0", Text: `{"event":"approve"}`})
		if diff := cmp.Diff([]place{{audit.Inserted, int64(n), "5-0"}}, placesOf(kept.verify(t, proof))); diff != "" {
			t.Errorf("inserted before seal %d: %s", n, diff)
		}
	}
}

// TestVerifyRotation: after another key has come first in the file, what the earlier one signed
// is still good, and a file of public keys alone is enough.
func TestVerifyRotation(t *testing.T) {
	was, is := newPrivate(t), newPrivate(t)
	read := func(text string) audit.Key {
		key, err := audit.ReadKey(fileOf(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	tr := sealedTrail(t, read(pemOf(t, was)), []int{2, 1}, 0)
	for text, want := range map[string]int{
		pemOf(t, is) + publicPEM(t, was):     0,
		publicPEM(t, is) + publicPEM(t, was): 0,
		publicPEM(t, was):                    0,
		pemOf(t, was) + publicPEM(t, was):    0, // one key twice is one
		pemOf(t, is):                         2,
	} {
		if report := tr.verify(t, audit.Proof{Key: read(text)}); len(report.Findings) != want {
			t.Errorf("%d findings, want %d: %+v", len(report.Findings), want, report.Findings)
		}
	}
}
