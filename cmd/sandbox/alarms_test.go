package main

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// goTo goes to another room.
func (p *tab) goTo(who, room, rules string) {
	p.Helper()
	p.do(chromedp.Navigate(p.site+"/?as="+who+"&in="+room), chromedp.Evaluate[chromedp.Void](rules))
}

// reviewedAtHome: Grace acts alone, and Joan reviews that on her Home tab.
func reviewedAtHome(grace, joan *tab, rules string) {
	grace.goTo("grace", "incident-42", rules)
	mouse{}.ask(grace, "isolate!", "web-02.contoso.example", "it is being emptied")
	grace.until(`document.querySelector("#messages [data-action=review]")`)
	grace.holds("with what she did alone")
	joan.goTo("joan", "home", rules)
	joan.sees("#messages", "it is being emptied")
	joan.holds("with what waits for a review")
	joan.opens(".home [data-action=review]")
	joan.holds("with the form of a review")
	joan.types("it was right")
	joan.submit()
	joan.until(`!document.querySelector(".home [data-action=review]")`)
	grace.sees("#messages", "Reviewed by @Joan", "it was right")
}

// frozenAtHome: Grace freezes everything on her Home tab, which says so then.
func frozenAtHome(grace *tab, rules string) {
	grace.goTo("grace", "home", rules)
	grace.opens(".home [data-action=freeze]")
	grace.holds("with the form of a freeze")
	grace.types("the list is wrong")
	grace.submit()
	grace.until(`!document.querySelector(".home [data-action=freeze]")`)
	grace.sees("#messages", "the list is wrong", "unfreeze")
	grace.holds("with the Home tab under a freeze")
}

// alarmed: what was done alone and the freeze are told where those who decide are, to all of them.
func alarmed(by map[string]*tab, rules string) {
	for who, p := range by {
		p.goTo(who, "security", rules)
		p.sees("#messages", "acted alone", "it is being emptied", "froze everything", "the list is wrong")
		p.holds("with alarms")
	}
}

// TestSecurityRoom: the room of those who decide is theirs.
func TestSecurityRoom(t *testing.T) {
	s, _ := emptySite(t)
	var in []string
	for _, u := range s.users() {
		if slices.ContainsFunc(s.rooms(s.viewer(u.Name, "")), func(r room) bool { return r.Name == "security" }) {
			in = append(in, u.Name)
		}
	}
	if want := []string{"grace", "joan", "lena"}; !slices.Equal(in, want) {
		t.Errorf("#security is shown to %q, want %q", in, want)
	}
}
