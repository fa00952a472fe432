package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"time"

	"defenderbot/internal/sandbox"
)

//go:embed assets
var assets embed.FS

var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"iso":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"unix": func(t time.Time) int64 { return t.Unix() },
	"utc":  func(t time.Time) string { return t.UTC().Format("15:04:05") },
}).ParseFS(assets, "assets/*.tmpl"))

// parts are the pieces of the page that change by themselves: each is a
// template, and the id of the element that it fills.
func parts() []string {
	return []string{"status", "people", "rooms", "messages", "devices", "windows", "calls", "troubles", "log", "modal"}
}

// view is all that a page shows to one person.
type view struct {
	Handle   string
	Room     room
	People   []person
	Rooms    []room
	Messages []message
	Empty    *empty // while the bot has said nothing there
	Home     *modal // what the app shows on its Home tab; nil: nothing yet
	Modal    *modal
	Machines []machine
	Windows  []window
	Calls    []call
	Total    int // calls ever
	Troubles troubles
	Bot      sandbox.ProcessState
	Own      bool // the bot is somebody's own, and not the page's
	Sockets  []int
	Now      time.Time
	Millis   int64
	Rate     int
	Fixed    string // why time cannot be moved; empty: it can
	Words    vocabulary
}

// view gathers it. What belongs together may come from different moments; the
// next change puts it right.
func (s *site) view(v viewer) (view, error) {
	seen := s.place.Defender.Snapshot()
	out := view{
		Handle: v.User.Name, People: s.people(v), Rooms: s.rooms(v),
		Machines: machines(seen), Windows: windows(seen), Calls: calls(seen), Total: len(seen.Calls),
		Troubles: s.trouble.state(), Own: s.bot == nil, Sockets: s.place.Slack.Sockets(),
		Now: seen.At, Millis: seen.At.UnixMilli(), Rate: 1, Fixed: s.pace.fixed, Words: s.wordsFor(v),
	}
	if s.bot != nil {
		out.Bot = s.bot.State()
	}
	if s.pace.fast.Load() {
		out.Rate = faster
	}
	for _, r := range out.Rooms {
		if r.Current {
			out.Room = r
		}
	}
	var errs [3]error
	if v.Tab {
		out.Home, errs[0] = s.home(v)
	} else {
		out.Messages, errs[1] = s.messages(v)
		out.Empty = s.emptyHint(v, out.Messages)
	}
	out.Modal, errs[2] = s.modal(v)
	return out, errors.Join(errs[:]...)
}

// render writes one template.
func render(name string, v view) (string, error) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		return "", fmt.Errorf("show %s: %w", name, err)
	}
	return b.String(), nil
}
