package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"defenderbot/internal/slackfake"
)

type object = map[string]any

// message is one message as people read it.
func (s *stage) message(m slackfake.Message) string {
	if m.Attachments != nil { // of another app: as a transcript has it, without the time
		_, rest, _ := strings.Cut(s.p.Slack.Render(m), "\n")
		return strings.ReplaceAll("\n"+rest, "\n          ", "\n")[1:]
	}
	return s.content(m.Text, m.Blocks)
}

// content is text and blocks as people read them: blocks, where there are some.
func (s *stage) content(text string, blocks json.RawMessage) string {
	list := decode[[]object](blocks)
	if len(list) == 0 {
		list = []object{{"type": "section", "text": object{"type": "mrkdwn", "text": text}}}
	}
	return s.blocks(list)
}

// form is a form as people read it.
func (s *stage) form(v slackfake.View) string {
	body := decode[object](v.Body)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", words(body["title"]))
	for _, block := range objects(body["blocks"]) {
		keeps(v, block)
		b.WriteString(s.blocks([]object{block}))
		if wrong := v.Errors[word(block["block_id"])]; wrong != "" {
			fmt.Fprintf(&b, "    ! %s\n", wrong)
		}
	}
	for _, button := range []string{"submit", "close"} {
		if text := words(body[button]); text != "" {
			fmt.Fprintf(&b, "[ %s ] ", text)
		}
	}
	return b.String() + "\n"
}

// keeps puts into an input what was typed there.
func keeps(v slackfake.View, block object) {
	e, ok := block["element"].(object)
	if !ok {
		return
	}
	typed, ok := v.Typed(word(block["block_id"]), word(e["action_id"]))
	if !ok {
		return
	}
	e["initial_value"] = typed
	for _, o := range objects(e["options"]) {
		if word(o["value"]) == typed {
			e["initial_option"] = o
		}
	}
}

// home is the Home tab as people read it.
func (s *stage) home(v slackfake.View) string {
	return s.blocks(objects(decode[object](v.Body)["blocks"]))
}

// blocks draws blocks as a transcript does, with what a fake workspace does not say:
// what Slack asks before a button counts. Headings keep their case: there are names in
// them.
func (s *stage) blocks(list []object) string {
	var asks strings.Builder
	for _, b := range list {
		s.moved(b)
		if b["type"] == "header" {
			b["type"] = "section"
		}
		for _, e := range elements(b) {
			asks.WriteString(confirmation(e))
		}
	}
	return slackfake.Render(encoded(list), s.name, time.UTC) + asks.String()
}

// confirmation is what Slack asks before it lets a button count.
func confirmation(e object) string {
	c, ok := e["confirm"].(object)
	if !ok {
		return ""
	}
	return fmt.Sprintf("(%s asks first: %s %s [ %s ] [ %s ])\n", words(e["text"]), words(c["title"]), words(c["text"]), words(c["confirm"]), words(c["deny"]))
}

// elements are what can be pressed or chosen in a block.
func elements(b object) []object {
	list := objects(b["elements"])
	for _, key := range []string{"accessory", "element"} {
		if e, ok := b[key].(object); ok {
			list = append(list, e)
		}
	}
	return list
}

var slackDate = regexp.MustCompile(`<!date\^(\d+)\^`)

// moved moves the times in a block to that friday.
func (s *stage) moved(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			s.moved(e)
		}
	case object:
		for k, e := range v {
			if at, ok := e.(json.Number); ok && k == "timestamp" {
				v[k] = json.Number(s.atFriday(at.String()))
			}
			if text, ok := e.(string); ok && k == "text" {
				v[k] = slackDate.ReplaceAllStringFunc(text, func(d string) string {
					return "<!date^" + s.atFriday(slackDate.FindStringSubmatch(d)[1]) + "^"
				})
			}
			s.moved(e)
		}
	}
}

func (s *stage) atFriday(unix string) string {
	at, err := strconv.ParseInt(unix, 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return strconv.FormatInt(at-s.start.Unix()+friday.Unix(), 10)
}

// name is what the conversation calls somebody or a channel.
func (s *stage) name(id string) string {
	for _, u := range s.p.Slack.Users() {
		if u.ID == id {
			return u.Name
		}
	}
	for _, c := range s.p.Slack.Channels() {
		if c.ID == id {
			return c.Name
		}
	}
	if id == "S0ONCALL" {
		return "oncall"
	}
	return id
}

// ownID is the id of the request that a message is the card of: the value of its
// buttons, else the first that its text had when it was posted.
func ownID(m slackfake.Message) string {
	for _, v := range m.Versions {
		for _, b := range decode[[]object](v.Blocks) {
			for _, e := range elements(b) {
				if id := requestID.FindString(word(e["value"])); id != "" {
					return id
				}
			}
		}
	}
	return requestID.FindString(m.Versions[0].Text)
}

// posted are the messages of the bot for everybody, oldest first: those in channels
// before those in threads, which are about them.
func (s *stage) posted() (all []slackfake.Message) {
	var replies []slackfake.Message
	for _, c := range s.p.Slack.Channels() {
		for _, m := range s.p.Slack.Messages(c.ID) {
			if m.User == s.p.Slack.BotUserID() {
				all = append(all, m)
			}
			for _, r := range s.p.Slack.Thread(c.ID, m.TS) {
				if r.User == s.p.Slack.BotUserID() {
					replies = append(replies, r)
				}
			}
		}
	}
	return append(all, replies...)
}

// card is the card of a request.
func (s *stage) card(id string) (slackfake.Message, bool) {
	all := s.posted()
	i := slices.IndexFunc(all, func(m slackfake.Message) bool { return ownID(m) == id })
	if i < 0 {
		return slackfake.Message{}, false
	}
	return all[i], true
}

// said is what one person has on the screen privately: a message or a form.
type said struct {
	user    string
	message slackfake.Message
	form    slackfake.View
}

// private is what only one person sees: direct messages, then what stands in channels.
func (s *stage) private(user string) []slackfake.Message {
	return append(s.p.Slack.DMs(user), s.p.Slack.Ephemerals(user)...)
}

// screen is what somebody has on the screen privately, to see later what is new there.
func (s *stage) screen(user string) map[string]string {
	out := map[string]string{}
	for _, m := range s.private(user) {
		out[m.TS] = strconv.Itoa(len(m.Versions))
	}
	for _, v := range s.p.Slack.Views(user) {
		out[v.ID] = fmt.Sprint(v.Hash, v.Errors)
	}
	return out
}

// onHome is the Home tab among what somebody has on the screen.
const onHome = "Home"

// news waits until somebody has something new on the screen, and shows it: a form, else
// a message. Where the Home tab is looked at (before has it), that changes, too.
func (s *stage) news(user string, before map[string]string) (text string) {
	s.t.Helper()
	s.wait(s.name(user)+" gets an answer", func() bool {
		now := s.screen(user)
		for _, v := range slices.Backward(s.p.Slack.Views(user)) {
			if now[v.ID] != before[v.ID] {
				s.last, text = said{user: user, form: v}, s.form(v)
				return true
			}
		}
		for _, m := range slices.Backward(s.private(user)) {
			if now[m.TS] != before[m.TS] {
				s.last, text = said{user: user, message: m}, s.message(m)
				return true
			}
		}
		v, there := s.p.Slack.Home(user)
		if there {
			text = s.home(v)
		}
		return there && before[onHome] != "" && v.Hash != before[onHome]
	})
	return text
}

func decode[T any](raw json.RawMessage) (out T) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if len(raw) > 0 && d.Decode(&out) != nil {
		panic("not JSON: " + string(raw)) // unreachable: the fake has checked it
	}
	return out
}

func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // unreachable: it came out of JSON
	}
	return raw
}

func objects(v any) (out []object) {
	list, _ := v.([]any)
	for _, e := range list {
		if o, ok := e.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

func word(v any) string {
	text, _ := v.(string)
	return text
}

// words are those of a text object.
func words(v any) string {
	o, _ := v.(object)
	return word(o["text"])
}
