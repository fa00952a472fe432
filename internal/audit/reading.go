package audit

import (
	"encoding/hex"
	"fmt"
)

// sealed is an entry with what a seal would say of it.
type sealed struct {
	Record

	digest string // empty: it is no entry, so no seal covers it
}

// reading takes entries one after the other, as far as somebody asks.
type reading struct {
	next     func() (Record, error, bool)
	ahead    *Record // read and not yet asked for
	last     streamID
	disorder []Finding
}

func (r *reading) upTo(end streamID) ([]sealed, error) {
	return r.while(func(id streamID) bool { return !id.after(end) })
}

func (r *reading) before(end streamID) ([]sealed, error) {
	return r.while(func(id streamID) bool { return end.after(id) })
}

func (r *reading) while(wanted func(streamID) bool) ([]sealed, error) {
	var got []sealed
	for {
		e, err := r.peek()
		if e == nil || err != nil {
			return got, err
		}
		id, err := parseID(e.ID)
		if err != nil {
			return got, err // Redis itself makes these ids
		}
		if !wanted(id) {
			return got, nil
		}
		r.take(id)
		got = append(got, sealedOf(*e))
	}
}

func (r *reading) peek() (*Record, error) {
	if r.ahead == nil {
		e, err, ok := r.next()
		if err != nil || !ok {
			return nil, err
		}
		r.ahead = &e
	}
	return r.ahead, nil
}

// take goes on to the next entry. That ids rise is what Redis promises; what was put together
// otherwise is not what Redis had.
func (r *reading) take(id streamID) {
	r.ahead = nil
	if !id.after(r.last) {
		r.disorder = append(r.disorder, Finding{Swapped, 0, id.String(), fmt.Sprintf("entry %s comes after entry %s", id, r.last)})
	}
	r.last = id
}

func sealedOf(e Record) sealed {
	digest, err := e.Digest()
	if err != nil {
		return sealed{Record: e}
	}
	return sealed{e, hex.EncodeToString(digest[:])}
}

// tail is what no seal covers.
type tail struct {
	count int
	first streamID
}

// all counts what is left, without keeping it.
func (r *reading) all() (t tail, err error) {
	for {
		e, err := r.peek()
		if e == nil || err != nil {
			return t, err
		}
		id, err := parseID(e.ID)
		if err != nil {
			return t, err
		}
		r.take(id)
		if t.count++; t.count == 1 {
			t.first = id
		}
	}
}
