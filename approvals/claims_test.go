package approvals

import (
	"slices"
	"testing"
)

// TestMovedLeavesNoEntryOfAnOlderVersion ends a request whose entry an older
// version named by the id of the workspace alone.
func TestMovedLeavesNoEntryOfAnOlderVersion(t *testing.T) {
	before := sample(Pending, "")
	before.By = Person{ID: "U1", Enterprise: "W1"}
	after := before
	after.State = Denied
	_, dropped := moved(before, after)
	for _, want := range []claim{{"asks/W1/", before.ID, false}, {"asks/U1/", before.ID, false}} {
		if !slices.Contains(dropped, want) {
			t.Errorf("dropped %+v, want %+v among it", dropped, want)
		}
	}
	after.State = Pending
	if _, dropped = moved(before, after); len(dropped) != 0 {
		t.Errorf("nothing ended, and dropped is %+v", dropped)
	}
}
