package app_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

// step is one thing that somebody does or looks at.
type step struct {
	name *regexp.Regexp
	take func(s *stage, args []string) string // returns what is seen
}

var passes = regexp.MustCompile(`^(\d+) (minute|hour|day)s? pass(?:es)?$`)

// steps are all that there are. WHO is ada, ben, grace, joan, lena, gus or elsa; D-n the
// nth request that the conversation shows; WORDS have to be in what is waited for, as it
// is shown, for a minute at most.
//
//	WHO types in #CHANNEL: TEXT       shows the private answer, or what comes for everybody
//	WHO says in #CHANNEL: TEXT        an ordinary message
//	WHO presses LABEL on D-n          on the card; shows the private answer or the form that opens
//	WHO presses LABEL on the answer   on what that person was told last, or in the form
//	WHO presses LABEL 2 on …          the second of several buttons with that label
//	WHO picks OPTION on the answer    in a menu; an option is named by what it begins with
//	WHO submits                       the form that is open, as it is filled in
//	WHO submits LABEL: TEXT; …        … and fills in fields, by label or action id; "\n" is a new line
//	WHO closes the form
//	WHO is told: WORDS                waits for a private message
//	WHO looks at the form
//	#CHANNEL shows D-n: WORDS         waits until the card has the words, shows the first such version
//	#CHANNEL shows: WORDS             waits for a message of the bot that is no card
//	the thread of D-n shows: WORDS    waits for a reply
//	Defender is down | is back
//	Defender answers ENDPOINT with STATUS [CODE] [once]
//	DEVICE stays offline | comes back
//	DEVICE fails                      what is started there from now on
//	N minutes pass                    also hours, days: on the embedded Redis
//	the bot restarts
func steps() []step {
	who, channel, request := `(\w+) `, `#([\w-]+)`, `(D-\d+)`
	is := func(pattern string, take func(*stage, []string) string) step {
		return step{regexp.MustCompile("^" + pattern + "$"), take}
	}
	return []step{
		is(who+`types in `+channel+`: (.+)`, (*stage).types),
		is(who+`says in `+channel+`: (.+)`, (*stage).says),
		is(who+`presses (.+?)(?: (\d))? on (the answer|`+request+`)`, (*stage).presses),
		is(who+`picks (.+) on (the answer|`+request+`)`, (*stage).picks),
		is(who+`submits(?: (.+))?`, (*stage).submits),
		is(who+`closes the form`, (*stage).closes),
		is(who+`is told: (.+)`, (*stage).isTold),
		is(who+`looks at the form`, (*stage).looksAtForm),
		is(channel+` shows `+request+`: (.+)`, (*stage).showsCard),
		is(channel+` shows: (.+)`, (*stage).shows),
		is(`the thread of `+request+` shows: (.+)`, (*stage).threadShows),
		is(`Defender is (down|back)`, (*stage).defenderIs),
		is(`Defender answers ([\w/]+) with (\d+)(?: (\w+?))?( once)?`, (*stage).defenderAnswers),
		is(`([\w.-]+) (stays offline|comes back|fails)`, (*stage).device),
		{passes, (*stage).pass},
		is(`the bot restarts`, func(s *stage, _ []string) string { s.restart(); return "" }),
	}
}

// step takes the step with a name.
func (s *stage) step(name string) string {
	s.t.Helper()
	for _, st := range steps() {
		if found := st.name.FindStringSubmatch(name); found != nil {
			return st.take(s, found[1:])
		}
	}
	s.t.Fatalf("no such step: %s", name)
	return ""
}

// user is the id of somebody.
func (s *stage) user(name string) string {
	s.t.Helper()
	all := s.p.Slack.Users()
	i := slices.IndexFunc(all, func(u slackfake.User) bool { return u.Name == name })
	if i < 0 {
		s.t.Fatalf("nobody is called %q", name)
	}
	return all[i].ID
}

// channel is the id of a channel.
func (s *stage) channel(name string) string {
	s.t.Helper()
	all := s.p.Slack.Channels()
	i := slices.IndexFunc(all, func(c slackfake.Channel) bool { return c.Name == name })
	if i < 0 {
		s.t.Fatalf("no channel is called %q", name)
	}
	return all[i].ID
}

func (s *stage) types(args []string) string {
	user, channel := s.user(args[0]), s.channel(args[1])
	before, public := s.screen(user), len(s.p.Slack.Messages(channel))
	out, err := s.p.Slack.Command(limit(s.t), user, channel, s.really(args[2]))
	switch {
	case err != nil:
		s.t.Fatal(err)
	case out.Shown != "":
		return out.Shown
	case out.Answer != nil:
		s.last = said{user: user, message: *out.Answer}
		return s.message(*out.Answer)
	case len(s.p.Slack.Messages(channel)) > public:
		return s.message(s.p.Slack.Messages(channel)[public])
	}
	return s.news(user, before)
}

func (s *stage) says(args []string) string {
	if _, err := s.p.Slack.Say(s.user(args[0]), s.channel(args[1]), args[2]); err != nil {
		s.t.Fatal(err)
	}
	return ""
}

// target is the message that somebody presses something on.
func (s *stage) target(user, on string) slackfake.Message {
	s.t.Helper()
	if strings.HasPrefix(on, "D-") {
		m, ok := s.card(s.request(on))
		if !ok {
			s.t.Fatalf("%s has no card", on)
		}
		return m
	}
	if s.last.user != user || s.last.message.TS == "" {
		s.t.Fatalf("%s was told nothing last", s.name(user))
	}
	m, _ := s.p.Slack.Message(s.last.message.Channel, s.last.message.TS)
	return m
}

// element finds the nth element of a message that fits.
func (s *stage) element(m slackfake.Message, what string, nth int, fits func(object) bool) object {
	s.t.Helper()
	for _, b := range decode[[]object](m.Blocks) {
		for _, e := range elements(b) {
			if fits(e) {
				if nth--; nth == 0 {
					return e
				}
			}
		}
	}
	s.t.Fatalf("there is no %s on\n%s", what, s.message(m))
	return nil
}

func (s *stage) presses(args []string) string {
	user := s.user(args[0])
	m, nth := s.target(user, args[3]), 1
	if args[2] != "" {
		nth = number(s.t, args[2])
	}
	e := s.element(m, "button "+args[1], nth, func(e object) bool { return e["type"] == "button" && words(e["text"]) == args[1] })
	before := s.screen(user)
	out, err := s.p.Slack.Click(limit(s.t), user, m.Channel, m.TS, word(e["action_id"]))
	return s.outcome(user, before, out, err)
}

func (s *stage) picks(args []string) string {
	user := s.user(args[0])
	m := s.target(user, args[2])
	value := ""
	e := s.element(m, "option "+args[1], 1, func(e object) bool {
		value = option(e, args[1])
		return value != ""
	})
	before := s.screen(user)
	out, err := s.p.Slack.Choose(limit(s.t), user, m.Channel, m.TS, word(e["action_id"]), value)
	return s.outcome(user, before, out, err)
}

// option is the value of the option that begins with a text; empty: there is none.
func option(e object, text string) string {
	for _, o := range objects(e["options"]) {
		if strings.HasPrefix(words(o["text"]), text) {
			return word(o["value"])
		}
	}
	return ""
}

// outcome is what somebody sees of what they did.
func (s *stage) outcome(user string, before map[string]string, out slackfake.Outcome, err error) string {
	s.t.Helper()
	switch {
	case err != nil:
		s.t.Fatal(err)
	case out.Shown != "":
		return out.Shown
	}
	return s.news(user, before)
}

func (s *stage) submits(args []string) string {
	user := s.user(args[0])
	v := s.openForm(user)
	values := map[string]string{}
	if args[1] != "" {
		for field := range strings.SplitSeq(args[1], "; ") {
			label, text, _ := strings.Cut(field, ": ")
			e := s.field(v, label)
			if e["options"] != nil {
				text = option(e, text)
			}
			values[word(e["action_id"])] = strings.ReplaceAll(text, `\n`, "\n")
		}
	}
	before := s.screen(user)
	out, err := s.p.Slack.Submit(limit(s.t), user, v.ID, values)
	return s.outcome(user, before, out, err)
}

// field is the input of a form with a label or an action id.
func (s *stage) field(v slackfake.View, label string) object {
	s.t.Helper()
	for _, b := range objects(decode[object](v.Body)["blocks"]) {
		e, ok := b["element"].(object)
		if ok && (words(b["label"]) == label || e["action_id"] == label || b["block_id"] == label) {
			return e
		}
	}
	s.t.Fatalf("no field %q in\n%s", label, s.form(v))
	return nil
}

func (s *stage) openForm(user string) slackfake.View {
	s.t.Helper()
	all := s.p.Slack.Views(user)
	if len(all) == 0 {
		s.t.Fatalf("%s has no form open\n%s", s.name(user), s.everything())
	}
	return all[len(all)-1]
}

func (s *stage) closes(args []string) string {
	user := s.user(args[0])
	if _, err := s.p.Slack.CloseView(limit(s.t), user, s.openForm(user).ID); err != nil {
		s.t.Fatal(err)
	}
	return ""
}

func (s *stage) looksAtForm(args []string) string { return s.form(s.openForm(s.user(args[0]))) }

func (s *stage) isTold(args []string) (text string) {
	user, want := s.user(args[0]), s.really(args[1])
	s.wait(args[0]+" is told "+want, func() bool {
		for _, m := range slices.Backward(s.p.Slack.Ephemerals(user)) {
			if text = s.message(m); strings.Contains(text, want) {
				s.last = said{user: user, message: m}
				return true
			}
		}
		return false
	})
	return text
}

func (s *stage) showsCard(args []string) (text string) {
	channel, id, want := s.channel(args[0]), s.request(args[1]), s.really(args[2])
	s.wait(args[1]+" shows "+want, func() bool {
		m, ok := s.card(id)
		if !ok || m.Channel != channel {
			return false
		}
		for i := s.shown[m.TS]; i < len(m.Versions); i++ {
			if text = s.content(m.Versions[i].Text, m.Versions[i].Blocks); strings.Contains(text, want) {
				s.shown[m.TS] = i
				return true
			}
		}
		return false
	})
	return text
}

func (s *stage) shows(args []string) (text string) {
	channel, want := s.channel(args[0]), s.really(args[1])
	s.wait("#"+args[0]+" shows "+want, func() bool {
		for _, m := range slices.Backward(s.posted()) {
			if text = s.message(m); m.Channel == channel && strings.Contains(text, want) {
				return true
			}
		}
		return false
	})
	return text
}

func (s *stage) threadShows(args []string) (text string) {
	m, want := s.target("", args[0]), s.really(args[1])
	s.wait("the thread of "+args[0]+" shows "+want, func() bool {
		for _, r := range slices.Backward(s.p.Slack.Thread(m.Channel, m.TS)) {
			if text = s.message(r); strings.Contains(text, want) {
				return true
			}
		}
		return false
	})
	return text
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
