package fair

import (
	"slices"
	"testing"
	"time"
)

func TestSteady(t *testing.T) {
	for _, c := range []struct {
		name  string
		rate  float64
		lasts time.Duration
		want  []time.Duration
	}{
		{"half a second", 4, time.Second / 2, []time.Duration{0, 250 * time.Millisecond}},
		{"nobody", 0, time.Second, nil},
		{"one", 2000, time.Second / 2000, []time.Duration{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := steady(c.rate, c.lasts); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestNowAndThen(t *testing.T) {
	at := nowAndThen(3, 10*time.Second)
	before := time.Duration(0)
	for _, m := range at {
		if gap := m - before; gap < 50*time.Millisecond || gap >= 100*time.Millisecond {
			t.Errorf("a gap of %v", gap)
		}
		before = m
	}
	if before >= 10*time.Second || before < 9900*time.Millisecond {
		t.Errorf("the last comes at %v", before)
	}
	if !slices.Equal(at, nowAndThen(3, 10*time.Second)) || slices.Equal(at, nowAndThen(4, 10*time.Second)) {
		t.Error("moments do not follow from the seed")
	}
}
