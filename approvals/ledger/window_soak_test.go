package ledger

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// soak is how long a simulated time TestWindowsHold covers; 0: a CI-sized one.
var soak = flag.Duration("soak", 0, "simulate the documented windows for this long")

// shift is one simulation: who sends what, and for how long.
type shift struct {
	name     string
	replicas int
	lost     bool
	length   time.Duration
	latency  time.Duration
	limits   []defender.Limit
}

func shifts() []shift {
	investigate := []defender.Limit{{Calls: 50, Per: time.Hour}}
	collect := []defender.Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}
	if *soak > 0 {
		return []shift{
			{"investigate", 1, false, *soak, 25 * time.Second, investigate},
			{"investigate", 4, true, *soak, 25 * time.Second, investigate},
			{"collect", 1, false, *soak, 5 * time.Second, collect},
			{"collect", 4, true, *soak, 25 * time.Second, collect},
		}
	}
	return []shift{
		{"one replica, investigate", 1, false, 6 * time.Hour, 25 * time.Second, investigate},
		{"four replicas, two limits", 4, false, 12 * time.Minute, 2 * time.Second, []defender.Limit{{Calls: 20, Per: time.Minute}, {Calls: 300, Per: time.Hour}}},
		{"crashes and releases", 3, true, 30 * time.Minute, 25 * time.Second, []defender.Limit{{Calls: 10, Per: time.Minute}, {Calls: 100, Per: 20 * time.Minute}}},
		{"one at a time", 2, true, 10 * time.Minute, 10 * time.Second, []defender.Limit{{Calls: 1, Per: 10 * time.Second}}},
	}
}

// TestWindowsHold simulates hours with work always waiting. However the server
// counts (a window that rolls contains every window that is aligned somewhere),
// it never sees more than a limit; and little of the limit is left unused.
func TestWindowsHold(t *testing.T) {
	for n, tt := range shifts() {
		t.Run(tt.name, func(t *testing.T) {
			d := newDay(t, uint64(n), tt.replicas, tt.limits...)
			d.lost, d.latency = tt.lost, tt.latency
			d.run(tt.length, 5)
			for _, l := range tt.limits {
				most := d.mostIn(l.Per)
				t.Logf("%s simulated, %d replicas, crashes %v: %d calls; at most %d in any %s, the limit is %d",
					tt.length, tt.replicas, tt.lost, len(d.counted), most, l.Per, l.Calls)
				if most > l.Calls {
					t.Errorf("the server counted %d calls in %s, the limit is %d", most, l.Per, l.Calls)
				}
			}
			if !tt.lost {
				d.checkUse(tt.length)
			}
		})
	}
}

// What TestWindowsAnyShape draws: shapes of windows, or the one of a seed.
var (
	shapes = flag.Int("shapes", 8, "shapes of windows to simulate")
	shape  = flag.Uint64("shape", 0, "the seed of the only shape to simulate")
)

// drawn is a shift of any shape: one to four replicas, one or two limits, calls
// that take up to 30 seconds, with and without crashes and releases.
func drawn(rng *rand.Rand) shift {
	per := time.Duration(5+rng.IntN(56)) * time.Second
	s := shift{
		replicas: 1 + rng.IntN(4), lost: rng.IntN(2) == 0, latency: time.Duration(1+rng.IntN(30)) * time.Second,
		limits: []defender.Limit{{Calls: 1 + rng.IntN(8), Per: per}},
	}
	if rng.IntN(2) == 0 {
		s.limits = append(s.limits, defender.Limit{Calls: s.limits[0].Calls * (1 + rng.IntN(3)), Per: per * time.Duration(2+rng.IntN(6))})
	}
	s.length = 10 * (s.limits[len(s.limits)-1].Per + s.latency)
	return s
}

// TestWindowsAnyShape draws windows and what goes wrong in them. A server
// that counts in windows that roll never sees more than a limit, and neither
// does one whose windows follow each other from any moment on.
func TestWindowsAnyShape(t *testing.T) {
	seeds := []uint64{*shape}
	if *shape == 0 {
		seeds = make([]uint64, *shapes)
		for i := range seeds {
			seeds[i] = rand.Uint64()
		}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("-shape %d", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			s := drawn(rng)
			d := newDay(t, seed, s.replicas, s.limits...)
			d.lost, d.latency = s.lost, s.latency
			d.run(s.length, 5)
			t.Logf("%+v: %d calls", s, len(d.counted))
			for _, l := range s.limits {
				most := d.mostIn(l.Per)
				for range 20 {
					most = max(most, d.mostFrom(approvalstest.Start.Add(-time.Duration(rng.Int64N(int64(l.Per)))), l.Per))
				}
				if most > l.Calls {
					t.Errorf("the server counted %d calls in %s, the limit is %d", most, l.Per, l.Calls)
				}
			}
			if !s.lost && len(s.limits) == 1 {
				d.checkUse(s.length)
			}
		})
	}
}

// checkUse checks that at least 98 % of what can be used was used.
func (d *day) checkUse(length time.Duration) {
	d.t.Helper()
	mean := d.inFlight / time.Duration(len(d.counted))
	possible := -1.0
	for _, l := range d.limits {
		rate := float64(l.Calls) / (l.Per + mean + time.Second).Seconds()
		n := rate * length.Seconds()
		if length < l.Per {
			n = float64(l.Calls)
		}
		if possible < 0 || n < possible {
			possible = n
		}
	}
	got := float64(len(d.counted))
	d.t.Logf("%.1f %% of the %.0f calls that limit x W / (W + mean flight %s + 1 s) allows", 100*got/possible, possible, mean.Round(time.Millisecond))
	if got < 0.98*possible {
		d.t.Errorf("%.0f calls were made, %.0f were possible (mean flight %s)", got, possible, mean)
	}
}
