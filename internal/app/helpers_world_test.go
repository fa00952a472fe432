package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

func (s *stage) opensHome(args []string) string {
	r, err := s.p.Slack.OpenHome(limit(s.t), s.user(args[0]))
	if err != nil || !r.Acked {
		s.t.Fatalf("%s opens Home: acknowledged %v, %v", args[0], r.Acked, err)
	}
	return ""
}

func (s *stage) seesHome(args []string) (text string) {
	user, want := s.user(args[0]), s.really(args[1])
	s.wait(args[0]+" sees on Home "+want, func() bool {
		v, there := s.p.Slack.Home(user)
		if there {
			text = s.home(v)
		}
		return there && strings.Contains(text, want)
	})
	return text
}

// newest is the newest message of somebody.
func (s *stage) newest(author string) (found slackfake.Message) {
	s.t.Helper()
	user := s.user(author)
	for _, c := range s.p.Slack.Channels() {
		for _, m := range s.p.Slack.Messages(c.ID) {
			if m.User == user && m.TS > found.TS {
				found = m
			}
		}
	}
	if found.TS == "" {
		s.t.Fatalf("%s has written nothing", author)
	}
	return found
}

func (s *stage) uses(args []string) string {
	user := s.user(args[0])
	offers := s.p.Shortcuts()
	i := slices.IndexFunc(offers, func(o sandbox.Shortcut) bool { return o.Name == args[1] })
	if i < 0 {
		s.t.Fatalf("no shortcut %q; the app has %v", args[1], offers)
	}
	var m slackfake.Message
	if args[2] != "" {
		m = s.newest(args[2])
	} else {
		m = s.target(user, args[3])
	}
	before := s.screen(user)
	out, err := s.p.Slack.Shortcut(limit(s.t), user, m.Channel, m.TS, offers[i].ID)
	return s.outcome(user, before, out, err)
}

// posts lets somebody post what a file beside the archives says.
func (s *stage) posts(args []string) string {
	author, channel := s.user(args[0]), s.channel(args[2])
	var err error
	if args[1] == "an alert" {
		_, err = s.p.Alert(channel)
	} else {
		_, err = s.p.Slack.Post(author, channel, s.fromFile(args[1]))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s.message(s.newest(args[0]))
}

func (s *stage) fromFile(name string) slackfake.Content {
	s.t.Helper()
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(conversations), name))
	if err != nil {
		s.t.Fatal(err)
	}
	var c struct {
		Text        string          `json:"text"`
		Blocks      json.RawMessage `json:"blocks"`
		Attachments json.RawMessage `json:"attachments"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return slackfake.Content{Text: c.Text, Blocks: c.Blocks, Attachments: c.Attachments}
}

func (s *stage) deletes(args []string) string {
	m := s.newest(args[0])
	if err := s.p.Slack.Delete(m.User, m.Channel, m.TS); err != nil {
		s.t.Fatal(err)
	}
	return ""
}

func (s *stage) defenderIs(args []string) string {
	if args[0] == "down" {
		s.p.Defender.Down()
		return ""
	}
	for _, end := range s.trouble {
		end()
	}
	if err := s.p.Defender.Up(); err != nil {
		s.t.Fatal(err)
	}
	return ""
}

func (s *stage) defenderAnswers(args []string) string {
	status, _ := strconv.Atoi(args[1])
	f := defenderfake.Fault{On: args[0], Status: status, Code: args[2]}
	if args[3] != "" {
		f.Times = 1
	}
	s.trouble[args[0]] = s.p.Defender.Inject(f)
	return ""
}

func (s *stage) device(args []string) string {
	all := s.p.Defender.Snapshot().Devices
	i := slices.IndexFunc(all, func(d defenderfake.Device) bool { return d.ComputerDNSName == args[0] })
	if i < 0 {
		s.t.Fatalf("no device is called %q", args[0])
	}
	d := all[i]
	switch args[1] {
	case "stays offline":
		d.ActionEnd, d.InvestigationEnd, d.HealthStatus = defenderfake.ActionPending, "Queued", "Inactive"
	case "comes back":
		d.ActionEnd, d.InvestigationEnd, d.HealthStatus, d.LastSeen = "", "", "Active", s.p.Now()
	case "fails":
		d.ActionEnd, d.InvestigationEnd = defenderfake.ActionFailed, "Failed"
	}
	s.p.Defender.AddDevice(d)
	if args[1] == "comes back" {
		s.finish(d.ID)
	}
	return ""
}

// finish ends what waited for a device.
func (s *stage) finish(device string) {
	now := s.p.Defender.Snapshot()
	for _, a := range now.Actions {
		if a.MachineID == device && a.Status == defenderfake.ActionPending {
			_ = s.p.Defender.Finish(a.ID, defenderfake.ActionSucceeded) // one that has ended has ended
		}
	}
	for _, i := range now.Investigations {
		if i.MachineID == device && i.State == "Queued" {
			_ = s.p.Defender.Finish(i.ID, "Benign")
		}
	}
}

func (s *stage) pass(args []string) string {
	unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[args[1]]
	skip(s.t, s.p, time.Duration(number(s.t, args[0]))*unit)
	return ""
}
