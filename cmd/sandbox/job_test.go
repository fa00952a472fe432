package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestJob does what needs no typing, or little of it: the device picked from a list, the
// package fetched, the form, a shortcut on an alert, the Home tab, what is done alone, a
// freeze and the alarms of both. Each state is held against the rules of access_test.go.
func TestJob(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	rules, ok := axe(t)
	if !ok {
		return
	}
	for _, w := range widths() {
		t.Run("mouse/"+w.name, func(t *testing.T) {
			at := place{browse(t, path), sandboxAt(t)}
			ada, grace := become(t, at, "ada", "incident-42", w), become(t, at, "grace", "incident-42", w)
			for _, p := range []*tab{ada, grace} {
				p.do(chromedp.Evaluate[chromedp.Void](rules))
			}
			picked(ada, grace)
			packaged(ada, grace)
			atHome(ada, grace, rules)
			formed(ada)
			corrected(ada)
			shortcut(ada)
			joan := become(t, at, "joan", "home", w)
			reviewedAtHome(grace, joan, rules)
			frozenAtHome(grace, rules)
			alarmed(map[string]*tab{"grace": grace, "joan": joan, "lena": become(t, at, "lena", "incident-42", w)}, rules)
		})
	}
}

// picked asks for a device by a name that two have.
func picked(ada, grace *tab) {
	mouse{}.ask(ada, "scan", "ws-17.contoso.example", "beacons since midnight")
	const menu = ".private .bk-menu"
	ada.until(`document.querySelector("` + menu + `")`)
	ada.click(menu + " summary")
	ada.until(`document.querySelector("` + menu + `").open`)
	ada.until(`document.querySelectorAll("` + menu + ` .bk-option").length === 2`)
	ada.eventually(`document.querySelector("` + menu + ` li:last-child").getBoundingClientRect().bottom <= document.querySelector("#messages").getBoundingClientRect().bottom`)
	ada.shot("pick")
	ada.holds("with the list of devices")
	ada.click(menu + " li:first-child button")
	grace.sees(newest, "beacons since midnight", "ws-17", "Waiting for approval")
}

// packaged fetches the package of a collection.
func packaged(ada, grace *tab) {
	mouse{}.ask(ada, "collect", "lt-ada.contoso.example", "same account seen here")
	grace.sees(newest, "same account seen here")
	mouse{}.press(grace, approve)
	grace.sees("#messages", "You approved D-")
	mouse{}.trouble(ada, "fast")
	ada.until(`document.querySelector("[data-action=package]")`)
	mouse{}.trouble(ada, "real")
	ada.sees("#troubles", "now ×1")
	ada.click("[data-action=package]")
	const link = `document.querySelector(".private a[href*=safedownload]")`
	ada.until(link)
	ada.do(chromedp.Evaluate[chromedp.Void](link + `.scrollIntoView({ block: "center" })`))
	ada.shot("package")
	ada.holds("with the link to the package")
	if got := ask(ada.T, http.MethodGet, eval[string](ada, link+".href"), "", nil, nil); got.status != http.StatusOK || !strings.HasPrefix(got.body, "PK") {
		ada.fail("the link answers %d", got.status)
	}
	if eval[bool](grace, `!!`+link) {
		grace.fail("the link that Ada asked for is shown to Grace")
	}
}

// fill puts text into a field of the form.
func (p *tab) fill(field, text string) {
	p.Helper()
	p.click("#form " + field)
	p.types(text)
}

// choose takes an option of a menu in the form.
func (p *tab) choose(field, value string) {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#form ` + field + `").value = "` + value + `"`))
}

func (p *tab) submit() {
	p.Helper()
	p.click(`#form [type="submit"]`)
	p.until(`!document.querySelector("#form").open`)
}

// formed asks with the form alone.
func formed(ada *tab) {
	ada.click("#say")
	ada.types("/defender")
	ada.click("#composer .send")
	ada.until(`document.querySelector("#form").open`)
	ada.holds("with the empty form")
	ada.choose("#in-action", "scan-quick")
	ada.fill("#in-device", "no such device!")
	ada.fill("#in-comment", "asked with the form")
	ada.click(`#form [type="submit"]`)
	ada.until(`document.querySelector("#form .bk-error:not(:empty)")`)
	ada.shot("form")
	ada.holds("with a form that has something wrong")
	if got := eval[string](ada, `document.querySelector("#in-comment").value`); got != "asked with the form" {
		ada.fail("what was typed is gone: %q", got)
	}
	ada.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#in-device").value = "desktop-test123"`))
	ada.submit()
	ada.sees(newest, "asked with the form", "desktop-test123", "Waiting for approval")
}

// corrected types a command wrongly and goes on in the form, where what was understood
// stands already.
func corrected(ada *tab) {
	mouse{}.ask(ada, "colect", "kiosk-7", "typed in a hurry")
	const button = ".private:last-of-type [data-action=ask]"
	ada.until(`document.querySelector("` + button + `")`)
	ada.click(button)
	ada.until(`document.querySelector("#form").open`)
	ada.until(`document.querySelector("#in-device").value === "kiosk-7" && document.querySelector("#in-comment").value === "typed in a hurry"`)
	ada.choose("#in-action", "collect")
	ada.submit()
	ada.sees(newest, "typed in a hurry", "Waiting for approval")
}

// shortcut takes the device from an alert, and the card stands in its thread.
func shortcut(ada *tab) {
	const alert = `.message:has(.bk-attachment)`
	ada.click(alert + " .more summary")
	ada.until(`document.querySelector("` + alert + ` .more").open`)
	ada.shot("shortcut")
	ada.holds("with what can be done with a message")
	ada.click(alert + " [data-shortcut]")
	ada.until(`document.querySelector("#form").open`)
	ada.until(`document.querySelector("#in-device").value !== ""`)
	ada.choose("#in-action", "scan")
	ada.fill("#in-comment", " seen in the alert")
	ada.submit()
	ada.sees(alert+" .thread", "seen in the alert", "Waiting for approval", "srv-db-01")
}

// topFirst opens the Home tab in a window that is too low for it.
func topFirst(grace *tab) {
	wide, high := eval[int64](grace, "innerWidth"), eval[int64](grace, "innerHeight")
	grace.do(chromedp.EmulateViewport(wide, 300), chromedp.Navigate(grace.site+"/?as=grace&in=home"))
	grace.sees("#messages", "beacons since midnight")
	grace.until(`document.querySelector("#messages").scrollHeight > document.querySelector("#messages").clientHeight`)
	if eval[float64](grace, `document.querySelector("#messages").scrollTop`) != 0 {
		grace.fail("the Home tab is not read from its top")
	}
	grace.do(chromedp.EmulateViewport(wide, high))
}

// atHome decides on the Home tab.
func atHome(ada, grace *tab, rules string) {
	topFirst(grace)
	grace.do(chromedp.Navigate(grace.site + "/?as=grace&in=home"))
	grace.do(chromedp.Evaluate[chromedp.Void](rules))
	grace.sees("#messages", "beacons since midnight")
	grace.shot("home")
	grace.holds("with the Home tab")
	const card = `[...document.querySelectorAll(".home [data-action=approve]")]`
	grace.click(".home [data-action=approve]")
	grace.sees("#messages", "You approved D-")
	grace.until(card + ".length === 0")
	grace.shot("home-approved")
	ada.sees("#messages", "Approved by @Grace")
}
