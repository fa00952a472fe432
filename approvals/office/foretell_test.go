package office

import (
	"testing"
	"time"

	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestForetell: a forecast is changed when it is far off and old.
func TestForetell(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		w := &Worker{store: s}
		r := approved(t, s, approvalstest.DeviceNo(1))
		soon := s.Now().Add(10 * time.Minute)
		for _, tt := range []struct {
			name string
			age  time.Duration // of the forecast there is
			at   time.Time     // when the slot is now expected
			want bool          // it is written down
		}{
			{"the first", 0, soon, true},
			{"a little off, old", 6 * time.Minute, soon.Add(3 * time.Minute), false},
			{"far off, fresh", 4 * time.Minute, soon.Add(20 * time.Minute), false},
			{"far off, old", 6 * time.Minute, soon.Add(20 * time.Minute), true},
			{"far off to the other side, old", 6 * time.Minute, soon, true},
		} {
			now, err := s.Load(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if tt.age > 0 {
				now.Calls[0].Foretold = s.Now().Add(-tt.age)
			}
			again, err := w.foretell(t.Context(), ledger.Lease{}, now, 0, &ledger.Full{At: tt.at})
			if err != nil {
				t.Fatal(err)
			}
			after, err := s.Load(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if written := after.Version > now.Version; written != tt.want || written && !after.Calls[0].Expected.Equal(tt.at) {
				t.Errorf("%s: written %v, expected at %s; want %v, %s", tt.name, written, after.Calls[0].Expected, tt.want, tt.at)
			}
			if !tt.want && !again.Equal(tt.at) {
				t.Errorf("%s: looks again at %s, want %s", tt.name, again, tt.at)
			}
		}
	})
}
