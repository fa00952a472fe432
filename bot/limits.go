package bot

import (
	"fmt"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// budget says how much of Microsoft's limit was left when the card was made,
// and whether that is enough for n calls.
func budget(b approvals.Budget, n int) string {
	if b.Of == 0 {
		return ""
	}
	s := fmt.Sprintf("%d left of %s", b.Left, defender.Limit{Calls: b.Of, Per: b.Per})
	if b.Ahead > 0 {
		s += fmt.Sprintf(", %d waiting ahead", b.Ahead)
	}
	switch free := b.Left - b.Ahead; {
	case free <= 0:
		s += ": this would have to wait"
	case free < n:
		s += fmt.Sprintf(": %d of the %d devices would have to wait", n-free, n)
	}
	return s
}

// outlook says of a request whose calls could not all go at once when the last of
// them could, and when an approval given at once would run out.
func outlook(r approvals.Request) []para {
	free, lapses := r.Budget.Free, r.Budget.At.Add(r.Terms.ExecutionTTL)
	if free.IsZero() {
		return nil
	}
	turn := "If approved at once, its turn would come about "
	if len(r.Devices) > 1 {
		turn = "If approved at once, the last call's turn would come about "
	}
	if r.Budget.Left-r.Budget.Ahead >= len(r.Devices) { // no window is full
		turn = "Defender is throttling calls. " + turn
	}
	if free.Before(lapses) {
		return []para{says(words("⏳ "+turn), when(free), words("; the approval would run out "), when(lapses), words("."))}
	}
	return []para{says(words("⚠️ "+turn), when(free), words(", but the approval would run out first, "), when(lapses), words("."))}
}
