package piece_test

import (
	"testing"
	"time"

	"defenderbot/bench/due/piece"
)

func TestAt(t *testing.T) {
	got, err := piece.At("1772334000123-4")
	if want := time.UnixMilli(1772334000123); err != nil || !got.Equal(want) {
		t.Errorf("At() = %v, %v; want %v", got, err, want)
	}
	for _, entry := range []string{"", "-1", "soon-0"} {
		if got, err := piece.At(entry); err == nil {
			t.Errorf("At(%q) = %v, want an error", entry, got)
		}
	}
}
