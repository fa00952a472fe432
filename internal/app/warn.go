package app

import "context"

// warn makes the doctor's exams once, beside the work of a bot that has just started, and
// logs what is not well. What the bot logs by itself is not said twice.
func (a *App) warn(ctx context.Context, p *parts) {
	counts := map[Grade]int{}
	look(ctx, a.exams(p), nil, func(f Finding) {
		counts[f.Grade]++
		switch {
		case f.logged:
		case f.Grade == Doubt || f.Grade == Wrong:
			a.options.Log.WarnContext(ctx, "check warning", "check", f.About, "says", f.Says, "mend", f.Mend)
		case f.Grade == Unknown:
			a.options.Log.InfoContext(ctx, "check inconclusive", "check", f.About, "says", f.Says, "mend", f.Mend)
		}
	})
	if ctx.Err() == nil {
		a.options.Log.InfoContext(ctx, "start checks done", "wrong", counts[Wrong], "warnings", counts[Doubt], "unknown", counts[Unknown], "ok", counts[Well])
	}
}
