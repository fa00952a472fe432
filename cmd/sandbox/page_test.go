package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestPage is what the page does by itself.
func TestPage(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	at := place{browse(t, path), sandboxAt(t)}
	for name, check := range map[string]func(t *testing.T, at place){
		"focus": keepsFocus, "motion": keepsStill, "limits": keepsSize, "news": tellsNews, "devices": oddDevices,
	} {
		t.Run(name, func(t *testing.T) { check(t, at) })
	}
}

// eventually waits for what no change of the page announces, such as where the focus is.
func (p *tab) eventually(condition string) {
	p.Helper()
	eval[bool](p, `new Promise((tell) => { const look = () => (`+condition+`) ? tell(true) : setTimeout(look, 20); look(); })`)
}

// keepsFocus: a button that is gone when its form or question closes leaves the focus to its message.
func keepsFocus(t *testing.T, at place) {
	ada, grace := become(t, at, "ada", "incident-42", widths()[0]), become(t, at, "grace", "incident-42", widths()[0])
	mouse{}.ask(ada, "collect", "lt-ada.contoso.example", "withdrawn under the form")
	grace.sees(newest, "withdrawn under the form")
	mouse{}.press(grace, deny)
	grace.until(`document.querySelector("#form").open`)
	mouse{}.press(ada, cancel)
	ada.click("#confirm-yes")
	grace.sees("#messages", "⚪ Cancelled")
	grace.types(kb.Escape)
	grace.until(`!document.querySelector("#form").open`)
	grace.eventually(`document.activeElement.matches("article") && document.activeElement.textContent.includes("withdrawn under the form")`)

	mouse{}.ask(ada, "collect", "lt-ada.contoso.example", "denied under the question")
	grace.sees(newest, "denied under the question")
	mouse{}.press(ada, cancel)
	ada.until(`document.querySelector("#confirm").open`)
	mouse{}.press(grace, deny)
	grace.until(`document.activeElement.matches("#in-reason")`)
	grace.types("no")
	grace.click(`#form [type="submit"]`)
	ada.sees("#messages", "⛔ Denied")
	ada.types(kb.Escape)
	ada.eventually(`document.activeElement.matches("article") && document.activeElement.textContent.includes("denied under the question")`)
}

// keepsStill: nothing moves for people who have asked for that.
func keepsStill(t *testing.T, at place) {
	p := become(t, at, "ada", "incident-42", widths()[0])
	const animation = `(() => {
		const state = document.querySelector("#devices").appendChild(document.createElement("span"));
		state.className = "state working";
		return getComputedStyle(state, "::before").animationName;
	})()`
	if got := eval[string](p, animation); got != "beat" {
		t.Errorf("the animation of what works is %q", got)
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
	}); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](p, animation); got != "none" {
		t.Errorf("with reduced motion it is %q", got)
	}
}

// keepsSize: the largest numbers of the limits take no more room than the smallest.
func keepsSize(t *testing.T, at place) {
	for _, w := range widths() {
		p := become(t, at, "ada", "incident-42", w)
		height := `document.querySelector("#windows").getBoundingClientRect().height`
		before := eval[float64](p, height)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("#windows small").forEach((s) => (s.textContent = "100 of 100 a minute"))`))
		if after := eval[float64](p, height); after != before {
			t.Errorf("%s: %v pixels high with full windows, %v with empty ones", w.name, after, before)
		}
		if eval[bool](p, `[...document.querySelectorAll("#windows small")].some((s) => s.scrollWidth > s.clientWidth)`) {
			t.Errorf("%s: the numbers do not fit", w.name)
		}
	}
}

// tellsNews: a tab that nobody looks at counts in its title what is said meanwhile.
func tellsNews(t *testing.T, at place) {
	ada, grace := become(t, at, "ada", "random", widths()[0]), become(t, at, "grace", "random", widths()[0])
	hide := func(hidden bool) {
		ada.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(
			`Object.defineProperty(document, "hidden", { configurable: true, value: %v }), document.dispatchEvent(new Event("visibilitychange"))`, hidden)))
	}
	say := func(text string) {
		grace.click("#say")
		grace.types(text + kb.Enter)
		ada.sees("#messages", text)
	}
	title := func(want string) {
		t.Helper()
		if got := eval[string](ada, "document.title"); got != want {
			t.Errorf("the title is %q, want %q", got, want)
		}
	}
	say("seen at once")
	title("#random · defenderbot sandbox")
	hide(true)
	say("not seen")
	say("nor this")
	title("(2) #random · defenderbot sandbox")
	hide(false)
	title("#random · defenderbot sandbox")
}

// oddDevices: one name of two devices is not guessed at, and a device that is offline does what waits once it is back.
func oddDevices(t *testing.T, at place) {
	ada, grace := become(t, at, "ada", "incident-42", widths()[0]), become(t, at, "grace", "incident-42", widths()[0])
	mouse{}.ask(ada, "collect", "ws-17.contoso.example", "which of the two")
	ada.sees("#messages", "Which one do you mean", sandbox.Old, sandbox.New)
	decided(ada, grace, "lt-field-3.contoso.example", "on the road", func() {})
	ada.sees("#device-"+sandbox.Away, "CollectInvestigationPackage", "Pending")
	ends(ada, "on the road")
}

// TestPageEmpty is what an empty channel offers: only what the viewer can do there.
func TestPageEmpty(t *testing.T) {
	at := sandboxAt(t)
	for _, tt := range []struct{ as, in, says, offers string }{
		{"ada", "incident-42", "then become Grace or Joan", "/defender scan "},
		{"ada", "partners", "ALLOW_SHARED_CHANNELS=true", "/defender scan "},
		{"ada", "random", "The bot is not in this channel", "/invite @defenderbot"},
		{"gus", "incident-42", "Guests may neither ask", ""},
		{"elsa", "partners", "Commands are for members of the workspace", ""},
	} {
		page := ask(t, http.MethodGet, at+"/?as="+tt.as+"&in="+tt.in, "", nil, nil).body
		if !strings.Contains(page, tt.says) {
			t.Errorf("%s in %s does not read %q", tt.as, tt.in, tt.says)
		}
		_, offer, offered := strings.Cut(page, `data-fill="`)
		if offered != (tt.offers != "") || !strings.HasPrefix(offer, tt.offers) {
			t.Errorf("%s in %s is offered %.40q, want %q", tt.as, tt.in, offer, tt.offers)
		}
		if completed := strings.Contains(page, `"typed":"/defender`); completed != (tt.as != "elsa") {
			t.Errorf("%s in %s: the composer completes commands: %v", tt.as, tt.in, completed)
		}
	}
	s := &site{place: openPlace(t), bot: &sandbox.Process{}}
	direct := viewer{User: slackfake.User{TeamID: s.place.Slack.TeamID()}, Channel: slackfake.Channel{DMWith: sandbox.Ada}}
	if e := s.empty(direct); e.Offer != "" {
		t.Errorf("the direct message with the bot offers %q", e.Offer)
	}
}
