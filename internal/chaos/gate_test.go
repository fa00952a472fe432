package chaos_test

import (
	"slices"
	"strings"
	"sync"
)

// place is where something passes between a process and the world.
type place int

const (
	redisAsks place = iota // a command is about to reach Redis
	redisSays              // Redis has carried it out; its reply is about to come back
	redisTold              // the reply has come back
	slackAsks              // a call is about to reach Slack
	slackSays              // Slack has carried it out; its answer is about to come back
	slackTold              // the answer has come back
	ackAsks                // an acknowledgement is about to reach Slack
	ackTold                // it has reached Slack
	postAsks               // an action's POST is about to reach Defender
	postSent               // it has reached Defender
	postSays               // Defender has carried it out; its answer is about to come back
)

// passage is one thing that passes at a place: a command to Redis and, on the
// way back, its reply after it; the method and form of a call to Slack, an
// acknowledgement, the body of a POST.
type passage struct {
	at   place
	text string
	slot *slot
}

// gate is what everything passes on its way. A trap in it catches one passage
// and holds it.
type gate struct {
	mu     sync.Mutex
	traps  []*trap
	closed chan struct{}
}

func newGate() *gate { return &gate{closed: make(chan struct{})} }

// trap waits for one passage.
type trap struct {
	fits   func(passage) bool
	caught chan passage // holds one
	goesOn chan bool    // what becomes of it
}

// pass lets p through, or holds it as long as a trap does. False: it does not
// go on.
func (g *gate) pass(p passage) bool {
	g.mu.Lock()
	i := slices.IndexFunc(g.traps, func(t *trap) bool { return t.fits(p) })
	if i < 0 {
		g.mu.Unlock()
		return true
	}
	t := g.traps[i]
	g.traps = slices.Delete(g.traps, i, i+1)
	g.mu.Unlock()
	t.caught <- p
	select {
	case goesOn := <-t.goesOn:
		return goesOn
	case <-g.closed:
		return false
	}
}

// set arms a trap.
func (g *gate) set(fits func(passage) bool) *trap {
	t := &trap{fits: fits, caught: make(chan passage, 1), goesOn: make(chan bool, 1)}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.traps = append(g.traps, t)
	return t
}

// unset takes a trap back. What it has caught meanwhile goes on.
func (g *gate) unset(t *trap) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.traps = slices.DeleteFunc(g.traps, func(other *trap) bool { return other == t })
	t.goesOn <- true
}

// close lets nothing through any more that is held.
func (g *gate) close() { close(g.closed) }

// moment is a named point of a request's life at which a process is killed.
type moment struct {
	name   string
	at     place
	has    string // what passes has this in it
	also   string // and this
	lacks  string // and, unless empty, not this
	goesOn bool   // what was caught goes on after the death of its sender
}

func (m moment) fits(p passage) bool {
	return p.at == m.at && strings.Contains(p.text, m.has) && strings.Contains(p.text, m.also) && (m.lacks == "" || !strings.Contains(p.text, m.lacks))
}

// What the store's script is told of a change says which change it is, and what
// it answers whether the change was made: one that was decided on an old record
// is refused, and decided again.
const (
	wasMade    = `"status":"ok"`
	takesSlot  = `"take":{`
	settles    = `"settle":`
	handsOver  = `"lease":`
	cardShown  = `{"at":0,"member":"card:`
	inThread   = "thread_ts="
	postsCard  = "chat.postMessage\n"
	updates    = "chat.update\n"
	acksAsk    = "Recorded as D-"
	wholePOSTs = "[D-"
)

// moments are all named points.
func moments() []moment {
	return []moment{
		{name: "recorded, before the acknowledgement", at: ackAsks, has: acksAsk},
		{name: "after the acknowledgement", at: ackTold, has: acksAsk, goesOn: true},
		{name: "approved, before the click is answered", at: redisSays, has: handsOver, also: wasMade},
		{name: "sending not saved yet", at: redisAsks, has: takesSlot},
		{name: "sending saved after the death", at: redisAsks, has: takesSlot, goesOn: true},
		{name: "sending saved, reply on its way", at: redisSays, has: takesSlot, also: wasMade},
		{name: "sending saved", at: redisTold, has: takesSlot, also: wasMade, goesOn: true},
		{name: "POST left and was lost", at: postAsks, has: wholePOSTs},
		{name: "POST left and arrives after the death", at: postAsks, has: wholePOSTs, goesOn: true},
		{name: "POST arrived", at: postSent, has: wholePOSTs},
		{name: "answer on its way", at: postSays, has: wholePOSTs},
		{name: "answer came, not saved", at: redisAsks, has: settles},
		{name: "answer saved after the death", at: redisAsks, has: settles, goesOn: true},
		{name: "card posted, answer on its way", at: slackSays, has: postsCard, lacks: inThread},
		{name: "card posted, ts came", at: slackTold, has: postsCard, lacks: inThread, goesOn: true},
		{name: "card shown, not saved", at: redisAsks, has: cardShown},
		{name: "before an update", at: slackAsks, has: updates},
		{name: "update arrives after the death", at: slackAsks, has: updates, goesOn: true},
		{name: "after an update", at: slackSays, has: updates},
		{name: "said in the thread, not saved", at: slackSays, has: inThread},
	}
}
