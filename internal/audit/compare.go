package audit

import "slices"

// compare holds entries against the seal that should cover them, and makes it the newest.
func (v *verification) compare(s Seal, got []sealed) {
	v.report.Newest = s
	v.report.Entries += len(got)
	digests := make([]string, len(got))
	for i, g := range got {
		digests[i] = g.digest
	}
	switch {
	case len(got) == s.Count && sumOf(digests) == s.Sum:
		if !s.whole() {
			v.find(Broken, s.Number, "", "the list of digests of seal %d is not what it sealed; its entries are", s.Number)
		}
		if s.Count > 0 && (got[0].ID != s.First || got[len(got)-1].ID != s.Last) {
			v.find(Broken, s.Number, "", "seal %d names other entries than it covers", s.Number)
		}
	case !s.whole():
		v.find(Broken, s.Number, "", "neither the %d entries of seal %d nor its list of digests are what it sealed", len(got), s.Number)
	default:
		v.align(s, got)
	}
}

// whole reports whether the digests are those that were sealed.
func (s Seal) whole() bool { return len(s.Digests) == s.Count && sumOf(s.Digests) == s.Sum }

func indexOf(digests []string) map[string]int {
	index := make(map[string]int, len(digests))
	for i, d := range digests {
		index[d] = i
	}
	return index
}

// align finds what of got is what the seal's digests say: what stands between two entries
// that are right was changed, removed or inserted.
func (v *verification) align(s Seal, got []sealed) {
	index := indexOf(s.Digests)
	var a alignment
	for g := range got {
		w, ok := index[got[g].digest]
		if !ok || w < a.want {
			continue
		}
		v.between(s, got, &a, w, g)
		a.want, a.got = w+1, g+1
	}
	v.between(s, got, &a, len(s.Digests), len(got))
	v.moved(s, got, a.changed)
}

// alignment is how far two lists were compared.
type alignment struct {
	want, got int
	changed   []pair
}

// pair is an entry that stands where another was sealed.
type pair struct{ want, got int }

func (v *verification) between(s Seal, got []sealed, a *alignment, want, end int) {
	for a.want < want && a.got < end {
		a.changed = append(a.changed, pair{a.want, a.got})
		a.want++
		a.got++
	}
	if gone := want - a.want; gone > 0 {
		v.find(Removed, s.Number, before(s, got, a.got), "%d of the %d entries of seal %d are gone, from its entry %d on, after %s",
			gone, s.Count, s.Number, a.want+1, before(s, got, a.got))
	}
	for ; a.got < end; a.got++ {
		v.find(Inserted, s.Number, got[a.got].ID, "entry %s was not there when seal %d was made", got[a.got].ID, s.Number)
	}
}

// before is the id of the entry before got[i].
func before(s Seal, got []sealed, i int) string {
	if i > 0 {
		return got[i-1].ID
	}
	return s.First
}

// mostPairs is among how many changed entries swapped ones are looked for.
const mostPairs = 64

// moved tells entries whose texts have changed places from those that were changed.
func (v *verification) moved(s Seal, got []sealed, changed []pair) {
	for _, p := range changed {
		id := got[p.got].ID
		from := -1
		if len(changed) <= mostPairs {
			from = slices.IndexFunc(changed, func(other pair) bool {
				return other != p && sealedOf(Record{id, got[other.got].Text}).digest == s.Digests[p.want]
			})
		}
		if from >= 0 {
			v.find(Swapped, s.Number, id, "entry %s is now in the place of entry %s", id, got[changed[from].got].ID)
			continue
		}
		v.find(Changed, s.Number, id, "entry %s is not what was sealed in seal %d", id, s.Number)
	}
}
