package fair

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"defenderbot/bench/side"
	"defenderbot/internal/slackfake"
)

// kind is what a person was told.
type kind int

const (
	recorded kind = iota
	limited       // they have too many undecided requests
	busy          // the bot has too much to do, so it did nothing
	other         // anything else
	none          // nothing in time: Slack says that it failed
	kinds
)

// beginnings are how the answers begin that the study tells apart.
var beginnings = map[kind]string{
	recorded: "Recorded as ",
	limited:  "You already have as many undecided requests",
	busy:     "Too much is happening at once",
}

// kindOf is what kind of answer came.
func kindOf(out slackfake.Outcome) kind {
	if !out.Acked {
		return none
	}
	if out.Answer != nil {
		for k, beginning := range beginnings {
			if strings.HasPrefix(out.Answer.Text, beginning) {
				return k
			}
		}
	}
	return other
}

// answers are those that one side got.
type answers struct {
	mu     sync.Mutex
	waited side.Sample // all but the fast refusals, which are no use to anybody
	count  [kinds]int
}

// note counts an answer. A refusal because the bot is busy comes fast and is of no use, so that
// it is only counted.
func (a *answers) note(k kind, waited time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count[k]++; k != busy {
		a.waited = append(a.waited, waited)
	}
}

// add adds those of another round.
func (a *answers) add(b *answers) {
	a.waited = append(a.waited, b.waited...)
	for k, n := range b.count {
		a.count[k] += n
	}
}

// total is how many there are.
func (a *answers) total() int {
	sum := 0
	for _, n := range a.count {
		sum += n
	}
	return sum
}

// shares are the answers in words, most of them in percent.
func (a *answers) shares() string {
	names := [kinds]string{"recorded", "refused by the limit", "told to try again", "told something else", "not answered"}
	var parts []string
	for k, n := range a.count {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%.3g %% %s", 100*float64(n)/float64(a.total()), names[k]))
		}
	}
	return strings.Join(parts, ", ")
}
