package side

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       time.Duration
		fails      bool
	}{
		{"usual", "4711 (bot) S 1 4711 4711 0 -1 4194560 1 0 0 0 123 45 900 800 20 0 9 0 1 2 3", 1680 * time.Millisecond, false},
		{"name with a parenthesis and a space", "4711 (a) b) c) S 1 4711 4711 0 -1 4194560 1 0 0 0 7 0 0 0 20 0", 70 * time.Millisecond, false},
		{"cut", "4711 (bot) S 1 4711", 0, true},
		{"no number", "4711 (bot) S 1 4711 4711 0 -1 4194560 1 0 0 0 x 45 900", 0, true},
		{"empty", "", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseStat(c.text)
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
		})
	}
}
