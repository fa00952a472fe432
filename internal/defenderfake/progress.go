package defenderfake

import (
	"fmt"
	"time"
)

// stage is how far something has come; it never goes back.
type stage int

const (
	waiting stage = iota
	working
	ended
)

// progress is the course of an action or investigation, fixed when it is created and read against the clock.
type progress struct {
	created time.Time
	pending time.Duration
	run     time.Duration
	words   [3]string // by stage
	open    map[string]bool
	cut     *cut // ended otherwise than planned
}

// cut is an end that somebody or something brought about.
type cut struct {
	at      time.Time
	state   string
	by      string // "" when nobody cancelled
	comment string
}

// stage returns how far it is. What is to end in its first word never leaves it.
func (p *progress) stage(now time.Time) stage {
	age := now.Sub(p.created)
	switch {
	case p.cut != nil && !now.Before(p.cut.at):
		return ended
	case age < p.pending || p.words[ended] == p.words[waiting]:
		return waiting
	case age < p.pending+p.run || p.words[ended] == p.words[working]:
		return working
	}
	return ended
}

// state returns the word for the stage and since when it holds.
func (p *progress) state(now time.Time) (string, time.Time) {
	switch s := p.stage(now); {
	case s == ended && p.cut != nil:
		return p.cut.state, p.cut.at
	case s == ended:
		return p.words[s], p.created.Add(p.pending + p.run)
	case s == working:
		return p.words[s], p.created.Add(p.pending)
	}
	return p.words[waiting], p.created
}

// final reports whether nothing can change any more.
func (p *progress) final(now time.Time) bool {
	word, _ := p.state(now)
	return !p.open[word]
}

func (p *progress) end(c cut) error {
	if p.final(c.at) {
		word, _ := p.state(c.at)
		return fmt.Errorf("defenderfake: it has ended: %s", word)
	}
	p.cut = &c
	return nil
}
