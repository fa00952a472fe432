package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

// TestServeOnly connects a bot with what is printed, and uses it on the page.
func TestServeOnly(t *testing.T) {
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	sandbox := make(chan error, 1)
	file := filepath.Join(t.TempDir(), "bot.env")
	go func() { sandbox <- run(ctx, []string{"-serve-only", "-addr", "127.0.0.1:0", "-env", file}, in) }()
	t.Cleanup(func() { ended(t, stop, sandbox) })
	lines := bufio.NewScanner(out)
	lines.Scan()
	_, site, _ := strings.Cut(lines.Text(), " at ")
	site, _, _ = strings.Cut(site, " ")
	var printed strings.Builder
	for lines.Scan() && !strings.Contains(lines.Text(), "go run ./cmd/bot") {
		if name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "="); ok {
			name = strings.TrimPrefix(name, "export ")
			t.Setenv(name, strings.Trim(value, "'"))
			printed.WriteString(name + "=" + value + "\n")
		}
	}
	if written, err := os.ReadFile(file); err != nil || string(written) != printed.String() {
		t.Errorf("%v: -env wrote %q, and %q is printed", err, written, &printed)
	}
	page := ask(t, http.MethodGet, site+"/", "", nil, nil).body
	for _, want := range []string{"No bot is connected", "says how to connect yours", "your bot&#39;s is real"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page without a bot does not say %q", want)
		}
	}
	got := ask(t, http.MethodPost, site+"/trouble", "", nil, url.Values{"as": {"ada"}, "in": {"incident-42"}, "what": {"kill"}})
	if got.status != http.StatusConflict || !strings.Contains(got.body, "your own") {
		t.Errorf("killing somebody's bot: %d %s", got.status, got.body)
	}

	runOwnBot(t)
	waitForEvent(t, site+"/events?as=ada&in=incident-42", "Your bot is connected")
	ask(t, http.MethodPost, site+"/say", "", nil, url.Values{
		"as": {"ada"}, "in": {"incident-42"}, "text": {"/defender collect desktop-test123 by my own bot"},
	})
	waitForEvent(t, site+"/events?as=grace&in=incident-42", "by my own bot")
}

// runOwnBot runs a bot that the environment configures.
func runOwnBot(t *testing.T) {
	t.Helper()
	var env app.Env
	if err := envconfig.Process("", &env); err != nil {
		t.Fatal(err)
	}
	env.HTTPAddr = ""
	config, err := env.Config(defender.Actions(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	bot := make(chan error, 1)
	own := app.New(config, app.Options{Catalogue: defender.Actions(), Clock: time.Now, Version: "own", Log: slog.New(slog.DiscardHandler)})
	go func() { bot <- own.Run(ctx) }()
	t.Cleanup(func() { ended(t, stop, bot) })
}

// ended stops something and waits for its end.
func ended(t *testing.T, stop func(), end <-chan error) {
	t.Helper()
	stop()
	if err := <-end; err != nil {
		t.Error(err)
	}
}
