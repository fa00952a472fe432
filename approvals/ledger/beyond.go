package ledger

import (
	"errors"
	"fmt"
)

// ErrFrozen means that no call is sent now, by order of an approver.
var ErrFrozen = errors.New("frozen: no call leaves")

// Beyond means that a change was not made because it would go beyond what one person may
// do in a while.
type Beyond struct {
	Of    string // "reach" or "forced"
	Count int    // how many there are already
}

// Error says how many there are.
func (b *Beyond) Error() string { return fmt.Sprintf("%s: %d already", b.Of, b.Count) }
