package office

import (
	"context"
	"fmt"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// WindowState is how one of Microsoft's windows stands.
type WindowState struct {
	Endpoint string   // its name, as in the catalogue
	Actions  []string // the actions whose calls are counted there; none: reads
	Limits   []LimitState
	Waiting  int       // calls that stand in line
	Held     time.Time // Defender wants to be left alone until then; zero: it does not
}

// LimitState is how much of one limit is used.
type LimitState struct {
	defender.Limit

	Used int
	Next time.Time // when the next slot comes; zero: there is a free one
}

// Limits is how Microsoft's windows stand, of the actions that are switched on and of reads.
func (d *Desk) Limits(ctx context.Context, by By) ([]WindowState, error) {
	if _, err := d.readerOf(ctx, by, approvals.ToList); err != nil {
		return nil, err
	}
	windows, err := d.store.Windows(ctx, d.people.policy.On())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", approvals.ErrNotRead, err)
	}
	states := make([]WindowState, len(windows))
	for i, w := range windows {
		states[i] = WindowState{Endpoint: w.Endpoint.Name, Actions: w.Actions, Waiting: w.Waiting, Held: w.Held}
		for n, l := range w.Endpoint.Limits {
			states[i].Limits = append(states[i].Limits, LimitState{Limit: l, Used: w.Used[n], Next: w.Next[n]})
		}
	}
	return states, nil
}
