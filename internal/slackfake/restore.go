package slackfake

import "slices"

// History is every message, also replies, direct ones and those that were taken away, oldest
// first, for [Server.Restore] of another workspace.
func (s *Server) History() []Message { return s.pick(func(*Message) bool { return true }) }

// Restore puts messages of another workspace in place of this one's, each with the ts it had
// there: the bot finds its cards where it left them.
func (s *Server) Restore(messages []Message) {
	s.change(func() {
		s.messages = journal[*Message]{}
		for _, m := range slices.Clone(messages) {
			s.messages.add(&m)
		}
	})
}
