package app_test

import (
	"log/slog"
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestIndexCompleted starts on a Redis whose index has no entries for lists, as the version
// before leaves it: what waits gets its two, and decisions go on.
func TestIndexCompleted(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		stop := run(t, p, p.Env(), app.Options{})
		id, c := pending(t, p, "collect "+sandbox.Server+" why")
		stop()
		rdb := redistest.Client(t, addr)
		index := rdb.Keys(t.Context(), "*:index").Val()
		if len(index) != 1 {
			t.Fatalf("the index is %q", index)
		}
		for _, entry := range rdb.ZRange(t.Context(), index[0], 0, -1).Val() {
			if strings.HasPrefix(entry, "by/") || strings.HasPrefix(entry, "in/") {
				rdb.ZRem(t.Context(), index[0], entry)
			}
		}
		log := newJournal()
		run(t, p, p.Env(), app.Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
		log.wait(t, `"msg":"index completed"`, `"entries":2`)
		click(t, p, sandbox.Grace, c, "approve")
		card(t, p, id, "Succeeded")
	})
}
