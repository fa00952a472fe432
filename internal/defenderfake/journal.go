package defenderfake

import "slices"

// kept is how many requests the tenant remembers, the newest: a sandbox that runs for weeks must not grow.
const kept = 10_000

// journal holds the newest requests and counts all.
type journal struct {
	calls []*Call // up to twice as many as are kept, so that the oldest seldom have to be moved out
	total int
}

// add returns the record, which may still be completed.
func (j *journal) add(c Call) *Call {
	j.total++
	if len(j.calls) == 2*kept {
		j.calls = slices.Clone(j.calls[kept:])
	}
	j.calls = append(j.calls, &c)
	return &c
}

// newest returns copies of the requests that are kept, oldest first.
func (j *journal) newest() []Call {
	var out []Call
	for _, c := range j.calls[max(0, len(j.calls)-kept):] {
		out = append(out, *c)
	}
	return out
}
