package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestCensusOthers: sockets that no process of the bot has are warned about, once
// for each number of them; replicas that start, and sockets that overlap, are not.
func TestCensusOthers(t *testing.T) {
	type interval struct{ named, ours int }
	for name, tt := range map[string]struct {
		intervals []interval
		want      []string
	}{
		"alone":                            {[]interval{{2, 2}, {0, 2}, {0, 2}, {0, 2}}, nil},
		"another replica speaks up later":  {[]interval{{4, 2}, {0, 4}, {0, 4}}, nil},
		"a replica that speaks up late":    {[]interval{{4, 2}, {0, 3}, {0, 4}}, nil},
		"a socket that overlaps":           {[]interval{{5, 5}, {0, 4}, {0, 4}}, nil},
		"another deployment":               {[]interval{{4, 2}, {0, 2}, {0, 2}, {0, 2}}, []string{"level=WARN", "others=2 ours=2 sockets_of_the_app=4"}},
		"said once":                        {[]interval{{4, 2}, {0, 2}, {0, 2}, {4, 2}, {0, 2}, {0, 2}}, []string{"others=2"}},
		"said again when there are more":   {[]interval{{4, 2}, {0, 2}, {0, 2}, {6, 2}, {0, 2}, {0, 2}}, []string{"others=2", "others=4"}},
		"gone":                             {[]interval{{4, 2}, {0, 2}, {0, 2}, {2, 2}, {0, 2}, {0, 2}}, []string{"others=2", "level=INFO"}},
		"more greetings before it is sure": {[]interval{{4, 2}, {4, 3}, {0, 4}, {0, 4}}, nil},
	} {
		var log bytes.Buffer
		c := &census{log: slog.New(slog.NewTextHandler(&log, nil))}
		for _, i := range tt.intervals {
			c.judge(t.Context(), i.named, i.ours)
		}
		for _, want := range tt.want {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%s: want %q in\n%s", name, want, &log)
			}
		}
		lines := strings.Count(log.String(), "\n")
		if most := map[bool]int{true: len(tt.want), false: 2}[len(tt.want) < 2]; lines > most || (lines == 0) != (tt.want == nil) {
			t.Errorf("%s: %d lines\n%s", name, lines, &log)
		}
	}
}

// TestCensusMost: what a process had a moment ago still counts, for Slack counted it.
func TestCensusMost(t *testing.T) {
	c := &census{}
	for i, tt := range []struct{ peak, want int }{{2, 2}, {4, 4}, {2, 4}, {2, 4}, {2, 2}, {0, 2}} {
		if got := c.most(tt.peak); got != tt.want {
			t.Errorf("interval %d: %d, want %d", i, got, tt.want)
		}
	}
}
