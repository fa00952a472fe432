package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"defenderbot/internal/redistest"
)

// TestTrouble presses the buttons that the story does not: an answer that is cut,
// sockets that are refreshed, a Defender that is down, and one that has ended
// investigations.
func TestTrouble(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	for _, w := range widths() {
		t.Run("mouse/"+w.name, func(t *testing.T) {
			at := place{browse(t, path), sandboxAt(t)}
			ada, grace := become(t, at, "ada", "incident-42", w), become(t, at, "grace", "incident-42", w)
			answerCut(ada, grace)
			refreshedUnder(ada, grace)
			defenderDown(ada, grace)
			investigationsEnded(ada, grace)
		})
	}
}

// decided asks for a package of a device and has it approved.
func decided(ada, grace *tab, device, comment string, before func()) {
	mouse{}.ask(ada, "collect", device, comment)
	grace.sees(newest, "Waiting for approval", comment)
	before()
	mouse{}.press(grace, approve)
}

// ends lets time run until the card of a comment shows the end.
func ends(p *tab, comment string) {
	mouse{}.trouble(p, "fast")
	p.until(`[...document.querySelectorAll(".message[data-ts]")].some((m) => m.textContent.includes("` + comment + `") && m.textContent.includes("✅ Succeeded"))`)
	mouse{}.trouble(p, "real")
	p.sees("#troubles", "now ×1")
}

// answerCut starts the action once; the card says that nobody knows, until the
// action is found.
func answerCut(ada, grace *tab) {
	decided(ada, grace, "lt-ada.contoso.example", "the answer is cut", func() {
		mouse{}.trouble(ada, "cut")
		ada.sees("#t-cut", "armed")
	})
	ada.sees("#messages", "no usable answer came back")
	ada.sees("#t-cut", "next POST")
	ada.sees("#calls", "cut")
	ada.shot("uncertain")
	ends(ada, "the answer is cut")
	if n := eval[int](ada, `document.querySelectorAll("#devices .what").length`); n != 2 { // one is the portal's
		ada.fail("Defender has %d actions, want 2", n)
	}
}

// refreshedUnder has Slack announce the end of the sockets; nobody notices.
func refreshedUnder(ada, grace *tab) {
	mouse{}.trouble(ada, "refresh")
	decided(ada, grace, "desktop-test123", "the sockets are refreshed", func() { ada.sees("#lamp", "4 sockets") })
	ends(ada, "the sockets are refreshed")
	ada.sees("#lamp", "2 sockets")
}

// investigationsEnded has an investigation refused as ended, and the scan asked for in its
// place with one click.
func investigationsEnded(ada, grace *tab) {
	const successor = newest + ` [data-action="successor"]`
	mouse{}.trouble(ada, "end")
	ada.sees("#t-ended", "Allow investigations")
	mouse{}.ask(ada, "investigate", "srv-db-01.contoso.example", "the tool was here as well")
	grace.sees(newest, "Waiting for approval", "the tool was here as well", "Microsoft ended this")
	mouse{}.press(grace, approve)
	ada.sees(newest, "Failed", "Microsoft ended this", "Not the device's fault")
	ada.shot("ended")
	mouse{}.press(ada, successor)
	ada.until(`document.querySelector("#confirm").open`)
	mouse{}.press(ada, "#confirm-yes")
	grace.sees(newest, "Run full antivirus scan", "Waiting for approval", "the tool was here as well")
	mouse{}.press(grace, approve)
	ada.sees("#devices", "RunAntiVirusScan Full")
	ends(ada, "The scan has finished")
	mouse{}.trouble(ada, "unend")
	ada.sees("#t-ended", "End investigations")
}

// defenderDown keeps what is approved until Defender is back.
func defenderDown(ada, grace *tab) {
	decided(ada, grace, "web-02.contoso.example", "nobody is there", func() {
		mouse{}.trouble(ada, "down")
		ada.sees("#troubles", "it is down")
	})
	grace.sees("#messages", "Defender cannot be reached")
	grace.shot("down")
	mouse{}.trouble(ada, "up")
	ada.sees("#troubles", "port closed")
	ends(ada, "nobody is there")
}

// TestHasty is people who are too quick, too late, or leave a field empty.
func TestHasty(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	for _, w := range widths() {
		t.Run(w.name, func(t *testing.T) {
			at := place{browse(t, path), sandboxAt(t)}
			ada, grace := become(t, at, "ada", "incident-42", w), become(t, at, "grace", "incident-42", w)
			mouse{}.ask(ada, "collect", "lt-ada.contoso.example", "too late to cancel")
			grace.sees(newest, "too late to cancel")
			mouse{}.press(ada, cancel)
			ada.until(`document.querySelector("#confirm").open`)
			mouse{}.press(grace, deny)
			grace.until(`document.activeElement.matches("#in-reason")`)
			mouse{}.press(grace, `#form [type="submit"]`)
			grace.sees("#modal", "Please complete this required field")
			grace.until(`document.activeElement.matches("#in-reason")`)
			grace.types("   ")
			mouse{}.press(grace, `#form [type="submit"]`)
			grace.sees("#modal", "Please give a reason")
			grace.until(`document.activeElement.matches("#in-reason") && document.querySelectorAll("#form .bk-error:not(:empty)").length === 1`)
			grace.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#in-reason").value = ""`))
			mouse{}.press(grace, `#form [type="submit"]`)
			grace.sees("#modal", "Please complete this required field") // and no longer what the bot said
			grace.until(`document.activeElement.matches("#in-reason") && document.querySelectorAll("#form .bk-error:not(:empty)").length === 1`)
			grace.types("a reason")
			grace.do(chromedp.Evaluate[chromedp.Void](`for (let i = 0; i < 2; i++) document.querySelector("#modal").requestSubmit()`))
			grace.until(`!document.querySelector("#form").open`)
			ada.sees("#messages", "⛔ Denied")
			mouse{}.press(ada, "#confirm-yes")
			ada.sees("#toast", "not there any more")
			if said := eval[string](grace, `document.querySelector("#toast").textContent`); said != "" {
				grace.fail("the second of two clicks is answered with %q", said)
			}
			for range 2 { // kill and start
				ada.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#t-bot").focus()`))
				was := eval[string](ada, `document.activeElement.dataset.trouble`)
				ada.types(kb.Enter)
				ada.until(`document.querySelector("#t-bot").dataset.trouble !== "` + was + `"`)
				if !ada.focused("#t-bot") {
					ada.fail("the focus is lost with the button")
				}
			}
			ada.sees("#lamp", "Bot is up")
		})
	}
}

// TestOwnRedis runs the page on a Redis whose time nobody can move.
func TestOwnRedis(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		at := place{browse(t, path), sandboxAt(t, "-redis", "redis://"+s.Addr)}
		ada, grace := become(t, at, "ada", "incident-42", widths()[0]), become(t, at, "grace", "incident-42", widths()[1])
		ada.until(`document.querySelector("#t-time").disabled`)
		decided(ada, grace, "srv-db-01.contoso.example", "on a Redis of one's own", func() {})
		ada.sees("#messages", "Approved by @Grace", "Defender id")
		if n, err := s.Client(t).DBSize(t.Context()).Result(); err != nil || n == 0 {
			t.Errorf("the Redis has %d keys (%v), want what the bot has stored", n, err)
		}
	})
}

// TestEverybody is each of the people at the page, in both widths.
func TestEverybody(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	for _, w := range widths() {
		t.Run(w.name, func(t *testing.T) {
			at := place{browse(t, path), sandboxAt(t)}
			ada := become(t, at, "ada", "incident-42", w)
			mouse{}.ask(ada, "collect", "lt-ada.contoso.example", "for everybody")
			ada.sees("#messages", "Recorded as D-", "Waiting for approval", "for everybody")
			for _, who := range []struct{ handle, role, told string }{
				{"ben", "responder", "not an approver"},
				{"lena", "head of security", "not an approver of this action"},
				{"gus", "guest", "not guests"},
				{"joan", "on call", "You approved D-"},
			} {
				p := become(t, at, who.handle, "incident-42", w)
				p.sees("#people [aria-current]", who.role)
				p.sees(newest, "for everybody")
				mouse{}.press(p, approve)
				p.sees("#messages", who.told, "Only visible to you")
				p.leave()
			}
			mine := become(t, at, "ben", "incident-42", w)
			mouse{}.ask(mine, "collect", "desktop-test123", "one of Ben's")
			mine.sees("#messages", "Recorded as D-")
			mine.leave()
			grace := become(t, at, "grace", "incident-42", w)
			grace.sees(newest, "one of Ben's")
			mouse{}.press(grace, approve)
			grace.sees("#messages", "You approved D-")
			grace.leave()
			for _, who := range []struct{ handle, room, told string }{
				{"gus", "incident-42", "not guests"},
				{"elsa", "partners", "not a valid command"},
				{"ada", "random", "/invite"},
			} {
				p := become(t, at, who.handle, who.room, w)
				mouse{}.ask(p, "collect", "lt-ada.contoso.example", "may I")
				p.sees("#messages", who.told)
				p.leave()
			}
		})
	}
}

// leave closes the tab: a browser keeps six connections to a host, and every tab
// holds one.
func (p *tab) leave() {
	p.Helper()
	if err := chromedp.Cancel(p.ctx); err != nil {
		p.Errorf("close a tab: %v", err)
	}
}
