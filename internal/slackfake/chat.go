package slackfake

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// postMessage is https://docs.slack.dev/reference/methods/chat.postMessage. A user's id instead of a channel's posts
// into the direct message with that user.
func (s *Server) postMessage(a args) (object, error) {
	c, err := s.writable(a["channel"])
	if err != nil {
		return nil, err
	}
	thread, err := s.thread(c, a["thread_ts"])
	if err != nil {
		return nil, err
	}
	if code := c.refuses(thread); code != "" {
		return nil, refuse(code)
	}
	body, err := readContent(a)
	if err != nil {
		return nil, err
	}
	if err := s.take(c); err != nil {
		return nil, err
	}
	m := s.post(Message{Channel: c.ID, ThreadTS: thread, User: botUserID}, body)
	return object{"channel": c.ID, "ts": m.TS, "message": s.wire(m)}, nil
}

// writable is the channel a bot may post in. The lock is held.
func (s *Server) writable(id string) (*Channel, error) {
	if id == "" {
		return nil, invalidArguments("[ERROR] missing required field: channel")
	}
	if u := s.people[id]; u != nil && !u.Bot && !u.Deleted {
		c, _ := s.direct(id)
		return c, nil
	}
	c, err := s.visible(id)
	switch {
	case err != nil:
		return nil, err
	case !c.Bot && s.needScope("chat:write.public") != nil:
		return nil, refuse("not_in_channel")
	case c.Archived:
		return nil, refuse("is_archived")
	}
	return c, nil
}

// refuses is the code that refuses a message at the top, or in a thread.
func (c *Channel) refuses(thread string) string {
	if thread != "" {
		return c.NoReplies
	}
	return c.NoPosts
}

// errTooFast is for those who post more than one message a second in a channel that is slow.
var errTooFast = errors.New("ratelimited")

// take counts a message or an update in a channel that is slow: "one message per second per channel"
// (https://docs.slack.dev/apis/web-api/rate-limits). Bursts, which Slack allows now and then, are not allowed here. The
// lock is held.
func (s *Server) take(c *Channel) error {
	now := s.opts.Now()
	if last, ok := s.taken[c.ID]; c.Slow && ok && now.Sub(last) < time.Second {
		return errTooFast
	}
	s.taken[c.ID] = now
	return nil
}

// visible is a channel the bot can know of. The lock is held.
func (s *Server) visible(id string) (*Channel, error) {
	c := s.channels[id]
	if c == nil || (c.Private || c.Several) && !c.Bot {
		return nil, refuse("channel_not_found")
	}
	return c, nil
}

// timestamp is the form of a ts.
var timestamp = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

// thread checks a thread_ts. Replies to a reply go to the thread it is in, as Slack does; those to a message that is not
// there, or not there any more, go to the top of the channel, without a word: only the thread_ts that is missing in the
// answer tells (not documented; seen, see https://github.com/slack-go/slack, PostMessageWithResponseContext).
func (s *Server) thread(c *Channel, ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	if !timestamp.MatchString(ts) {
		return "", refuse("invalid_thread_ts")
	}
	parent := s.find(c.ID, ts)
	if parent == nil || parent.EphemeralTo != "" {
		return "", nil
	}
	if parent.ThreadTS != "" {
		return parent.ThreadTS, nil
	}
	return ts, nil
}

// updateMessage is https://docs.slack.dev/reference/methods/chat.update. Without blocks the message loses its blocks.
func (s *Server) updateMessage(a args) (object, error) {
	m, err := s.own(a, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if s.channels[m.Channel].Archived {
		return nil, refuse("is_inactive")
	}
	if escapedLen(a["text"]) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	body, err := readContent(a)
	if err != nil {
		return nil, err
	}
	if err := s.take(s.channels[m.Channel]); err != nil {
		return nil, err
	}
	s.edit(m, body)
	return object{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.wire(m)}, nil
}

// deleteMessage is https://docs.slack.dev/reference/methods/chat.delete.
func (s *Server) deleteMessage(a args) (object, error) {
	m, err := s.own(a, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	m.Deleted = true
	return object{"channel": m.Channel, "ts": m.TS}, nil
}

// own is the bot's own message that a call is about. Ephemeral messages cannot be named. The lock is held.
func (s *Server) own(a args, otherwise string) (*Message, error) {
	c, err := s.visible(a["channel"])
	if err != nil {
		return nil, err
	}
	m := s.find(c.ID, a["ts"])
	if m == nil || m.EphemeralTo != "" {
		return nil, refuse("message_not_found")
	}
	if m.User != botUserID {
		return nil, refuse(otherwise)
	}
	return m, nil
}

// postEphemeral is https://docs.slack.dev/reference/methods/chat.postEphemeral.
func (s *Server) postEphemeral(a args) (object, error) {
	c, err := s.writable(a["channel"])
	if err != nil {
		return nil, err
	}
	if s.people[a["user"]] == nil || !slices.Contains(c.Members, a["user"]) {
		return nil, refuse("user_not_in_channel")
	}
	thread, err := s.thread(c, a["thread_ts"])
	if err != nil {
		return nil, err
	}
	body, err := readContent(a)
	if err != nil {
		return nil, err
	}
	m := s.post(Message{Channel: c.ID, ThreadTS: thread, User: botUserID, EphemeralTo: a["user"]}, body)
	return object{"message_ts": m.TS}, nil
}

// getPermalink is https://docs.slack.dev/reference/methods/chat.getPermalink.
func (s *Server) getPermalink(a args) (object, error) {
	c, err := s.visible(a["channel"])
	if err != nil {
		return nil, err
	}
	m := s.find(c.ID, a["message_ts"])
	if m == nil || m.EphemeralTo != "" {
		return nil, refuse("message_not_found")
	}
	link := "https://" + domain + ".slack.com/archives/" + c.ID + "/p" + strings.ReplaceAll(m.TS, ".", "")
	return object{"channel": c.ID, "permalink": link}, nil
}
