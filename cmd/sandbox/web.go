package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"time"
)

// policy lets the page load nothing but its own files.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// handler serves the page to this machine's browsers and to no other site in
// them: requests under another name (DNS rebinding) and from another origin
// are refused.
func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /events", s.serveEvents)
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // unreachable: the folder is embedded
	}
	for _, name := range []string{"page.js", "dates.js", "composer.js", "page.css", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, name) })
	}
	for name, act := range s.acts() {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) { s.serveAct(w, r, act) })
	}
	return s.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard checks the name under which the page was called, and sets the headers
// that all answers have.
func (s *site) guard(next http.Handler) http.Handler {
	_, port, _ := net.SplitHostPort(s.host) // of a listener: it has a port
	names := []string{s.host, "localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}
	if port == "80" { // which browsers leave out
		names = append(names, "localhost", "127.0.0.1", "[::1]")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !slices.Contains(names, r.Host) {
			http.Error(w, "this page is known under another name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *site) servePage(w http.ResponseWriter, r *http.Request) {
	view, err := s.view(s.viewer(r.FormValue("as"), r.FormValue("in")))
	if err == nil {
		var b bytes.Buffer
		if err = pages.ExecuteTemplate(&b, "page.tmpl", view); err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = b.WriteTo(w) // a browser that is gone needs no page
			return
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

const (
	together = 40 * time.Millisecond // changes that come within it are sent at once
	atLeast  = time.Second           // how often the page is looked at without a change: time passes
)

// serveEvents sends the parts of the page that have changed, as server-sent
// events, until the browser leaves. It begins with all of them.
func (s *site) serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	last := map[string]string{}
	for {
		slack, defender, own := s.place.Slack.Changed(), s.place.Defender.Changed(), s.bell.listen()
		view, err := s.view(s.viewer(r.FormValue("as"), r.FormValue("in")))
		if err == nil {
			err = sendChanges(w, last, view)
		}
		if err = errors.Join(err, out.Flush()); err != nil {
			return
		}
		if !wait(r.Context(), together) || !wait(r.Context(), atLeast-together, slack, defender, own) {
			return
		}
	}
}

// piece is one part of the page on its way.
type piece struct {
	ID   string `json:"id"`
	HTML string `json:"html"`
}

// sendChanges writes the parts that differ from the last that were sent.
func sendChanges(w http.ResponseWriter, last map[string]string, v view) error {
	for _, id := range parts() {
		html, err := render(id, v)
		if err != nil {
			return err
		}
		if old, sent := last[id]; sent && old == html {
			continue
		}
		last[id] = html
		line, err := json.Marshal(piece{id, html})
		if err != nil {
			return fmt.Errorf("a part of the page: %w", err)
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", line); err != nil {
			return fmt.Errorf("send a part of the page: %w", err)
		}
	}
	return nil
}
