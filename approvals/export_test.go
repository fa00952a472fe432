package approvals

import "time"

// What the tests of the machines see of them besides.
var (
	NextCall   = nextCall
	CheckLimit = checkLimit
)

// Timer is an event that the clock will bring, and when.
type Timer struct {
	At    time.Time
	Event Event
}

// Timers are all of a request.
func Timers(r Request) (list []Timer) {
	for _, t := range timers(r) {
		list = append(list, Timer{t.at, t.event})
	}
	return list
}
