package seed

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// text is something that Redis keeps, taken apart: words that are the same for every request,
// and holes for what is one request's own.
type text []piece

type piece struct {
	word  string
	hole  hole
	after time.Duration // of a time: how long after the request's first
	nth   int           // of a GUID: which
}

// hole is what stands in a place.
type hole int

const (
	word hole = iota // what every request has
	idHole
	deviceHole
	hostHole
	userHole
	nameHole
	channelHole
	cardHole
	digestHole
	timeHole   // as JSON has it
	millisHole // as entries of the index have it
	guidHole   // Defender's names of things
)

// own finds everything that is a subject's own, one group for each kind of hole, in their order.
func own(s Subject) *regexp.Regexp {
	var parts []string
	for _, is := range []string{s.ID, s.Device, s.Host, s.User, s.Name, s.Channel, s.Card, s.digest()} {
		parts = append(parts, "("+regexp.QuoteMeta(is)+")")
	}
	parts = append(parts,
		`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)`,
		`/(\d{13})/`,
		`([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`,
	)
	return regexp.MustCompile(strings.Join(parts, "|"))
}

// apart takes a text apart. GUIDs are numbered in the order in which they are met.
func apart(s Subject, own *regexp.Regexp, guids map[string]int, from string) (text, error) {
	var t text
	end := 0
	for _, found := range own.FindAllStringSubmatchIndex(from, -1) {
		for h := idHole; h <= guidHole; h++ {
			begin, stop := found[2*h], found[2*h+1]
			if begin < 0 {
				continue
			}
			p := piece{hole: h}
			if err := p.read(s, guids, from[begin:stop]); err != nil {
				return nil, err
			}
			t = append(t, piece{word: from[end:begin]}, p)
			end = stop
		}
	}
	return append(t, piece{word: from[end:]}), nil
}

// read takes from what stands in a place what is needed to fill it for another request.
func (p *piece) read(s Subject, guids map[string]int, is string) error {
	var at time.Time
	var err error
	switch p.hole { //nolint:exhaustive // the others are the subject's as they are
	case timeHole:
		at, err = time.Parse(time.RFC3339Nano, is)
	case millisHole:
		var ms int64
		_, err = fmt.Sscan(is, &ms)
		at = time.UnixMilli(ms)
	case guidHole:
		n, known := guids[is]
		if !known {
			n = len(guids)
			guids[is] = n
		}
		p.nth = n
		return nil
	default:
		return nil
	}
	p.after = at.Sub(s.At)
	if err != nil {
		return fmt.Errorf("a time of %s: %w", s.ID, err)
	}
	return nil
}

// fill is the text of a request.
func (t text) fill(s *Subject) []byte {
	var b []byte
	for i := range t {
		b = t[i].fill(b, s)
	}
	return b
}

func (p *piece) fill(b []byte, s *Subject) []byte {
	switch p.hole {
	case word:
		return append(b, p.word...)
	case idHole:
		return append(b, s.ID...)
	case deviceHole:
		return append(b, s.Device...)
	case hostHole:
		return append(b, s.Host...)
	case userHole:
		return append(b, s.User...)
	case nameHole:
		return append(b, s.Name...)
	case channelHole:
		return append(b, s.Channel...)
	case cardHole:
		return append(b, s.Card...)
	case digestHole:
		return append(b, s.digest()...)
	case timeHole:
		return s.At.Add(p.after).UTC().AppendFormat(b, time.RFC3339Nano)
	case millisHole:
		return fmt.Appendf(b, "%013d", s.At.Add(p.after).UnixMilli())
	case guidHole:
		sum := sha256.Sum256(fmt.Append(nil, s.ID, p.nth))
		return fmt.Appendf(b, "%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	}
	return b
}
