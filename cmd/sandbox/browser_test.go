package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestMain lets the test binary be the bot's process too, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == childWord {
		main()
		return
	}
	os.Exit(m.Run())
}

// The widths that the page is made for.
type width struct {
	name          string
	width, height int64
}

func widths() []width { return []width{{"wide", 1280, 800}, {"narrow", 390, 844}} }

// findChromium finds the browser. Without one the test ends there, unless
// REQUIRE_CHROMIUM is set.
func findChromium(t *testing.T) (path string, ok bool) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	if os.Getenv("REQUIRE_CHROMIUM") != "" {
		t.Fatal("there is no chromium, and REQUIRE_CHROMIUM is set")
	}
	t.Log("there is no chromium: nothing was tested")
	return "", false
}

// The limits of a browser and of one step in it.
const (
	browserLimit = 3 * time.Minute
	stepLimit    = 25 * time.Second
)

// browse starts a browser, with a profile of its own.
func browse(t *testing.T, path string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
	)
	ctx, cancel := context.WithTimeout(t.Context(), browserLimit)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // no limit of its own: the browser ends with it
		t.Fatalf("start chromium: %v", err)
	}
	return ctx
}

// sandboxAt runs the program and returns where its page is.
func sandboxAt(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), in)
		in.CloseWithError(fmt.Errorf("the program has ended: %w", err))
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		out.Close()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the program says no address: %v", err)
	}
	go io.Copy(io.Discard, out)
	_, line, _ = strings.Cut(line, "http://")
	host, _, _ := strings.Cut(line, " ")
	return "http://" + host
}

// tab is one person at the page.
type tab struct {
	*testing.T

	ctx  context.Context
	site string
}

// place is a browser and the page it looks at.
type place struct {
	browser context.Context //nolint:containedctx // what chromedp calls a context is a browser
	site    string
}

// become opens a tab of a person in a channel, where the bot is up.
func become(t *testing.T, at place, who, room string, w width) *tab {
	t.Helper()
	p := visit(t, at, who, room, w)
	p.sees("#lamp", "Bot is up")
	return p
}

// visit opens a tab of a person in a channel.
func visit(t *testing.T, at place, who, room string, w width) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(at.browser)
	t.Cleanup(cancel)
	p := &tab{t, ctx, at.site}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	p.do(chromedp.EmulateViewport(w.width, w.height))
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(at.site + "/?as=" + who + "&in=" + room))
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail("%v", err)
	}
}

// eval runs a script and waits for what it promises.
func eval[T any](p *tab, script string) T {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("%s: %v", script, err)
	}
	return got
}

// until waits for a condition of the page, looking again at each change.
func (p *tab) until(condition string) {
	p.Helper()
	eval[bool](p, `new Promise((tell) => {
		const seen = () => { try { return !!(`+condition+`) } catch { return false } };
		if (seen()) return tell(true);
		const look = new MutationObserver(() => { if (seen()) { look.disconnect(); tell(true); } });
		look.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
	})`)
}

// sees waits until an element says all of the words.
func (p *tab) sees(where string, words ...string) {
	p.Helper()
	for _, w := range words {
		p.until(fmt.Sprintf("document.querySelector(%q).textContent.includes(%q)", where, w))
	}
}

// click uses the mouse. What the page draws anew between finding it and pressing it is looked
// for again: nothing was pressed.
func (p *tab) click(selector string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepLimit)
	defer cancel()
	for {
		p.until(fmt.Sprintf(`(document.querySelector(%q).scrollIntoView({ block: "center" }), true)`, selector)) // not below what sticks to an edge
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "Could not find node") {
			p.fail("%v", err)
		}
	}
}

// opens clicks what opens a form, and clicks again, as anybody would, where the page moved it
// away under the mouse.
func (p *tab) opens(selector string) {
	p.Helper()
	const form = `document.querySelector("#form").open && document.activeElement.matches("#in-text, #in-reason")`
	for range 5 {
		p.click(selector)
		open := eval[bool](p, `new Promise((tell) => {
			const seen = () => { if (!(`+form+`)) return false; look.disconnect(); tell(true); return true };
			const look = new MutationObserver(seen);
			if (seen()) return;
			look.observe(document, { subtree: true, childList: true, attributes: true });
			setTimeout(() => { look.disconnect(); tell(false); }, 5000);
		})`)
		if open {
			return
		}
	}
	p.fail("%s opens no form", selector)
}

// types uses the keyboard, wherever the focus is.
func (p *tab) types(text string, modifiers ...chromedp.Modifier) {
	p.Helper()
	p.do(chromedp.KeyEvent(text, chromedp.KeyModifiers(modifiers...)))
}

// tabTo presses Tab until something has the focus.
func (p *tab) tabTo(selector string, modifiers ...chromedp.Modifier) {
	p.Helper()
	const most = 80
	for range most {
		p.types(kb.Tab, modifiers...)
		if p.focused(selector) {
			return
		}
	}
	p.fail("%s cannot be reached with Tab", selector)
}

func (p *tab) focused(selector string) bool {
	p.Helper()
	return eval[bool](p, fmt.Sprintf("document.activeElement.matches(%q)", selector))
}

// fail ends the test with what the person sees.
func (p *tab) fail(format string, args ...any) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText + `\\nTyped: ${document.getElementById('say').value}`"))
	p.Fatalf("%s\n\nThe page (%v):\n%s", fmt.Sprintf(format, args...), err, seen)
}
