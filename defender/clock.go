package defender

import (
	"net/http"
	"sync"
	"time"
)

// lead is by how much another clock is ahead of this program's, as its last answer showed.
type lead struct {
	mu    sync.Mutex
	ahead time.Duration
	known bool
}

// hears takes the Date of an answer, which has whole seconds and was written at some time
// between the two moments (https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1).
func (l *lead) hears(header http.Header, sent, came time.Time) {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ahead, l.known = 0, true
	switch early, late := at.Sub(came.Round(0)), at.Add(time.Second).Sub(sent.Round(0)); {
	case early > 0: // it had not come yet, by our clock
		l.ahead = early
	case late < 0:
		l.ahead = late
	}
}

func (l *lead) is() (ahead time.Duration, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ahead, l.known
}

// hearing is a transport that hears the Date of every answer.
type hearing struct {
	next  http.RoundTripper
	now   func() time.Time
	clock *lead
}

// RoundTrip implements [http.RoundTripper].
func (h hearing) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := h.now()
	res, err := h.next.RoundTrip(req)
	if err == nil {
		h.clock.hears(res.Header, sent, h.now())
	}
	return res, err
}
