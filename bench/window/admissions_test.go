package window

import (
	"testing"
	"time"

	"defenderbot/defender"
)

// TestSimulate has every limiter decide over some hours: the bot lets nothing go that a server
// refuses, and those that do not know when a call arrives do.
func TestSimulate(t *testing.T) {
	limits := []defender.Limit{{Calls: 20, Per: time.Minute}, {Calls: 60, Per: 10 * time.Minute}}
	for _, tt := range []struct {
		name  string
		wrong bool
	}{{nameOurs, false}, {nameGCRA, true}, {nameEvenly, true}, {nameLog, true}, {nameCounter, true}} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := simulate(t.Context(), tt.name, limits, 6*time.Hour, 6)
			if err != nil {
				t.Fatal(err)
			}
			if wrong := got.bySliding+got.byFixed > 0; wrong != tt.wrong || got.left < got.wanted*9/10 {
				t.Errorf("%+v, want that a server refuses some: %v", got, tt.wrong)
			}
		})
	}
}
