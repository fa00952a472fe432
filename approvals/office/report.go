package office

import (
	"context"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// mostReported is how many requests of a kind a report is made of.
const mostReported = 2000

// Report sums up what has ended since then, and what waits.
func (d *Desk) Report(ctx context.Context, by By, since time.Time) (approvals.Summary, error) {
	who, err := d.readerOf(ctx, by, approvals.ToReport)
	if err != nil {
		return approvals.Summary{}, err
	}
	open, err := d.find(ctx, who, ledger.Open(), mostReported)
	if err != nil {
		return approvals.Summary{}, err
	}
	ended, err := d.find(ctx, who, ledger.Ended(since), mostReported)
	if err != nil {
		return approvals.Summary{}, err
	}
	sum := approvals.Summarise(both(open.Requests, ended.Requests), since, d.store.Now())
	sum.Beyond = open.More + ended.More
	return sum, nil
}
