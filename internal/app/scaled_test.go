package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestScaledWindows runs two bots on a real Redis and its clock, with two short
// windows and more work than they let through. Defender holds them to the same
// windows, counts when a request has been under way for a while, and never has
// to say 429: whether its windows roll or are aligned somewhere.
func TestScaledWindows(t *testing.T) {
	t.Parallel()
	const calls = 9
	limits := []defender.Limit{{Calls: 2, Per: 2 * time.Second}, {Calls: 5, Per: 8 * time.Second}}
	for name, aligned := range map[string]time.Time{"rolling": {}, "fixed": time.Now().Add(-1300 * time.Millisecond)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, s *redistest.Server) {
				p := open(t, s.Addr, func(o *sandbox.Options) {
					o.Catalogue = sandbox.Narrow("collect", limits...)
					o.Defender.WindowsFrom = aligned
					o.Defender.Limits = map[string][]defenderfake.Limit{defenderfake.CollectPackage: {
						{Calls: limits[0].Calls, Per: limits[0].Per}, {Calls: limits[1].Calls, Per: limits[1].Per},
					}}
				})
				p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Delay: 300 * time.Millisecond})
				for range 2 {
					run(t, p, p.Env(), app.Options{})
				}
				ids := make([]string, calls)
				for i := range ids {
					device := fmt.Sprintf("%040x", i+1)
					p.Defender.AddDevice(defenderfake.Device{ID: device, ComputerDNSName: fmt.Sprintf("pc-%d", i), OSPlatform: "Windows11"})
					id, c := pending(t, p, "collect "+device+" why")
					click(t, p, sandbox.Grace, c, "approve")
					ids[i] = id
				}
				for _, id := range ids {
					card(t, p, id, "Succeeded")
				}
				for _, c := range p.Defender.Calls() {
					if c.Status == http.StatusTooManyRequests {
						t.Errorf("%s %s: 429", c.Method, c.Path)
					}
				}
				if n := posts(p, defenderfake.CollectPackage); n != calls {
					t.Errorf("%d calls of Defender, want %d", n, calls)
				}
			})
		})
	}
}
