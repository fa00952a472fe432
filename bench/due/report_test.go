package due

import (
	"slices"
	"testing"
	"time"

	"defenderbot/bench/side"
)

func TestWithin(t *testing.T) {
	w := work{kind: card, title: "a card is posted", lease: 60 * time.Second}
	for name, c := range map[string]struct {
		taken takeOver
		met   bool
	}{
		"in time":      {takeOver{after: map[string]side.Sample{card: {58 * time.Second, 60 * time.Second}}}, true},
		"one too late": {takeOver{after: map[string]side.Sample{card: {58 * time.Second, 61 * time.Second}}}, false},
		"one never":    {takeOver{map[string]side.Sample{card: {58 * time.Second}}, map[string]int{card: 1}}, false},
		"other work":   {takeOver{map[string]side.Sample{card: {58 * time.Second}, resolve: {90 * time.Second}}, map[string]int{resolve: 1}}, true},
		"nothing":      {takeOver{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := within(w, c.taken); got.Met != c.met {
				t.Errorf("within() = %+v, want met %t", got, c.met)
			}
		})
	}
}

func TestCells(t *testing.T) {
	s := side.Sample{30 * time.Second, 10 * time.Second, 20 * time.Second}
	for name, c := range map[string]struct {
		taken takeOver
		want  []string
	}{
		"all":  {takeOver{after: map[string]side.Sample{card: s}}, []string{"10.0", "20.0", "30.0"}},
		"some": {takeOver{map[string]side.Sample{card: s}, map[string]int{card: 2}}, []string{"10.0", "20.0", "2 not so far"}},
		"none": {takeOver{left: map[string]int{card: 5}}, []string{"", "", "none so far"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.taken.cells(card); !slices.Equal(got, c.want) {
				t.Errorf("cells() = %q, want %q", got, c.want)
			}
		})
	}
}

// TestMedians: a percentile is taken of each round, and the median of these.
func TestMedians(t *testing.T) {
	ms := func(list ...int) (s side.Sample) {
		for _, n := range list {
			s = append(s, time.Duration(n)*time.Millisecond)
		}
		return s
	}
	f := findings{late: [][]lateness{{
		{once: ms(10, 20, 30), spread: ms(1)}, {once: ms(70, 80, 90), spread: ms(9)}, {once: ms(11, 21, 31), spread: ms(2)},
	}}}
	once, spread := f.medians(0)
	if !slices.Equal(once, []float64{21, 31, 31}) || !slices.Equal(spread, []float64{2, 2, 2}) {
		t.Errorf("medians() = %v, %v; want [21 31 31] and [2 2 2]", once, spread)
	}
}
