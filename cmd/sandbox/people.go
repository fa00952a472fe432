package main

import (
	"cmp"
	"slices"
	"strings"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// person is somebody whom one can be on the page.
type person struct {
	ID      string
	Handle  string
	Name    string
	Role    string
	Current bool
	Home    string // the channel that the link leads to
}

// room is a channel that a person is in, or the Home tab of the app.
type room struct {
	Name    string
	About   string
	Note    string // what is different in it from a channel of one's own
	Direct  bool
	Tab     bool // the Home tab
	Current bool
}

// viewer is who looks, and at what: it comes with every request of a page.
type viewer struct {
	User    slackfake.User
	Channel slackfake.Channel // on the Home tab the person's first one
	Tab     bool              // the Home tab of the app
}

// What is no channel, in addresses.
const (
	directName = "direct" // the direct message with the bot
	tabName    = "home"   // the Home tab of the app
)

// room is where the viewer is, as addresses have it.
func (v viewer) room() string {
	if v.Tab {
		return tabName
	}
	return roomName(v.Channel)
}

// viewer finds the person and the channel by name; who is unknown is Ada, and
// a channel that the person is not in is their first one.
func (s *site) viewer(handle, channel string) viewer {
	users := s.users()
	i := max(0, slices.IndexFunc(users, func(u slackfake.User) bool { return u.Name == handle }))
	v := viewer{User: users[i]}
	rooms := s.channelsOf(v.User.ID)
	i = max(0, slices.IndexFunc(rooms, func(c slackfake.Channel) bool { return roomName(c) == channel }))
	v.Channel, v.Tab = rooms[i], channel == tabName && !s.outsider(v.User)
	return v
}

// users are the people, in the order in which they are introduced.
func (s *site) users() []slackfake.User {
	order := []string{sandbox.Ada, sandbox.Ben, sandbox.Grace, sandbox.Joan, sandbox.Lena, sandbox.Gus, sandbox.Elsa}
	all := slices.DeleteFunc(s.place.Slack.Users(), func(u slackfake.User) bool { return !slices.Contains(order, u.ID) })
	slices.SortFunc(all, func(a, b slackfake.User) int {
		return cmp.Compare(slices.Index(order, a.ID), slices.Index(order, b.ID))
	})
	return all
}

// channelsOf are the channels of a person, the incident first and direct
// messages last.
func (s *site) channelsOf(user string) []slackfake.Channel {
	order := []string{sandbox.Incident, sandbox.Security, sandbox.Partners, sandbox.Random}
	place := func(c slackfake.Channel) int {
		if i := slices.Index(order, c.ID); i >= 0 {
			return i
		}
		return len(order)
	}
	mine := slices.DeleteFunc(s.place.Slack.Channels(), func(c slackfake.Channel) bool { return !slices.Contains(c.Members, user) })
	slices.SortStableFunc(mine, func(a, b slackfake.Channel) int { return cmp.Compare(place(a), place(b)) })
	return mine
}

func roomName(c slackfake.Channel) string {
	if c.DMWith != "" {
		return directName
	}
	return c.Name
}

func (s *site) people(v viewer) []person {
	var list []person
	for _, u := range s.users() {
		name, role := introduce(u)
		p := person{ID: u.ID, Handle: u.Name, Name: name, Role: role, Current: u.ID == v.User.ID, Home: v.room()}
		if v.Tab && s.outsider(u) || v.Channel.DMWith != "" || !slices.Contains(v.Channel.Members, u.ID) {
			p.Home = roomName(s.channelsOf(u.ID)[0])
		}
		list = append(list, p)
	}
	return list
}

// introduce takes "Ada (responder)" apart.
func introduce(u slackfake.User) (name, role string) {
	name, role, _ = strings.Cut(u.RealName, " (")
	return name, strings.TrimSuffix(role, ")")
}

func (s *site) rooms(v viewer) []room {
	var list []room
	for _, c := range s.channelsOf(v.User.ID) {
		r := room{Name: roomName(c), Direct: c.DMWith != "", Current: c.ID == v.Channel.ID && !v.Tab}
		switch {
		case r.Direct:
			r.About = "for you alone"
		case c.ExtShared:
			r.About = "shared"
			r.Note = "By default the bot refuses commands in channels that are shared with another organisation. " +
				"Here it takes them: the sandbox sets ALLOW_SHARED_CHANNELS=true, so that you see what Elsa can do."
		case c.ID == sandbox.Security:
			r.About = "alarms"
			r.Note = "The bot tells this channel of freezes, of rules that changed, of actions that nobody approved, " +
				"and once a day the seal of the audit trail: the sandbox sets ALERT_CHANNEL."
		case !c.Bot:
			r.About = "the bot is not in it"
		}
		list = append(list, r)
	}
	if !s.outsider(v.User) {
		list = append(list, room{Name: tabName, Tab: true, About: "the app's own tab", Current: v.Tab})
	}
	return list
}

// outsider reports whether somebody is of another organisation: Slack shows
// them an app's messages and not its commands.
func (s *site) outsider(u slackfake.User) bool { return u.TeamID != s.place.Slack.TeamID() }

// empty is what a channel says in which the bot has said nothing yet.
type empty struct {
	Says  string
	Offer string // a command that the viewer can use here
	Quiet bool   // nobody has said anything
}

// emptyHint is what the channel says to a viewer to whom it shows nothing of the bot.
func (s *site) emptyHint(v viewer, shown []message) *empty {
	if slices.ContainsFunc(shown, func(m message) bool { return m.Bot || m.Private }) {
		return nil
	}
	hint := s.empty(v)
	hint.Quiet = len(shown) == 0
	return &hint
}

func (s *site) empty(v viewer) empty {
	switch {
	case s.bot == nil && len(s.place.Slack.Sockets()) == 0:
		return empty{Says: "No bot is connected yet. The terminal in which the sandbox runs says how to connect yours."}
	case v.Channel.DMWith != "":
		return empty{Says: "The bot writes here what it tells you alone."}
	case s.outsider(v.User):
		return empty{Says: "Commands are for members of the workspace. When Ada or Ben asks the bot for something here, you see the card."}
	case !v.Channel.Bot:
		return empty{Says: "The bot is not in this channel, and takes no commands here. Bring it in:", Offer: "/invite @defenderbot"}
	case v.User.Guest != slackfake.FullMember:
		return empty{Says: "Guests may neither ask the bot nor decide. When Ada or Ben asks for something here, you see the card."}
	}
	return empty{
		Says:  "Ask the bot for something, here or with the ⋯ of a message, then become Grace or Joan and approve it:",
		Offer: "/defender scan srv-db-01.contoso.example odd logins at 3",
	}
}

// names says what people call an id.
func (s *site) names() func(id string) string {
	known := map[string]string{sandbox.OnCall: "oncall"}
	for _, u := range s.place.Slack.Users() {
		known[u.ID], _ = introduce(u)
	}
	for _, c := range s.place.Slack.Channels() {
		known[c.ID] = c.Name
	}
	return func(id string) string { return cmp.Or(known[id], id) }
}

// is tells the ids that mean the person: their own and the on-call group's.
func is(user string) func(id string) bool {
	return func(id string) bool {
		return id == user || id == sandbox.OnCall && (user == sandbox.Grace || user == sandbox.Joan)
	}
}
