package app_test

import (
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestPendingSaysWhen: who decides while a window is full sees when the call could
// go, and with the default an approval lasts until then.
func TestPendingSaysWhen(t *testing.T) {
	t.Parallel()
	actions := defender.Actions()
	for i := range actions {
		actions[i].Post.Limits = []defender.Limit{{Calls: 1, Per: time.Hour}}
	}
	p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { o.Catalogue = actions })
	run(t, p, p.Env(), app.Options{})
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded")
	id = ask(t, p, sandbox.Ada, "collect "+sandbox.Server+" why")
	card(t, p, id, "Waiting for approval", "If approved at once, its turn would come about", "; the approval would run out")
}
