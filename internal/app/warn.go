package app

import "context"

// warn makes the doctor's exams once, beside the work of a bot that has just started, and
// logs what is not well. What the bot logs by itself is not said twice.
func (a *App) warn(ctx context.Context, p *parts) {
	look(ctx, a.exams(p), nil, func(f Finding) {
		if f.logged || ctx.Err() != nil { // at the end of the program an exam finds nothing out
			return
		}
		switch f.Grade {
		case Doubt, Wrong:
			a.options.Log.WarnContext(ctx, "check doubtful", "check", f.About, "says", f.Says, "mend", f.Mend)
		case Unknown:
			a.options.Log.InfoContext(ctx, "check undecided", "check", f.About, "says", f.Says, "mend", f.Mend)
		case Well:
		}
	})
}
