package main

import (
	"slices"
	"testing"
)

// TestMedians: what else is printed does not matter, and each benchmark counts once.
func TestMedians(t *testing.T) {
	got := medians("bot", `goos: linux
cpu: AMD EPYC
BenchmarkFrame-16       	     500	      4831 ns/op	 103.50 MB/s	     889 B/op	      10 allocs/op
BenchmarkFrame-16       	     500	      4111 ns/op	 101.00 MB/s	     872 B/op	      12 allocs/op
BenchmarkFrame-16       	     500	      5831 ns/op	 103.52 MB/s	     880 B/op	      11 allocs/op
BenchmarkAsk/approvers=30 	     500	   1886675 ns/op	   33143 B/op	     147 allocs/op
BenchmarkTimesAlone-16  	     500	      5831 ns/op
PASS
`)
	want := []row{{"bot", "Ask/approvers=30", 147, 33143}, {"bot", "Frame", 11, 880}}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%swant\n%s", format(got), format(want))
	}
}

func TestFormat(t *testing.T) {
	want := []row{{"approvals/ledger", "WindowDecision/waiting=1", 134, 15340}, {"bot", "Card", 0, 0}}
	got, err := parse(format(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, got\n%swant\n%s", err, format(got), format(want))
	}
	for _, wrong := range []string{"bot Card 1\n", "bot Card many 1\n", "\n"} {
		if rows, err := parse(wrong); err == nil {
			t.Errorf("%q is read as %v", wrong, rows)
		}
	}
}
