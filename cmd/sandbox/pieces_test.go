package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// emptySite is a page without a bot, and what is behind it.
func emptySite(t *testing.T) (*site, string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSite(sandbox.Options{Now: time.Now}, l.Addr().String(), true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s, "http://" + s.host
}

// bot calls Slack's Web API as a bot does.
func bot(t *testing.T, s *site, method string, form url.Values) {
	t.Helper()
	got := ask(t, http.MethodPost, s.place.Slack.APIURL()+method, "", map[string]string{"Authorization": "Bearer " + s.place.Slack.BotToken()}, form)
	var out struct {
		OK bool `json:"ok"`
	}
	if err := json.Unmarshal([]byte(got.body), &out); err != nil || !out.OK {
		t.Fatalf("%s: %d %s", method, got.status, got.body)
	}
}

// What a bot could say.
const (
	picker = `[{"type":"section","text":{"type":"mrkdwn","text":"Two devices are called *ws-17*."}},
		{"type":"actions","elements":[{"type":"static_select","action_id":"pick","placeholder":{"type":"plain_text","text":"Which one?"},"options":[
		{"text":{"type":"plain_text","text":"ws-17, the old one"},"description":{"type":"plain_text","text":"Windows10, not seen for 9 days"},"value":"1"},
		{"text":{"type":"plain_text","text":"ws-17, the new one"},"description":{"type":"plain_text","text":"Windows11, seen just now"},"value":"2"}]}]}]`
	chart = `[{"type":"data_visualization","title":"Ended as","chart":{"type":"bar","axis_config":{"categories":["scan","collect"],"x_label":"action"},
		"series":[{"name":"succeeded","data":[{"label":"scan","value":4},{"label":"collect","value":2}]},{"name":"failed","data":[{"label":"scan","value":0},{"label":"collect","value":1}]}]}}]`
	link    = `Your package: <http://127.0.0.1:1/package?token=secret|download it>`
	homeTab = `{"type":"home","blocks":[{"type":"header","text":{"type":"plain_text","text":"Waiting for you"}},
		{"type":"actions","elements":[{"type":"button","action_id":"approve","value":"D-1","text":{"type":"plain_text","text":"Approve"}}]},
		{"type":"actions","elements":[{"type":"button","action_id":"approve","value":"D-2","style":"primary","text":{"type":"plain_text","text":"Approve"}}]}]}`
)

// TestPieces uses what a bot can show, without one: with the keyboard, in both widths.
// That nobody answers is said to whoever pressed, and to nobody who pressed what is not
// there.
func TestPieces(t *testing.T) {
	path, ok := findChromium(t)
	if !ok {
		return
	}
	rules, ok := axe(t)
	if !ok {
		return
	}
	for _, w := range widths() {
		t.Run(w.name, func(t *testing.T) {
			s, address := emptySite(t)
			s.place.Slack.SetFeatures(slackfake.DefaultFeatures())
			at := place{browse(t, path), address}
			private := url.Values{"channel": {sandbox.Incident}, "user": {sandbox.Ada}}
			for key, value := range map[string]string{"blocks": picker, "text": link} {
				private.Set("text", "a")
				private.Set(key, value)
				bot(t, s, "chat.postEphemeral", private)
				private.Del("blocks")
			}
			bot(t, s, "chat.postMessage", url.Values{"channel": {sandbox.Incident}, "text": {"a"}, "blocks": {chart}})
			bot(t, s, "views.publish", url.Values{"user_id": {sandbox.Ada}, "view": {homeTab}})
			ada := visit(t, at, "ada", "incident-42", w)
			ada.do(chromedp.Evaluate[chromedp.Void](rules))
			ada.sees("#messages", "High: hands-on-keyboard attack", "Ended as", "succeeded")
			if got := eval[string](ada, `document.querySelector(".private a").href`); got != "http://127.0.0.1:1/package?token=secret" {
				ada.fail("the link leads to %q", got)
			}
			picks(ada)
			ada.holds("with a menu, a chart and an alert")
			ada.do(chromedp.Navigate(at.site + "/?as=ada&in=home"))
			ada.do(chromedp.Evaluate[chromedp.Void](rules))
			ada.sees("#messages", "Waiting for you")
			ada.tabTo(`.home .bk-actions:last-child button`)
			ada.types(kb.Enter)
			ada.sees("#toast", "did not answer in time")
			ada.holds("with the Home tab")
		})
	}
}

// picks opens the menu, leaves it with Escape, and takes its second option.
func picks(ada *tab) {
	ada.tabTo(".bk-menu summary")
	ada.types(kb.Enter)
	ada.until(`document.querySelector(".bk-menu").open`)
	ada.holds("with an open menu")
	ada.types(kb.Tab + kb.Escape)
	ada.until(`!document.querySelector(".bk-menu").open`)
	if !ada.focused(".bk-menu summary") {
		ada.fail("the focus did not come back to the menu")
	}
	ada.types(kb.Enter + kb.Tab + kb.Tab)
	if !ada.focused(`[data-choice="2"]`) {
		ada.fail("the second option cannot be reached")
	}
	ada.types(kb.Enter)
	ada.sees("#messages", "did not answer in time")
	ada.until(`!document.querySelector(".bk-menu").open && document.activeElement.matches(".bk-menu summary")`)
}
