package defenderfake

import "time"

// window names one quota: Microsoft counts by application, tenant and endpoint.
type window struct{ app, endpoint string }

// windows remember when places were taken.
type windows struct {
	from  time.Time // zero: rolling windows; else fixed ones that begin here
	taken map[window][]time.Time
}

// take counts a call made now and returns 0, or counts nothing and returns how long to wait.
func (w *windows) take(key window, limits []Limit, now time.Time) time.Duration {
	w.forget(key, limits, now)
	var wait time.Duration
	for _, l := range limits {
		wait = max(wait, w.full(w.taken[key], l, now))
	}
	if wait == 0 && len(limits) > 0 {
		w.taken[key] = append(w.taken[key], now)
	}
	return wait
}

// full returns how long l refuses a call, 0 if it does not.
func (w *windows) full(taken []time.Time, l Limit, now time.Time) time.Duration {
	opened := w.opened(l, now)
	var inside []time.Time
	for _, t := range taken {
		if t.After(opened) {
			inside = append(inside, t)
		}
	}
	switch {
	case len(inside) < l.Calls:
		return 0
	case l.Calls <= 0:
		return l.Per
	case !w.from.IsZero():
		return opened.Add(l.Per).Sub(now) + 1
	}
	// The call that must leave the window so that Calls-1 remain.
	return inside[len(inside)-l.Calls].Add(l.Per).Sub(now)
}

// opened is the last moment before the window that now is in; a call exactly as old as the window has left it.
func (w *windows) opened(l Limit, now time.Time) time.Time {
	if w.from.IsZero() {
		return now.Add(-l.Per)
	}
	into := now.Sub(w.from) % l.Per
	if into < 0 {
		into += l.Per
	}
	return now.Add(-into - 1)
}

// forget drops calls that no window of the endpoint can see any more.
func (w *windows) forget(key window, limits []Limit, now time.Time) {
	var longest time.Duration
	for _, l := range limits {
		longest = max(longest, l.Per)
	}
	taken := w.taken[key]
	for len(taken) > 0 && taken[0].Before(now.Add(-longest)) {
		taken = taken[1:]
	}
	w.taken[key] = taken
}
