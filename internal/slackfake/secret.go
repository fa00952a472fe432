package slackfake

import (
	"slices"
	"strings"
)

// Secret is something that opens something to whoever has it. Tests look for it where it must not be.
type Secret struct {
	What string // such as "bot token"
	Text string
}

// Secrets returns both tokens, and the tickets and response URLs (their paths) that were handed out: the newest 10,000.
func (s *Server) Secrets() []Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Secret{{"app token", s.appToken}, {"bot token", s.botToken}}, slices.Clone(s.handed.newest())...)
}

// Sent is one thing that the bot says: the arguments of a call without its token, what goes to a response_url, or the
// acknowledgement of an envelope.
type Sent struct {
	Method  string // such as chat.postMessage, response_url or acknowledgement
	Text    string
	Private bool // one person sees it
}

// hear passes on what a call says, also one that is refused.
func (s *Server) hear(name string, a args) {
	if s.opts.Sent == nil {
		return
	}
	var b strings.Builder
	for k, v := range a {
		if k != "token" {
			b.WriteString(k + "=" + v + "\n")
		}
	}
	private := name == "chat.postEphemeral" || strings.HasPrefix(name, "views.") ||
		strings.HasPrefix(name, "chat.") && strings.HasPrefix(a["channel"], "D") ||
		name == "response_url" && a["response_type"] != "in_channel"
	s.opts.Sent(Sent{Method: name, Text: b.String(), Private: private})
}

// hearAck passes on an acknowledgement. What answers a command may be for everybody.
func (s *Server) hearAck(data []byte) {
	if s.opts.Sent != nil {
		s.opts.Sent(Sent{Method: "acknowledgement", Text: string(data), Private: !strings.Contains(string(data), "in_channel")})
	}
}
