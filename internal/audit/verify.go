package audit

import (
	"fmt"
	"iter"
	"time"
)

// Stored is a seal as it is kept: to be parsed, and to be doubted.
type Stored struct {
	Note    string
	Digests []string
}

// Trail is what is verified: the seals and entries of one installation, each oldest first. They
// are read in step, so that no more than one batch is in memory.
type Trail struct {
	Origin  string
	Seals   iter.Seq2[Stored, error]
	Entries iter.Seq2[Record, error]
}

// Proof is what a trail is held against.
type Proof struct {
	Key     Key       // whose signature each seal must bear; the zero Key: signatures are not looked at
	Against []Seal    // seals that somebody else kept
	Now     time.Time // by which the sealer should have been here
	Since   time.Time // what was sealed since then has not been trimmed
}

// Report is what [Verify] found.
type Report struct {
	Findings []Finding // none: nothing has been changed, as far as Proof can tell
	Oldest   Seal      // that is kept; the zero Seal if there is none
	Newest   Seal
	Seals    int
	Entries  int // that a seal covers
	Unsealed int // that came after the newest seal
	Unsigned int // seals without a signature
}

// Kind is a kind of tampering, or of damage.
type Kind string

// The kinds of findings.
const (
	Changed   Kind = "changed"   // an entry is not what was sealed
	Removed   Kind = "removed"   // entries that were sealed are gone
	Inserted  Kind = "inserted"  // an entry was not there when its time was sealed
	Swapped   Kind = "swapped"   // entries, or seals, have changed places
	Missing   Kind = "missing"   // seals are gone from the middle, or from the beginning
	Broken    Kind = "broken"    // a seal is none, or says what cannot be
	Chain     Kind = "chain"     // a seal was not made on the one before it
	Signature Kind = "signature" // a seal is not signed by a key that is known
	Replaced  Kind = "replaced"  // somebody kept another seal of that number
	Cut       Kind = "cut"       // somebody kept a seal that is newer than the newest
	Late      Kind = "late"      // seals have stopped
)

// Finding is one place where the trail is not what it should be.
type Finding struct {
	Kind  Kind
	Seal  int64  // the number of the seal that it concerns; of what is missing, the first
	Entry string // the stream id of the entry, or of the one before, if it is about one
	Text  string // in a sentence
}

// sealedWithin is how soon a bot that runs seals something, and silence: the longest of its pauses
// is an hour.
const sealedWithin = 2 * time.Hour

// Verify reads a trail and finds each place where it is not what was sealed. The error is
// that of reading it. What no seal covers yet is counted and not doubted, unless it is old.
func Verify(t Trail, p Proof) (Report, error) {
	next, stop := iter.Pull2(t.Entries)
	defer stop()
	v := &verification{origin: t.Origin, proof: p, entries: reading{next: next}}
	for stored, err := range t.Seals {
		if err != nil {
			return v.report, err
		}
		if err := v.seal(stored); err != nil {
			return v.report, err
		}
	}
	return v.report, v.end()
}

// verification is how far a trail has been read.
type verification struct {
	origin  string
	proof   Proof
	entries reading
	report  Report
	broken  int // seals since the newest good one that cannot be read
}

func (v *verification) find(k Kind, seal int64, entry, format string, a ...any) {
	v.report.Findings = append(v.report.Findings, Finding{k, seal, entry, fmt.Sprintf(format, a...)})
}

func (v *verification) newest() Seal { return v.report.Newest }

func (v *verification) seal(stored Stored) error {
	v.report.Seals++
	s, ok := v.parse(stored)
	if !ok {
		v.broken++
		v.find(Broken, v.newest().Number+int64(v.broken), "", "%s cannot be read, or is not one of this trail", v.place())
		return nil
	}
	v.vouched(s)
	if v.newest().Number == 0 && v.broken == 0 {
		return v.first(s)
	}
	if s.Number <= v.newest().Number {
		v.find(Swapped, s.Number, "", "seal %d comes after seal %d", s.Number, v.newest().Number)
		return nil
	}
	if err := v.linked(s); err != nil {
		return err
	}
	return v.covered(s)
}

func (v *verification) parse(stored Stored) (Seal, bool) {
	s, err := ParseSeal(stored.Note, stored.Digests)
	return s, err == nil && s.Origin == v.origin
}

// place names a seal that does not name itself.
func (v *verification) place() string {
	if n := v.newest().Number; n > 0 {
		return fmt.Sprintf("the record at place %d after seal %d", v.broken, n)
	}
	return "the record in the place of the oldest seal"
}

// first takes the oldest seal that is kept. What it covers is gone with those before it where it
// is old enough.
func (v *verification) first(s Seal) error {
	v.report.Oldest = s
	last, err := parseID(s.Last)
	if err != nil {
		return err
	}
	old := s.At.Before(v.proof.Since)
	if s.Number > 1 && !old {
		v.find(Missing, 1, "", "seals 1 to %d are gone, though seal %d is younger than RETENTION", s.Number-1, s.Number)
	}
	got, err := v.entries.upTo(last)
	if err != nil {
		return err
	}
	if old && !anyOf(s, got) {
		v.trimmed(s, got)
		return nil
	}
	v.compare(s, got)
	return nil
}

// trimmed takes a seal whose entries are gone because they were old.
func (v *verification) trimmed(s Seal, got []sealed) {
	v.report.Newest = s
	if !s.whole() {
		v.find(Broken, s.Number, "", "the list of digests of seal %d is not what it sealed", s.Number)
	}
	for _, g := range got {
		v.find(Inserted, s.Number, g.ID, "entry %s is older than what was kept when seal %d was the last one trimmed", g.ID, s.Number)
	}
}

// anyOf reports whether one of the entries is one that the seal covers.
func anyOf(s Seal, got []sealed) bool {
	index := indexOf(s.Digests)
	for _, g := range got {
		if _, ok := index[g.digest]; ok {
			return true
		}
	}
	return false
}

// linked holds a seal against the one before it. What lies between two seals that do not follow
// each other is covered by none.
func (v *verification) linked(s Seal) error {
	prev, hole, broken := v.newest(), s.Number-v.newest().Number-1, int64(v.broken)
	v.broken = 0
	if prev.Number == 0 { // all that is older cannot be read
		v.report.Oldest = s
		return v.skip(s)
	}
	if hole < broken {
		v.find(Inserted, s.Number, "", "something before seal %d is not a seal", s.Number)
	}
	if hole > broken {
		v.find(Missing, prev.Number+1, "", "%d of the seals %d to %d are gone", hole-broken, prev.Number+1, s.Number-1)
	}
	if hole > 0 {
		return v.skip(s)
	}
	if s.Previous != textDigest(prev.text()) {
		v.find(Chain, prev.Number, "", "seal %d is not the one that seal %d was made on: one of them was changed", prev.Number, s.Number)
	}
	return nil
}

// skip passes over entries that only seals which are gone or broken cover.
func (v *verification) skip(s Seal) error {
	end, err := parseID(s.Last)
	if err != nil {
		return err
	}
	var lost []sealed
	if s.Count == 0 {
		lost, err = v.entries.upTo(end)
	} else {
		end, _ = parseID(s.First)
		lost, err = v.entries.before(end)
	}
	if len(lost) > 0 {
		v.find(Missing, s.Number-1, lost[0].ID, "entries %s to %s (%d) cannot be checked: their seals are gone or broken",
			lost[0].ID, lost[len(lost)-1].ID, len(lost))
	}
	return err
}

func (v *verification) covered(s Seal) error {
	last, err := parseID(s.Last)
	if err != nil {
		return err
	}
	got, err := v.entries.upTo(last)
	if err != nil {
		return err
	}
	v.compare(s, got)
	return nil
}

// end takes what came after the newest seal.
func (v *verification) end() error {
	v.report.Findings = append(v.report.Findings, v.entries.disorder...)
	rest, err := v.entries.all()
	if err != nil {
		return err
	}
	v.report.Unsealed = rest.count
	newest := v.newest()
	v.cut(newest)
	switch p := v.proof; {
	case rest.count > 0 && p.Now.Sub(rest.first.at()) > sealedWithin:
		v.find(Late, newest.Number+1, rest.first.String(), "%d entries since %s are not sealed, though a bot that runs seals within a minute: "+
			"none runs, or its seals were taken away", rest.count, rest.first)
	case newest.Number > 0 && p.Now.Sub(newest.At) > sealedWithin:
		v.find(Late, newest.Number+1, "", "there is no seal since %s, though a bot that runs seals once an hour: "+
			"none runs, or the end of the trail was cut off", newest.At.Format(sealTime))
	}
	return nil
}
