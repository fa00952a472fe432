package bot

import (
	"slices"
	"strings"

	"defenderbot/approvals/office"
	"defenderbot/defender"
)

// limitsPage is how much of Microsoft's limits is used: each of those of the actions, then
// of those of what the bot calls for itself the ones that may soon be full.
func limitsPage(windows []office.WindowState) page {
	p := page{says(strong("Microsoft's limits"), words(", shared by everybody who uses this bot:"))}
	var own page
	var roomy []string
	for _, w := range windows {
		switch {
		case len(w.Actions) > 0:
			p = append(p, window(w)...)
		case isRoomy(w):
			roomy = append(roomy, windowName(w))
		default:
			own = append(own, window(w)...)
		}
	}
	p = append(p, own...)
	if len(roomy) > 0 {
		p = append(p, says(words("Less than half used: "+strings.Join(roomy, ", ")+".")))
	}
	return p
}

// isRoomy reports whether a window is far from full, and nothing waits for it.
func isRoomy(w office.WindowState) bool {
	full := slices.ContainsFunc(w.Limits, func(l office.LimitState) bool { return 2*l.Used >= l.Calls })
	return !full && w.Waiting == 0 && w.Held.IsZero()
}

// window is one window: each of its limits, what waits for it, and whether Defender
// wants to be left alone.
func window(w office.WindowState) page {
	spans := []span{strong(windowName(w)), words(": ")}
	for i, l := range w.Limits {
		if i > 0 {
			spans = append(spans, words(" · "))
		}
		spans = append(spans, wordsf("%d used, %d free of %s %s", l.Used, max(l.Calls-l.Used, 0), l.Limit, bar(l.Used, l.Calls)))
		if !l.Next.IsZero() {
			spans = append(spans, words(", next free "), when(l.Next))
		}
	}
	p := page{says(spans...)}
	if w.Waiting > 0 {
		p = append(p, says(wordsf("⏳ Waiting for it: %s.", counted(w.Waiting, "call"))))
	}
	if !w.Held.IsZero() {
		p = append(p, says(words("⚠️ Defender is throttling these calls: none is sent before "), when(w.Held), words(".")))
	}
	return p
}

// windowName is what a window is for: the commands whose calls are counted there, or what
// the bot calls it for.
func windowName(w office.WindowState) string {
	if len(w.Actions) > 0 {
		return strings.Join(w.Actions, ", ")
	}
	switch w.Endpoint {
	case defender.MachinesEndpoint().Name:
		return "looking up devices"
	case defender.MachineActionsEndpoint().Name:
		return "following actions"
	case defender.InvestigationsEndpoint().Name:
		return "following investigations"
	case defender.CancelEndpoint().Name:
		return "stopping actions"
	case defender.PackageEndpoint().Name:
		return "links to packages"
	}
	return w.Endpoint
}

// barLength is how many characters a bar has.
const barLength = 10

// bar draws how much of a limit is used. It is full only where nothing is left, and
// empty only where nothing is used.
func bar(used, of int) string {
	full := barLength
	if of > 0 && used < of {
		full = min((used*barLength+of-1)/of, barLength-1)
	}
	full = max(full, 0)
	return strings.Repeat("▓", full) + strings.Repeat("░", barLength-full)
}
