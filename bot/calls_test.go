package bot

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// TestMethods: whoever counts knows each method that the code can call.
func TestMethods(t *testing.T) {
	var want []string
	for method := range maps.Values(webMethods()) {
		if !slices.Contains(want, method) {
			want = append(want, method)
		}
	}
	want = append(want, toResponseURL)
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(Methods()))); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
}

// TestOutcomeOf: what became of a call, in one word.
func TestOutcomeOf(t *testing.T) {
	odd := errors.New("it says neither yes nor no")
	for _, tt := range []struct {
		status int
		code   string
		err    error
		want   string
	}{
		{200, "", nil, "ok"},
		{200, "not_in_channel", nil, "not_in_channel"},
		{200, "", odd, "unusable"},
		{302, "", nil, "unusable"},
		{404, "", nil, "http_4xx"},
		{404, "", odd, "http_4xx"},
		{429, "", nil, "ratelimited"},
		{503, "", nil, "http_5xx"},
		{0, "", errors.New("no route"), "none"},
	} {
		if got := outcomeOf(tt.status, tt.code, tt.err); got != tt.want {
			t.Errorf("%d %q %v: %s, want %s", tt.status, tt.code, tt.err, got, tt.want)
		}
	}
}

// TestSocketReplaced: a routine end counts by its reason alone.
func TestSocketReplaced(t *testing.T) {
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		speak(conn, hello, `{"type":"disconnect","reason":"refresh_requested"}`)
	}))
	w.happened("refresh_requested", 3)
	if err := w.stop(); err != nil {
		t.Error(err)
	}
	for _, event := range []string{"cut", "silent", "stuck"} {
		if n := w.times(event); n != 0 {
			t.Errorf("%d %s, want none", n, event)
		}
	}
}
