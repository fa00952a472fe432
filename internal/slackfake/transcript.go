package slackfake

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// Transcript is a channel as text that reads like a chat: who, when, what, buttons as [ Approve ], replies indented.
// The viewer also sees the messages that only they see; an empty viewer sees what everybody sees. Times are in the zone of
// the workspace's clock.
func (s *Server) Transcript(channel, viewer string) string {
	all := s.pick(func(m *Message) bool {
		return m.Channel == channel && !m.Deleted && (m.EphemeralTo == "" || m.EphemeralTo == viewer)
	})
	replies := map[string][]Message{}
	for _, m := range all {
		if m.ThreadTS != "" && m.ThreadTS != m.TS {
			replies[m.ThreadTS] = append(replies[m.ThreadTS], m)
		}
	}
	var b strings.Builder
	for _, m := range all {
		if m.ThreadTS != "" && m.ThreadTS != m.TS {
			continue
		}
		b.WriteString(s.Render(m))
		for _, r := range replies[m.TS] {
			b.WriteString(indent(s.Render(r), "    | "))
		}
	}
	return b.String()
}

// Render is one message as it stands in a transcript.
func (s *Server) Render(m Message) string {
	head := m.Versions[0].At.Format("15:04:05") + "  " + s.name(m.User)
	if s.isApp(m.User) {
		head += " APP"
	}
	if m.EphemeralTo != "" {
		head += "  (only visible to " + s.name(m.EphemeralTo) + ")"
	}
	if m.Edited {
		head += "  (edited)"
	}
	zone := m.Versions[0].At.Location()
	body := Render(m.Blocks, s.name, zone)
	if m.Blocks == nil {
		body = reading{s.name, zone}.mrkdwn(m.Text) + "\n"
	}
	return head + "\n" + indent(body+reading{s.name, zone}.attachments(m.Attachments), "          ")
}

func (s *Server) isApp(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.people[user] != nil && s.people[user].Bot
}

// name is what people call an id: a person, a group with @, a channel with #. Unknown ids stay as they are.
func (s *Server) name(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.people[id]; u != nil {
		return u.RealName
	}
	if g := s.groups[id]; g != nil {
		return g.Handle
	}
	if c := s.channels[id]; c != nil && c.Name != "" {
		return c.Name
	}
	return id
}

func indent(text, by string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return by + strings.Join(lines, "\n"+by) + "\n"
}

// Render turns message or modal blocks into lines of text. People, groups and channels get what name says; dates are
// shown in the zone. It is made for people to read, not for programs to parse.
func Render(blocks json.RawMessage, name func(id string) string, zone *time.Location) string {
	r := reading{name, zone}
	var b strings.Builder
	for _, block := range decodeList(blocks) {
		for _, line := range r.block(block) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// reading is how one person reads blocks.
type reading struct {
	name func(id string) string
	zone *time.Location
}

func (r reading) block(b object) []string {
	switch b["type"] {
	case "divider":
		return []string{"----------"}
	case "header":
		return []string{strings.ToUpper(r.text(b["text"]))}
	case "image":
		return []string{"[image: " + str(b["alt_text"]) + "]"}
	case "markdown":
		return []string{str(b["text"])}
	case "section":
		return r.section(b)
	case "context":
		return []string{strings.Join(r.each(b["elements"], r.element), "  ")}
	case "actions":
		return []string{strings.Join(r.each(b["elements"], r.element), " ")}
	case "input":
		e, _ := b["element"].(object)
		return []string{r.text(b["label"]) + ": " + r.element(e)}
	case "rich_text":
		return r.each(b["elements"], r.rich)
	case "data_visualization":
		return r.chart(b)
	}
	return []string{"[" + str(b["type"]) + "]"}
}

func (r reading) section(b object) []string {
	var lines []string
	if b["text"] != nil {
		lines = append(lines, r.text(b["text"]))
	}
	for _, f := range decodeList(encode(b["fields"])) {
		lines = append(lines, strings.ReplaceAll(r.text(f), "\n", " "))
	}
	if e, ok := b["accessory"].(object); ok {
		lines = append(lines, r.element(e))
	}
	return lines
}

func (r reading) each(list any, read func(object) string) []string {
	var out []string
	for _, e := range decodeList(encode(list)) {
		out = append(out, read(e))
	}
	return out
}

func (r reading) element(e object) string {
	switch kind := str(e["type"]); {
	case kind == "plain_text" || kind == "mrkdwn":
		return r.text(e)
	case kind == "button":
		return "[ " + r.text(e["text"]) + " ]"
	case kind == "image":
		return "[image: " + str(e["alt_text"]) + "]"
	case strings.HasSuffix(kind, "_input"):
		return cmp.Or(str(e["initial_value"]), "________")
	case len(optionsOf(e)) > 0:
		return r.menu(e)
	}
	return "( " + r.text(e["placeholder"]) + " )"
}

// text reads a text object.
func (r reading) text(v any) string {
	t, _ := v.(object)
	if t["type"] == "mrkdwn" {
		return r.mrkdwn(str(t["text"]))
	}
	return unescape(str(t["text"]))
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}
