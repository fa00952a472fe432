package app_test

import (
	"regexp"
	"slices"
	"strings"

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
//	WHO presses LABEL on the answer   on what that person was told last
//	WHO presses LABEL on the form     or on Home
//	WHO presses LABEL 2 on …          the second of several buttons with that label
//	WHO picks OPTION on the answer    in a menu; an option is named by what it begins with
//	WHO submits                       the form that is open, as it is filled in
//	WHO submits LABEL: TEXT; …        … and fills in fields, by label or block id; "\n" is a new line
//	WHO closes the form
//	WHO is told: WORDS                waits for a private message
//	WHO looks at the form
//	WHO opens Home                    the app's tab
//	WHO sees on Home: WORDS           waits for what the tab shows
//	WHO uses LABEL on the message of NAME     a shortcut, on the newest message of somebody
//	WHO uses LABEL on D-n                     … or on a card
//	NAME posts FILE in #CHANNEL       a person or another app (sentinel); FILE is beside the archives and
//	                                  has text, blocks and attachments; "an alert" is the sandbox's own
//	NAME deletes the message          the newest of theirs
//	#CHANNEL shows D-n: WORDS         waits until the card has the words, shows the first such version
//	#CHANNEL shows: WORDS             waits for a message of the bot that is no card
//	the thread of NAME shows D-n: WORDS   the same, in the thread on the newest message of somebody
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
		is(who+`presses (.+?)(?: (\d))? on (the answer|the form|Home|`+request+`)`, (*stage).presses),
		is(who+`picks (.+) on (the answer|`+request+`)`, (*stage).picks),
		is(who+`submits(?: (.+))?`, (*stage).submits),
		is(who+`closes the form`, (*stage).closes),
		is(who+`is told: (.+)`, (*stage).isTold),
		is(who+`looks at the form`, (*stage).looksAtForm),
		is(who+`opens Home`, (*stage).opensHome),
		is(who+`sees on Home: (.+)`, (*stage).seesHome),
		is(who+`uses (.+) on (?:the message of (\w+)|`+request+`)`, (*stage).uses),
		is(who+`posts (an alert|[\w.-]+) in `+channel, (*stage).posts),
		is(who+`deletes the message`, (*stage).deletes),
		is(`the thread of (\w+) shows `+request+`: (.+)`, (*stage).threadShowsCard),
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

// stepNamed finds a step, and what its name has in the places of the capitals.
func stepNamed(name string) (step, []string, bool) {
	for _, st := range steps() {
		if found := st.name.FindStringSubmatch(name); found != nil {
			return st, found[1:], true
		}
	}
	return step{}, nil, false
}

// step takes the step with that name and says what it shows.
func (s *stage) step(name string) string {
	s.t.Helper()
	st, args, known := stepNamed(name)
	if !known {
		s.t.Fatalf("no such step: %s", name)
	}
	return st.take(s, args)
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

// element finds the nth element that fits.
func (s *stage) element(blocks []object, what string, nth int, fits func(object) bool) object {
	s.t.Helper()
	for _, b := range blocks {
		for _, e := range elements(b) {
			if fits(e) {
				if nth--; nth == 0 {
					return e
				}
			}
		}
	}
	s.t.Fatalf("there is no %s on\n%s", what, s.blocks(blocks))
	return nil
}

func (s *stage) presses(args []string) string {
	user, label, nth, on := s.user(args[0]), args[1], 1, args[3]
	if args[2] != "" {
		nth = number(s.t, args[2])
	}
	before := s.screen(user)
	var out slackfake.Outcome
	var err error
	if v, ok := s.view(user, on); ok {
		if on == onHome {
			before[onHome] = v.Hash
		}
		e := s.button(objects(decode[object](v.Body)["blocks"]), label, nth)
		out, err = s.p.Slack.ClickViewValue(limit(s.t), user, v.ID, word(e["action_id"]), word(e["value"]))
		return s.outcome(user, before, out, err)
	}
	m := s.target(user, on)
	e := s.button(decode[[]object](m.Blocks), label, nth)
	out, err = s.p.Slack.ClickValue(limit(s.t), user, m.Channel, m.TS, word(e["action_id"]), word(e["value"]))
	if e["url"] != nil { // Slack opens it
		return ""
	}
	return s.outcome(user, before, out, err)
}

func (s *stage) button(blocks []object, label string, nth int) object {
	s.t.Helper()
	return s.element(blocks, "button "+label, nth, func(e object) bool { return e["type"] == "button" && words(e["text"]) == label })
}

// view is the form or the Home tab, where that is meant.
func (s *stage) view(user, on string) (slackfake.View, bool) {
	s.t.Helper()
	switch on {
	case "the form":
		return s.openForm(user), true
	case onHome:
		v, there := s.p.Slack.Home(user)
		if !there {
			s.t.Fatalf("%s has nothing on Home", s.name(user))
		}
		return v, true
	}
	return slackfake.View{}, false
}

func (s *stage) picks(args []string) string {
	user := s.user(args[0])
	m := s.target(user, args[2])
	value := ""
	e := s.element(decode[[]object](m.Blocks), "option "+args[1], 1, func(e object) bool {
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
			block, e := s.field(v, label)
			if e["options"] != nil {
				text = option(e, text)
			}
			values[block] = strings.ReplaceAll(text, `\n`, "\n")
		}
	}
	before := s.screen(user)
	out, err := s.p.Slack.Submit(limit(s.t), user, v.ID, values)
	return s.outcome(user, before, out, err)
}

// field is the input of a form with a label or a block id, which comes first.
func (s *stage) field(v slackfake.View, label string) (string, object) {
	s.t.Helper()
	for _, b := range objects(decode[object](v.Body)["blocks"]) {
		e, ok := b["element"].(object)
		if ok && (words(b["label"]) == label || b["block_id"] == label) {
			return word(b["block_id"]), e
		}
	}
	s.t.Fatalf("no field %q in\n%s", label, s.form(v))
	return "", nil
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
