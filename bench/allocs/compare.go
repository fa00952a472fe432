package main

import (
	"fmt"
	"slices"
)

// tolerance is by how much a number may differ from the committed one.
const tolerance = 0.10

// compare lists what differs from the committed numbers. Less is a difference as well: until it
// is committed, somebody could undo the gain unnoticed.
func compare(committed, now []row) (differences []string) {
	for _, was := range committed {
		i := slices.IndexFunc(now, was.same)
		if i < 0 {
			differences = append(differences, was.String()+": is committed and was not measured")
			continue
		}
		differences = append(differences, differ(was, "allocations", was.allocs, now[i].allocs)...)
		differences = append(differences, differ(was, "bytes", was.bytes, now[i].bytes)...)
	}
	for _, is := range now {
		if !slices.ContainsFunc(committed, is.same) {
			differences = append(differences, is.String()+": was measured and is not committed")
		}
	}
	return differences
}

// differ is nothing, or one difference.
func differ(r row, what string, was, is int64) []string {
	off := float64(is - was)
	switch {
	case off > tolerance*float64(was):
		return []string{fmt.Sprintf("%s: %s up from %d to %d", r, what, was, is)}
	case -off > tolerance*float64(was):
		return []string{fmt.Sprintf("%s: %s down from %d to %d, which is better: commit it", r, what, was, is)}
	}
	return nil
}

// same reports whether two rows are about the same benchmark.
func (r row) same(o row) bool { return r.pkg == o.pkg && r.name == o.name }

func (r row) String() string { return r.pkg + " " + r.name }
