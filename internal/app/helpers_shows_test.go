package app_test

import (
	"slices"
	"strings"

	"defenderbot/internal/slackfake"
)

func (s *stage) looksAtForm(args []string) string { return s.form(s.openForm(s.user(args[0]))) }

func (s *stage) isTold(args []string) (text string) {
	user, want := s.user(args[0]), s.really(args[1])
	s.wait(args[0]+" is told "+want, func() bool {
		for _, m := range slices.Backward(s.private(user)) {
			if text = s.message(m); strings.Contains(text, want) {
				s.last = said{user: user, message: m}
				return true
			}
		}
		return false
	})
	return text
}

func (s *stage) showsCard(args []string) string {
	channel := s.channel(args[0])
	return s.cardShows(args[1], args[2], func(m slackfake.Message) bool { return m.Channel == channel && m.ThreadTS == "" })
}

func (s *stage) threadShowsCard(args []string) string {
	on := s.newest(args[0])
	return s.cardShows(args[1], args[2], func(m slackfake.Message) bool { return m.Channel == on.Channel && m.ThreadTS == on.TS })
}

// cardShows waits for a card in its place, and shows its first version with the words
// that is not older than what was shown of it before.
func (s *stage) cardShows(request, words string, there func(slackfake.Message) bool) (text string) {
	id, want := s.request(request), s.really(words)
	s.wait(request+" shows "+want, func() bool {
		m, ok := s.card(id)
		if !ok || !there(m) {
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
