package ack

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestArrivals(t *testing.T) {
	const count = 20_000
	at := arrivals(7, 50, count)
	if !slices.IsSorted(at) || at[0] < 0 {
		t.Fatal("moments go back")
	}
	if rate := count / at[count-1].Seconds(); math.Abs(rate-50) > 2 {
		t.Errorf("%.1f a second, want 50", rate)
	}
	// Of independent arrivals, as many gaps as 1/e are longer than the mean one.
	long := 0
	for i := 1; i < count; i++ {
		if at[i]-at[i-1] > 20*time.Millisecond {
			long++
		}
	}
	if share := float64(long) / count; math.Abs(share-1/math.E) > 0.02 {
		t.Errorf("%.3f of the gaps are longer than the mean, want %.3f", share, 1/math.E)
	}
	if !slices.Equal(at, arrivals(7, 50, count)) {
		t.Error("the same seed gives other moments")
	}
	if slices.Equal(at, arrivals(8, 50, count)) {
		t.Error("another seed gives the same moments")
	}
}
