package slackfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is one message as people see it.
type Message struct {
	Channel     string
	TS          string
	ThreadTS    string // the message it replies to; empty when it stands in the channel
	User        string // who posted it
	EphemeralTo string // the only person who sees it; empty is everybody
	Text        string
	Blocks      json.RawMessage // as Slack keeps them: every block has a block_id; nil without blocks
	Metadata    json.RawMessage
	Attachments json.RawMessage // of people and other apps; nil without
	Edited      bool
	Deleted     bool
	Versions    []Version // every form it had, the newest last
}

// Version is one form of a message.
type Version struct {
	At     time.Time
	Text   string
	Blocks json.RawMessage
}

// Messages returns what stands in a channel for everybody, oldest first, replies left out.
func (s *Server) Messages(channel string) []Message {
	return s.pick(func(m *Message) bool {
		return m.Channel == channel && m.EphemeralTo == "" && !m.Deleted && (m.ThreadTS == "" || m.ThreadTS == m.TS)
	})
}

// Thread returns the replies to a message, oldest first, the message itself left out.
func (s *Server) Thread(channel, ts string) []Message {
	return s.pick(func(m *Message) bool {
		return m.Channel == channel && m.ThreadTS == ts && m.TS != ts && m.EphemeralTo == "" && !m.Deleted
	})
}

// Ephemerals returns what only this user sees, in all channels, oldest first.
func (s *Server) Ephemerals(user string) []Message {
	return s.pick(func(m *Message) bool { return m.EphemeralTo == user && !m.Deleted })
}

// DMs returns the direct messages between the bot and a user, oldest first.
func (s *Server) DMs(user string) []Message {
	s.mu.Lock()
	var id string
	for _, c := range s.channels {
		if c.DMWith == user {
			id = c.ID
		}
	}
	s.mu.Unlock()
	return s.pick(func(m *Message) bool { return id != "" && m.Channel == id && m.EphemeralTo == "" && !m.Deleted })
}

// Message returns one message, deleted ones and ephemeral ones too.
func (s *Server) Message(channel, ts string) (Message, bool) {
	found := s.pick(func(m *Message) bool { return m.Channel == channel && m.TS == ts })
	if len(found) == 0 {
		return Message{}, false
	}
	return found[0], true
}

func (s *Server) pick(want func(*Message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages.newest() {
		if want(m) {
			c := *m
			c.Versions = slices.Clone(m.Versions)
			out = append(out, c)
		}
	}
	return out
}

// content is what a message says.
type content struct {
	text        string
	blocks      json.RawMessage
	metadata    json.RawMessage
	attachments json.RawMessage
}

const (
	maxPostText   = 40_000 // characters; more is cut off: https://docs.slack.dev/reference/methods/chat.postMessage
	maxUpdateText = 4_000  // bytes once &, < and > are escaped; seen in practice, gives msg_too_long
)

// readContent takes text and blocks out of a call, and refuses what Slack would refuse.
func readContent(a args) (content, error) {
	c := content{text: cut(a["text"], maxPostText)}
	if raw, ok := a["metadata"]; ok {
		if !json.Valid([]byte(raw)) {
			return c, refuse("invalid_metadata_format")
		}
		c.metadata = json.RawMessage(raw)
	}
	if raw := a["blocks"]; raw != "" {
		if err := CheckBlocks(json.RawMessage(raw)); err != nil {
			return c, err
		}
		c.blocks = nameBlocks(json.RawMessage(raw))
	}
	if c.text == "" && c.blocks == nil && a["attachments"] == "" {
		return c, refuse("no_text")
	}
	return c, nil
}

func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}

// escapedLen is the length in bytes that Slack counts: a bare &, < or > is as long as its entity.
func escapedLen(text string) int {
	entity := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
	return len(escape(entity.Replace(text)))
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// nameBlocks gives every block without a block_id one, as Slack does. An empty list is no blocks.
func nameBlocks(raw json.RawMessage) json.RawMessage {
	blocks := decodeList(raw)
	if len(blocks) == 0 {
		return nil
	}
	for _, b := range blocks {
		if b["block_id"] == nil {
			b["block_id"] = newID("b")[:5]
		}
	}
	return encode(blocks)
}

// decodeList reads a JSON array of objects that has been checked before. Numbers keep their digits.
func decodeList(raw json.RawMessage) []object {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var list []object
	if d.Decode(&list) != nil {
		return nil
	}
	return list
}

// encode turns what came out of JSON back into it.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // unreachable: only values made from JSON get here
	}
	return bytes.TrimSpace(b.Bytes())
}

// post adds a message. The lock is held.
func (s *Server) post(m Message, c content) *Message {
	m.TS, m.Text, m.Blocks, m.Metadata, m.Attachments = s.nextTS(), c.text, c.blocks, c.metadata, c.attachments
	m.Versions = []Version{{At: s.opts.Now(), Text: c.text, Blocks: c.blocks}}
	s.messages.add(&m)
	return &m
}

// edit gives a message a new form. The lock is held.
func (s *Server) edit(m *Message, c content) {
	m.Text, m.Blocks, m.Edited = c.text, c.blocks, true
	if c.metadata != nil {
		m.Metadata = c.metadata
	}
	m.Versions = append(m.Versions, Version{At: s.opts.Now(), Text: c.text, Blocks: c.blocks})
}

// nextTS is the workspace's time in microseconds, never twice the same. The lock is held.
func (s *Server) nextTS() string {
	s.lastTS = max(s.lastTS+1, s.opts.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}

// find returns a message that is not deleted, or nil. The lock is held.
func (s *Server) find(channel, ts string) *Message {
	for _, m := range s.messages.newest() {
		if m.Channel == channel && m.TS == ts && !m.Deleted {
			return m
		}
	}
	return nil
}

// wire is a message as it stands in answers and payloads. The lock is held.
func (s *Server) wire(m *Message) object {
	out := object{"type": "message", "user": m.User, "ts": m.TS, "team": s.opts.TeamID, "text": m.Text}
	if m.User == botUserID {
		out["bot_id"], out["app_id"] = botID, appID
	} else if u := s.people[m.User]; u != nil && u.Bot {
		out["bot_id"], out["app_id"] = "B"+u.ID[1:], "A"+u.ID[1:]
	}
	if m.Attachments != nil {
		out["attachments"] = m.Attachments
	}
	if m.ThreadTS != "" {
		out["thread_ts"] = m.ThreadTS
	}
	if m.Blocks != nil {
		out["blocks"] = m.Blocks
	}
	if m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if m.Edited {
		out["edited"] = object{"user": m.User, "ts": m.TS}
	}
	return out
}
