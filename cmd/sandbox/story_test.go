package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hand is how a person uses the page.
type hand interface {
	ask(p *tab, action, device, comment string)
	press(p *tab, button string)
	trouble(p *tab, what string)
}

// Buttons of the newest card, and of the page.
const (
	newest  = ".message[data-ts]:has(.bk-actions):not(:has(~ .message .bk-actions))"
	approve = newest + ` [data-action="approve"]`
	deny    = newest + ` [data-action="deny"]`
	cancel  = newest + ` [data-action="cancel"]`
)

type mouse struct{}

func (mouse) ask(p *tab, action, device, comment string) {
	p.click("#say")
	p.types("/defender " + action + " " + device + " " + comment)
	p.click("#composer .send")
}

func (mouse) press(p *tab, button string) { p.click(button) }

func (mouse) trouble(p *tab, what string) { p.click(fmt.Sprintf("[data-trouble=%q]", what)) }

type keyboard struct{}

// ask begins at the top of the page and lets the composer complete.
func (keyboard) ask(p *tab, action, device, comment string) {
	p.do(chromedp.Evaluate[chromedp.Void]("document.activeElement.blur()"))
	p.tabTo("#say")
	p.types("/defender " + action[:3])
	p.until(`document.querySelector("#offers [aria-selected=true]").textContent.includes("` + action + `")`)
	p.types(kb.Enter + device[:6])
	p.until(`document.querySelector("#offers [aria-selected=true]").textContent.includes("` + device + `")`)
	p.types(kb.Enter + comment + kb.Enter)
}

func (keyboard) press(p *tab, button string) {
	p.tabTo(button)
	p.types(kb.Enter)
}

func (keyboard) trouble(p *tab, what string) {
	p.tabTo(fmt.Sprintf("[data-trouble=%q]", what))
	p.types(kb.Enter)
}

// TestStory plays the story with the keyboard alone and with the mouse, in
// both widths. Everybody has a window of their own.
func TestStory(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	for name, h := range map[string]hand{"mouse": mouse{}, "keyboard": keyboard{}} {
		for _, w := range widths() {
			t.Run(name+"/"+w.name, func(t *testing.T) {
				at := place{browse(t, path), sandboxAt(t)}
				open := func(who, room string) *tab { return become(t, at, who, room, w) }
				ada, grace := open("ada", "incident-42"), open("grace", "incident-42")
				mainJob(ada, grace, h)
				denied(ada, grace, h)
				queued(ada, grace, h)
				killed(ada, grace, h)
				external(ada, open("elsa", "partners"), h)
			})
		}
	}
}

// mainJob is asked for, refused to its requester, approved by another, and
// followed to its end.
func mainJob(ada, grace *tab, h hand) {
	ada.shot("begin")
	h.ask(ada, "investigate", "srv-db-01.contoso.example", "odd logins at 3")
	ada.sees("#messages", "Recorded as D-", "Only visible to you", "Waiting for approval")
	grace.sees("#messages", "Waiting for approval", "odd logins at 3")
	if got := eval[bool](grace, `document.querySelector("#messages").textContent.includes("Recorded as D-")`); got {
		grace.fail("what was for Ada alone is shown to Grace")
	}
	if eval[bool](grace, `!!document.querySelector("#messages [data-left]")`) {
		grace.fail("a date counts down, which Slack's do not")
	}
	grace.shot("pending")
	h.press(ada, approve)
	ada.sees("#messages", "This is your own request")
	ada.shot("own-request")
	h.press(grace, approve)
	grace.sees("#messages", "You approved D-", "Approved by @Grace")
	ada.sees("#messages", "Approved by @Grace", "(edited)") // without a touch of hers
	ada.sees("#devices", "Investigation")
	ada.sees("#calls", "startInvestigation")
	ada.shot("running")
	h.trouble(ada, "fast")
	ada.sees("#messages", "✅ Succeeded", "Last reply")
	h.trouble(ada, "real")
	ada.sees("#troubles", "now ×1")
	if eval[bool](ada, `document.querySelector(".thread").open`) {
		ada.fail("the thread is open before anybody has opened it")
	}
	ada.shot("succeeded")
	h.press(ada, "#messages .thread summary")
	ada.until(`document.querySelector(".thread").open`)
}

// denied opens the form, leaves it with Escape, and denies with a reason.
func denied(ada, grace *tab, h hand) {
	h.ask(ada, "collect", "lt-ada.contoso.example", "same account")
	grace.sees(newest, "Waiting for approval", "same account")
	h.press(grace, deny)
	grace.until(`document.querySelector("#form").open && document.activeElement.matches("#in-reason")`)
	grace.shot("deny")
	for range 6 { // round the form and no further
		grace.types(kb.Tab)
		if !eval[bool](grace, `document.activeElement === document.body || !!document.activeElement.closest("#form")`) {
			grace.fail("the focus has left the form")
		}
	}
	grace.types(kb.Escape)
	grace.until(`!document.querySelector("#form").open`)
	if _, byKeys := h.(keyboard); byKeys && !grace.focused(deny) {
		grace.fail("the focus did not come back to Deny")
	}
	h.press(grace, deny)
	grace.until(`document.activeElement.matches("#in-reason")`)
	grace.types("it is our own scanner")
	h.press(grace, `#form [type="submit"]`)
	grace.until(`!document.querySelector("#form").open`)
	ada.sees("#messages", "⛔ Denied", "it is our own scanner")
	if !eval[bool](ada, `document.querySelector(".thread").open`) {
		ada.fail("the thread that was opened did not stay open")
	}
	grace.sees("#messages", "You denied D-")
}

// queued is approved while Defender turns everything away, and sent later.
func queued(ada, grace *tab, h hand) {
	h.ask(ada, "collect", "desktop-test123", "maybe the same tool")
	grace.sees(newest, "Waiting for approval", "maybe the same tool")
	h.trouble(ada, "throttle")
	ada.until(`document.querySelector("#t-throttle").matches(".bad")`)
	h.press(grace, approve)
	ada.sees("#calls", "429")
	grace.sees("#messages", "waiting for its turn", "throttling")
	grace.shot("queued")
	h.trouble(ada, "fast")
	ada.until(`[...document.querySelectorAll(".message[data-ts]")].some((m) => m.textContent.includes("maybe the same tool") && m.textContent.includes("✅ Succeeded"))`)
	h.trouble(ada, "real")
	ada.sees("#troubles", "now ×1")
}

// killed loses nothing with the bot.
func killed(ada, grace *tab, h hand) {
	h.ask(ada, "collect", "kiosk-7", "might be where it began")
	grace.sees(newest, "Waiting for approval", "might be where it began")
	h.trouble(ada, "kill")
	ada.sees("#lamp", "Bot is down", "signal: killed")
	grace.sees("#lamp", "Bot is down") // it moves what is below it
	h.press(grace, approve)
	grace.sees("#messages", "the app did not answer in time")
	grace.shot("killed")
	h.ask(ada, "collect", "web-02.contoso.example", "nobody hears this")
	ada.sees("#messages", "dispatch_failed")
	h.trouble(ada, "start")
	ada.sees("#lamp", "Bot is up")
	grace.sees("#lamp", "Bot is up")
	h.press(grace, approve)
	grace.sees("#messages", "Approved by @Grace")
	ada.sees(".messages .message:last-of-type", "defenderbot")
	ada.sees("#device-f46b9bb259ed4a7fb9981b73510e3cc7aa81ec1f", "CollectInvestigationPackage", "Pending")
}

// external can see a card in a shared channel and not decide on it.
func external(ada, elsa *tab, h hand) {
	ada.do(chromedp.Navigate(ada.site + "/?as=ada&in=partners"))
	ada.sees("#lamp", "Bot is up")
	h.ask(ada, "investigate", "lt-ada.contoso.example", "seen by partners")
	elsa.sees("#messages", "Waiting for approval", "seen by partners")
	h.press(elsa, approve)
	elsa.sees("#messages", "people from other workspaces")
	elsa.shot("external")
	h.press(ada, cancel)
	ada.until(`document.querySelector("#confirm").open`)
	ada.shot("confirm")
	h.press(ada, "#confirm-yes")
	elsa.sees("#messages", "⚪ Cancelled")
	elsa.until(`!document.querySelector("[data-action=approve]")`)
}
