package approvals

import "time"

// Package records that somebody is given the link to what a call has collected. It
// changes nothing else: the link itself is nobody's to keep.
type Package struct {
	By   Person
	Call int
	Job  string // the machine action in Defender whose package it is
}

func (Package) name() string                       { return "package" }
func (e Package) line() (by Person, detail string) { return e.By, e.Job }
func (Package) touches() (face, trail bool)        { return false, true }
func (e Package) call() int                        { return e.Call }

func (e Package) apply(r Request, _ time.Time) (Request, error) {
	if e.Call < 0 || e.Call >= len(r.Calls) || r.Calls[e.Call].State != Succeeded || r.Calls[e.Call].Job.ID != e.Job {
		return r, Refuse(NoPackage, "")
	}
	return r, nil
}

// Succeeded are the calls of r that have succeeded, by number.
func (r Request) Succeeded() (calls []int) {
	for i, c := range r.Calls {
		if c.State == Succeeded {
			calls = append(calls, i)
		}
	}
	return calls
}
