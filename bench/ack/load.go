package ack

import (
	"fmt"

	"defenderbot/bench/side"
)

// load is how commands come.
type load struct {
	rate     float64 // a second, at moments that chance chooses; 0: the next one when one is answered
	inFlight int     // how many wait for an answer at once where there is no rate
	commands int     // that are counted
	behind   int     // requests that were recorded just before and are still being worked on
}

// behind is how many earlier requests are worked on beside some loads.
const behind = 1000

// plain are the loads of a program that has nothing else to do.
func plain(lab *side.Lab) []load {
	return side.Pick(lab, []load{
		{rate: 1, commands: 8},
		{rate: 50, commands: 250},
		{rate: 200, commands: 800},
		{inFlight: 1, commands: 1500},
		{inFlight: 64, commands: 8000},
	}, []load{
		{rate: 50, commands: 5},
		{inFlight: 64, commands: 100},
	})
}

// beside are the same loads beside earlier requests. They are shorter, so that those last.
func beside(lab *side.Lab) []load {
	return side.Pick(lab, []load{
		{rate: 1, commands: 4, behind: behind},
		{rate: 50, commands: 150, behind: behind},
		{rate: 200, commands: 500, behind: behind},
		{inFlight: 1, commands: 1000, behind: behind},
		{inFlight: 64, commands: 4000, behind: behind},
	}, []load{
		{inFlight: 1, commands: 50, behind: 20},
	})
}

// name is what tables call the load.
func (l load) name() string {
	switch {
	case l.rate > 0:
		return fmt.Sprintf("%g a second", l.rate)
	case l.inFlight == 1:
		return "one after another"
	}
	return fmt.Sprintf("%d in flight", l.inFlight)
}

// few reports whether all rounds together give too few commands for a p99.
func (l load) few() bool { return l.commands < 20 }

// crowded reports whether acknowledgements a second are what the load is about.
func (l load) crowded() bool { return l.inFlight > 1 }
