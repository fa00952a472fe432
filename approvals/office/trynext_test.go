package office

import (
	"testing"
	"time"

	"defenderbot/internal/approvalstest"
)

// TestTryNext: where reads are used up a request waits for the end of patience and is not
// looked at every few seconds; an error may pass at any time.
func TestTryNext(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := approvalstest.Asked()
	r.Asked = o.store.Now()
	tests := []struct {
		name        string
		after, want time.Duration // since the request was asked for
		full        bool
	}{
		{"used up", time.Second, patience + time.Millisecond, true},
		{"used up, patience about to end", patience - time.Second, patience - time.Second + stepRetry, true},
		{"used up, a name, no patience left", time.Minute, time.Minute + stepRetry, true},
		{"an error", time.Second, time.Second + stepRetry, false},
	}
	passed := time.Duration(0)
	for _, tt := range tests {
		o.pass(tt.after - passed)
		passed = tt.after
		if got := o.tryNext(r, tt.full).Sub(r.Asked); got != tt.want {
			t.Errorf("%s: after %v, want after %v", tt.name, got, tt.want)
		}
	}
}
