package bot

import (
	"context"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/approvals/office"
	"defenderbot/defender"
)

const (
	fetches       = 32                                                          // links that are fetched, or waited for, at once
	fetchLimit    = 20 * time.Second                                            // for one try
	fetchAgain    = "I am being restarted. Press the button again in a minute." // to whoever waits
	getPackage    = "Get package"                                               // on a button
	packageCare   = "Whoever has it can download the package, which holds sensitive data: do not pass it on. It is recorded that you fetched it."
	packageListed = "Each button sends you the link to one package, for a short time. It is recorded who fetches it."
)

// packageButton gets what was collected, where there is something; nil: there is not.
func (v Views) packageButton(r approvals.Request, value string) *slack.ButtonBlockElement {
	n := len(r.Succeeded())
	switch {
	case n == 0 || !v.action(r).Package:
		return nil
	case n > 1:
		return v.labelled(r, slack.NewButtonBlockElement(actionPackage, value, plainText("Get packages")))
	}
	return v.labelled(r, slack.NewButtonBlockElement(actionPackage, value, plainText(getPackage)))
}

// fetch answers a click on the card: where there is one package with its link, else with
// a list of them.
func (b *Bot) fetch(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.MayFetch(ctx, a.by, a.id, a.digest)
	if err != nil {
		return r, nil, err
	}
	calls := r.Succeeded()
	if len(calls) > 1 {
		return r, b.workspace.views.packagesPage(r, calls), nil
	}
	a.nth = calls[0]
	return r, b.deliver(ctx, a, r), nil
}

// fetchOne is a click on a button of that list.
func (b *Bot) fetchOne(ctx context.Context, a act) (approvals.Request, page, error) {
	r, err := b.desk.MayFetch(ctx, a.by, a.id, a.digest)
	if err != nil {
		return r, nil, err
	}
	if a.nth < 0 || a.nth >= len(r.Calls) {
		return r, nil, approvals.Refuse(approvals.NoPackage, "")
	}
	return r, b.deliver(ctx, a, r), nil
}

// packageOf is what the value of a button of that list says.
func packageOf(value string) (id, digest string, call int) {
	id, rest := splitValue(value)
	digest, n, _ := strings.Cut(rest, ".")
	call, err := strconv.Atoi(n)
	if err != nil {
		call = -1
	}
	return id, digest, call
}

// deliver has the link fetched beside everything else: Defender can be slow, and its window
// full. What it answers is said at once.
func (b *Bot) deliver(ctx context.Context, a act, r approvals.Request) page {
	ctx = context.WithoutCancel(ctx)
	started := b.fetches.TryGo(func() error {
		defer func() {
			if p := recover(); p != nil {
				b.log.ErrorContext(ctx, "package fetch panicked", "request", a.id, "panic", p, "stack", string(debug.Stack()))
				b.whisper(ctx, a.to, say(brokeSentence))
			}
		}()
		b.whisper(ctx, a.to, b.bring(ctx, a, r))
		return nil
	})
	if !started {
		b.log.InfoContext(ctx, "too many package fetches", "request", a.id, "user", a.by.User)
		return say(busySentence)
	}
	return nil
}

// bring fetches a link, and waits for a full window if that is soon over. It answers what
// to tell the person at the end.
func (b *Bot) bring(ctx context.Context, a act, r approvals.Request) page {
	end := b.desk.Now().Add(office.SoonFree)
	var told time.Time
	for {
		link, err := b.linkFor(ctx, a)
		until := waitsUntil(err)
		switch {
		case err == nil:
			b.log.InfoContext(ctx, "package link given", "request", a.id, "call", a.nth, "user", a.by.User)
			return b.workspace.views.linkPage(r, a.nth, link)
		case until.IsZero() || until.After(end):
			b.noteFailure(ctx, a, r, err)
			return unfetched(err)
		case until.Sub(told) > time.Second: // others were first
			b.whisper(ctx, a.to, fetchedAt(until))
			told = until
		}
		if !b.waits(until) {
			return say(fetchAgain)
		}
	}
}

// linkFor tries once to get a link.
func (b *Bot) linkFor(ctx context.Context, a act) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	return b.desk.Package(ctx, a.by, a.id, a.digest, a.nth)
}

// waits waits until a time of Redis's clock, and reports whether the bot goes on then.
func (b *Bot) waits(until time.Time) bool {
	for {
		left := until.Sub(b.desk.Now())
		if left < 0 {
			return true
		}
		t := time.NewTimer(min(left+time.Millisecond, time.Second)) // a clock can jump
		select {
		case <-b.closing:
			t.Stop()
			return false
		case <-t.C:
		}
	}
}

// waitsUntil is until when a full window keeps a link from being fetched; zero: that is
// not what is the matter.
func waitsUntil(err error) time.Time {
	if refused, is := approvals.AsRefusal(err); is && refused.Why.Reason == approvals.PackageWaits {
		return refused.Why.Until
	}
	return time.Time{}
}

// windowFull says which window is full.
func windowFull() span {
	limits := defender.PackageEndpoint().Limits
	return wordsf("Microsoft allows %s and %s, shared by everybody here, and they are used up.",
		strings.Replace(limits[0].String(), " ", " package links ", 1), limits[1])
}

// fetchedAt is told to whoever gets the link when the window has a place.
func fetchedAt(at time.Time) page {
	return page{says(windowFull(), words(" You get the link here "), when(at), words("."))}
}

// unfetched says why there is no link, and where the window is full until when.
func unfetched(err error) page {
	until := waitsUntil(err)
	if until.IsZero() {
		return explain(err)
	}
	return page{says(windowFull(), words(" Press the button again "), when(until), words("."))}
}

// linkPage holds the link to a package, for one person.
func (v Views) linkPage(r approvals.Request, call int, url string) page {
	about := append([]span{words("📦 Package of ")}, v.named(r.Devices[call])...)
	return page{
		says(append(about, words(" · "), code(r.ID))...),
		says(link(url, "Download the package"), words(" now: the link works for a short time only. "+packageCare)),
	}
}

// packagesPage lists the packages of a request, with a button for each.
func (v Views) packagesPage(r approvals.Request, calls []int) page {
	p := page{says(wordsf("📦 %d packages of ", len(calls)), code(r.ID), words(". "+packageListed))}
	for _, i := range calls {
		dev := r.Devices[i]
		text := "• " + strings.TrimSpace(cut(fact(dev.Name), 64)+" "+dev.ID) // no name begins a line
		value := r.ID + "." + r.Digest() + "." + strconv.Itoa(i)
		p = append(p, withButton(text, button{id: actionPackage, label: getPackage, about: called(dev), value: value}))
	}
	return p
}
