package app

import (
	"net/http"

	"defenderbot/approvals"
)

// Handler is what serves /healthz, /readyz and /metrics.
func (a *App) Handler() http.Handler { return a.watch.handler() }

// Refused counts a refusal.
func (a *App) Refused(what string) { a.watch.refused(what, approvals.Reason("")) }
