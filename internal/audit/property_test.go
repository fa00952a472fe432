package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderbot/internal/audit"
)

// TestVerifyEveryChange: any single change of a trail is found, at the seal or the entry where it
// was made. Where there is no key, the log of the seals stands in for it.
func TestVerifyEveryChange(t *testing.T) {
	key := newKey(t)
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 5), 1, 6).Draw(rt, "sizes")
		signed := rapid.Bool().Draw(rt, "signed")
		k := audit.Key{}
		if signed {
			k = key
		}
		whole := sealedTrail(t, k, sizes, rapid.IntRange(0, 2).Draw(rt, "unsealed"))
		proof := audit.Proof{Key: k, Since: noon.Add(-time.Hour)}
		if !signed || rapid.Bool().Draw(rt, "with the log") {
			proof.Against = whole.kept(t)
		}
		if report := whole.verify(t, proof); len(report.Findings) > 0 {
			rt.Fatalf("found in what nobody touched: %+v", report.Findings)
		}
		tr := whole.clone()
		what := tamper(rt, &tr, sizes, len(proof.Against) > 0)
		report := tr.verify(t, proof)
		if !slices.ContainsFunc(report.Findings, what.found) {
			rt.Fatalf("%+v is not among %+v", what, report.Findings)
		}
	})
}

// tampering is where something was changed: any of these seals, and this entry if there is one.
type tampering struct {
	how   string
	seals []int64
	entry string
}

func (w tampering) found(f audit.Finding) bool {
	return slices.Contains(w.seals, f.Seal) && (w.entry == "" || w.entry == f.Entry)
}

// tamper makes one change that can be found, which what has no entries, or is not sealed yet, leaves
// no room for.
func tamper(rt *rapid.T, tr *trail, sizes []int, log bool) tampering {
	total := 0
	for _, n := range sizes {
		total += n
	}
	ways := []func(*rapid.T, *trail, []int, int) tampering{changeSeal, changeDigests}
	if log {
		ways = append(ways, cutSeals)
	}
	if len(sizes) > 1 {
		ways = append(ways, removeSeal, swapSeals)
	}
	if total > 0 {
		ways = append(ways, changeEntry, removeEntry, insertEntry)
	}
	if total > 1 {
		ways = append(ways, swapEntries)
	}
	return rapid.SampledFrom(ways).Draw(rt, "way")(rt, tr, sizes, total)
}

// sealOf is the number of the seal that covers an entry.
func sealOf(sizes []int, entry int) int64 {
	for i, n := range sizes {
		if entry < n {
			return int64(i + 1)
		}
		entry -= n
	}
	return 0
}

func changeByte(rt *rapid.T, text string) string {
	at := rapid.IntRange(0, len(text)-1).Draw(rt, "at")
	b := []byte(text)
	b[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "by"))
	return string(b)
}

func changeEntry(rt *rapid.T, tr *trail, sizes []int, total int) tampering {
	i := rapid.IntRange(0, total-1).Draw(rt, "entry")
	tr.entries[i].Text = changeByte(rt, tr.entries[i].Text)
	return tampering{"changed entry", []int64{sealOf(sizes, i)}, tr.entries[i].ID}
}

func removeEntry(rt *rapid.T, tr *trail, sizes []int, total int) tampering {
	i := rapid.IntRange(0, total-1).Draw(rt, "entry")
	n := sealOf(sizes, i)
	tr.entries = slices.Delete(tr.entries, i, i+1)
	return tampering{"removed entry", []int64{n}, ""}
}

func insertEntry(rt *rapid.T, tr *trail, sizes []int, total int) tampering {
	i := rapid.IntRange(0, total-1).Draw(rt, "before entry")
	ms, _, _ := strings.Cut(tr.entries[i].ID, "-")
	id := ms[:len(ms)-3] + "000-7" // 123 ms before it
	tr.entries = slices.Insert(tr.entries, i, audit.Record{ID: id, Text: `{"event":"approve"}`})
	return tampering{"inserted entry", []int64{sealOf(sizes, i)}, id}
}

func swapEntries(rt *rapid.T, tr *trail, sizes []int, total int) tampering {
	i := rapid.IntRange(0, total-2).Draw(rt, "entry")
	j := rapid.IntRange(i+1, total-1).Draw(rt, "with")
	tr.entries[i].Text, tr.entries[j].Text = tr.entries[j].Text, tr.entries[i].Text
	return tampering{"swapped entries", []int64{sealOf(sizes, i)}, tr.entries[i].ID}
}

// changeSeal changes one byte of one seal. Where that leaves a seal, it is the one before that it
// does not fit any more.
func changeSeal(rt *rapid.T, tr *trail, _ []int, _ int) tampering {
	i := rapid.IntRange(0, len(tr.seals)-1).Draw(rt, "seal")
	tr.seals[i].Note = changeByte(rt, tr.seals[i].Note)
	return tampering{"changed seal", []int64{int64(i), int64(i + 1), int64(i + 2)}, ""}
}

func changeDigests(rt *rapid.T, tr *trail, _ []int, _ int) tampering {
	i := rapid.IntRange(0, len(tr.seals)-1).Draw(rt, "seal")
	d := tr.seals[i].Digests
	if len(d) == 0 {
		tr.seals[i].Digests = []string{"00"}
	} else {
		j := rapid.IntRange(0, len(d)-1).Draw(rt, "digest")
		d[j] = changeByte(rt, d[j])
	}
	return tampering{"changed digests", []int64{int64(i + 1)}, ""}
}

func removeSeal(rt *rapid.T, tr *trail, _ []int, _ int) tampering {
	i := rapid.IntRange(0, len(tr.seals)-2).Draw(rt, "seal")
	tr.seals = slices.Delete(tr.seals, i, i+1)
	return tampering{"removed seal", []int64{int64(i + 1)}, ""}
}

func swapSeals(rt *rapid.T, tr *trail, _ []int, _ int) tampering {
	i := rapid.IntRange(0, len(tr.seals)-2).Draw(rt, "seal")
	j := rapid.IntRange(i+1, len(tr.seals)-1).Draw(rt, "with")
	tr.seals[i], tr.seals[j] = tr.seals[j], tr.seals[i]
	return tampering{"swapped seals", []int64{int64(i + 1), int64(j + 1)}, ""}
}

// cutSeals leaves the entries, or takes those that no seal covers any more with it.
func cutSeals(rt *rapid.T, tr *trail, sizes []int, _ int) tampering {
	i := rapid.IntRange(0, len(tr.seals)-1).Draw(rt, "from seal")
	tr.seals = tr.seals[:i]
	if rapid.Bool().Draw(rt, "with entries") {
		covered := 0
		for _, n := range sizes[:i] {
			covered += n
		}
		tr.entries = tr.entries[:covered]
	}
	return tampering{"cut", []int64{int64(i + 1)}, ""}
}

// FuzzVerify: whatever stands in Redis, verifying it ends, and what is not as it was written is
// not called whole.
func FuzzVerify(f *testing.F) {
	key := newKey(f)
	whole := sealedTrail(f, key, []int{2, 0, 1}, 1)
	f.Add(whole.seals[0].Note, whole.seals[0].Digests[0], whole.entries[0].ID, whole.entries[0].Text)
	f.Add("", "", "0-0", "{}")
	f.Add(strings.Replace(whole.seals[0].Note, "seal 1", "seal 9223372036854775807", 1), "x", "18446744073709551615-0", `{"event":"x"}`)
	f.Fuzz(func(t *testing.T, text, digest, id, entry string) {
		tr := whole.clone()
		tr.seals[0] = audit.Stored{Note: text, Digests: []string{digest, tr.seals[0].Digests[1]}}
		tr.entries[0] = audit.Record{ID: id, Text: entry}
		report, err := audit.Verify(audit.Trail{Origin: origin, Seals: each(tr.seals), Entries: each(tr.entries)}, audit.Proof{Key: key, Since: noon.Add(-time.Hour)})
		same := text == whole.seals[0].Note && digest == whole.seals[0].Digests[0] && tr.entries[0] == whole.entries[0]
		if err == nil && (len(report.Findings) == 0) != same {
			t.Errorf("the same: %v; found %+v", same, report.Findings)
		}
	})
}
