package main

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// axe finds the rules that npm installed. Without them the test ends there,
// unless REQUIRE_CHROMIUM is set.
func axe(t *testing.T) (script string, ok bool) {
	t.Helper()
	raw, err := os.ReadFile("testdata/axe/node_modules/axe-core/axe.min.js")
	switch {
	case err == nil:
		return string(raw), true
	case os.Getenv("REQUIRE_CHROMIUM") != "":
		t.Fatalf("axe-core is not installed (npm ci in testdata/axe): %v", err)
	}
	t.Log("axe-core is not installed: nothing was tested")
	return "", false
}

// TestAccess holds each state of the page against axe-core, in both widths and
// both themes: https://dequeuniversity.com/rules/axe/.
func TestAccess(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	rules, ok := axe(t)
	if !ok {
		return
	}
	at := place{browse(t, path), sandboxAt(t)}
	for _, w := range widths() {
		t.Run(w.name, func(t *testing.T) { accessible(t, at, w, rules) })
	}
}

func accessible(t *testing.T, at place, w width, rules string) {
	t.Helper()
	grace := become(t, at, "grace", "incident-42", w)
	ada := become(t, at, "ada", "incident-42", w)
	for _, p := range []*tab{ada, grace} {
		p.do(chromedp.Evaluate[chromedp.Void](rules))
		p.holds("at the start")
	}
	ada.click("#say")
	ada.types("/defender collect s")
	ada.until(`!document.querySelector("#offers").hidden`)
	ada.holds("completing")
	ada.types("rv-none wrong name" + kb.Enter)
	ada.sees("#messages", "Only visible to you")
	mouse{}.ask(ada, "collect", "lt-ada.contoso.example", "for the rules, "+w.name)
	grace.sees("#messages", "for the rules, "+w.name)
	mouse{}.trouble(ada, "throttle")
	ada.until(`document.querySelector("#t-throttle").matches(".bad")`)
	ada.click("#wrong summary")
	ada.holds("with a card, trouble and the log")
	mouse{}.press(grace, deny)
	grace.until(`document.querySelector("#form").open`)
	grace.holds("with the form")
	grace.types("for the rules")
	grace.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#form [type=submit]").focus()`))
	grace.holds("about to deny")
	grace.click(`#form [type="submit"]`)
	grace.sees("#messages", "⛔ Denied")
	grace.until(`!document.querySelector("#form").open`)
	grace.holds("denied")
	grace.click("#messages .thread summary")
	grace.until(`document.querySelector(".thread").open`)
	grace.holds("with an open thread")
	elsa := become(t, at, "elsa", "partners", w)
	elsa.do(chromedp.Evaluate[chromedp.Void](rules))
	elsa.holds("in an empty channel that commands are not for")
}

// holds fails when axe finds something serious or critical in either theme,
// when the page is wider than the window, or when it took anything from another
// host.
func (p *tab) holds(state string) {
	p.Helper()
	for _, theme := range []string{"light", "dark"} {
		found := eval[[]string](p, `(async () => {
			document.documentElement.dataset.theme = "`+theme+`";
			const { violations } = await axe.run(document, { resultTypes: ["violations"] });
			return violations
				.filter((v) => ["serious", "critical"].includes(v.impact))
				.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.any.map((a) => a.message)).join(" | "));
		})()`)
		if len(found) > 0 {
			p.Errorf("%s, %s:\n%s", state, theme, strings.Join(found, "\n"))
		}
	}
	wide := eval[bool](p, "document.documentElement.scrollWidth > innerWidth")
	if wide {
		p.Errorf("%s: the page is wider than the window", state)
	}
	foreign := eval[[]string](p, `performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !n.startsWith(location.origin))`)
	if diff := cmp.Diff([]string{}, foreign); diff != "" {
		p.Errorf("%s: from other hosts (-want +got):\n%s", state, diff)
	}
}
