package due

import (
	"slices"
	"testing"
	"time"

	"defenderbot/bench/side"
)

func TestTimes(t *testing.T) {
	l := load{each: 50, gap: time.Second, spread: 3 * time.Second}
	from := time.UnixMilli(1772334000123)
	once := time.UnixMilli(1772334001000)
	at := l.times(from, 1)
	if len(at) != 100 {
		t.Fatalf("%d times, want 100", len(at))
	}
	for i, a := range at {
		late := a.Sub(once)
		if i < 50 && late != 0 || i >= 50 && (late < l.gap || late >= l.gap+l.spread) {
			t.Errorf("time %d is %v after %v", i, late, once)
		}
	}
	if first, last := slices.MinFunc(at[50:], time.Time.Compare), slices.MaxFunc(at[50:], time.Time.Compare); last.Sub(first) < l.spread/2 {
		t.Errorf("all are spread over %v, want most of %v", last.Sub(first), l.spread)
	}
	if !slices.Equal(at, l.times(from, 1)) {
		t.Error("two engines get different times in one round")
	}
	if slices.Equal(at, l.times(from, 2)) {
		t.Error("two rounds have the same times")
	}
}

func TestWholeSecond(t *testing.T) {
	for ms, want := range map[int64]int64{1000: 1000, 1001: 2000, 1999: 2000} {
		if got := wholeSecond(time.UnixMilli(ms)).UnixMilli(); got != want {
			t.Errorf("wholeSecond(%d) = %d, want %d", ms, got, want)
		}
	}
}

func TestLateBy(t *testing.T) {
	start := time.UnixMilli(1000)
	due := []appointment{{job{expire, "a"}, start}, {job{expire, "b"}, start.Add(time.Second)}, {job{card, "a"}, start}}
	done := map[job]time.Time{
		{expire, "a"}: start.Add(5 * time.Millisecond), {expire, "b"}: start.Add(1002 * time.Millisecond), {resolve, "a"}: start,
	}
	if got := missing(due, done); got != 1 {
		t.Errorf("missing() = %d, want the card", got)
	}
	if got, want := lateBy(due[:2], done), (side.Sample{5 * time.Millisecond, 2 * time.Millisecond}); !slices.Equal(got, want) {
		t.Errorf("lateBy() = %v, want %v", got, want)
	}
}
