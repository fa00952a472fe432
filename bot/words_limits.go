package bot

import (
	"strings"

	"defenderbot/approvals/office"
)

// limitsPage is how much of Microsoft's limits is used.
func limitsPage(windows []office.WindowState) page {
	p := page{says(strong("Microsoft's limits"), words(", shared by everybody who uses this bot:"))}
	for _, w := range windows {
		p = append(p, window(w)...)
	}
	return p
}

// window is one window: each of its limits, what waits for it, and whether Defender
// wants to be left alone.
func window(w office.WindowState) page {
	spans := []span{strong(windowName(w)), words(": ")}
	for i, l := range w.Limits {
		if i > 0 {
			spans = append(spans, words(" · "))
		}
		spans = append(spans, wordsf("%d of %s used %s", l.Used, l.Limit, bar(l.Used, l.Calls)))
		if !l.Next.IsZero() {
			spans = append(spans, words(", next free "), when(l.Next))
		}
	}
	p := page{says(spans...)}
	if w.Waiting > 0 {
		p = append(p, says(wordsf("⏳ %s for it.", waiting(w.Waiting))))
	}
	if !w.Held.IsZero() {
		p = append(p, says(words("⚠️ Defender is throttling these calls: none is sent before "), when(w.Held), words(".")))
	}
	return p
}

func waiting(n int) string {
	if n == 1 {
		return "1 call waits"
	}
	return counted(n, "call") + " wait"
}

// windowName is what a window is for: the commands whose calls are counted there.
func windowName(w office.WindowState) string {
	if len(w.Actions) == 0 {
		return "looking up in Defender (" + w.Endpoint + ")"
	}
	return strings.Join(w.Actions, ", ")
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
