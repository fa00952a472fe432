package bot

import "sync"

const (
	queueSize  = 256
	queueShare = queueSize / 4 // of one person
)

// queue holds envelopes until a worker takes them. It serves the people in turn, one envelope each,
// so that nobody waits behind somebody else's many. One person's may fill no more than a share of
// it, so that there is room for others; no share limits those whose person is not known.
type queue struct {
	ready   chan struct{} // one for each envelope
	mu      sync.Mutex
	waiting map[string][]Envelope // by person
	turns   []string              // who has some, next first
}

func newQueue() *queue {
	return &queue{ready: make(chan struct{}, queueSize), waiting: map[string][]Envelope{}}
}

// put adds an envelope of a person, and reports whether there was room.
func (q *queue) put(person string, e Envelope) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	mine := q.waiting[person]
	if len(mine) >= queueShare && person != "" {
		return false
	}
	select {
	case q.ready <- struct{}{}:
	default:
		return false
	}
	if len(mine) == 0 {
		q.turns = append(q.turns, person)
	}
	q.waiting[person] = append(mine, e)
	return true
}

// take removes the envelope that is next, for whoever has received from ready.
func (q *queue) take() Envelope {
	q.mu.Lock()
	defer q.mu.Unlock()
	person := q.turns[0]
	mine := q.waiting[person]
	q.turns = q.turns[1:]
	if len(mine) == 1 {
		delete(q.waiting, person)
	} else {
		q.waiting[person] = mine[1:]
		q.turns = append(q.turns, person)
	}
	return mine[0]
}
