package slackfake

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Content is what people and other apps write.
type Content struct {
	Text        string          // what a person types; of an app as it sends it
	Blocks      json.RawMessage // checked like those of a message
	Attachments json.RawMessage // https://docs.slack.dev/reference/messaging/attachments; their blocks are checked, too
	Thread      string          // the ts of the message that this replies to; empty is the channel
}

// ErrBadContent means that Slack would not take a message.
var ErrBadContent = errors.New("slackfake: slack would not take that message")

// Post lets a person who is in the channel, or another app (a User with Bot set), write a message, and returns its ts. It
// stands in payloads as Slack sends it: blocks and attachments come along, and an app's message names the app.
func (s *Server) Post(author, channel string, c Content) (ts string, err error) {
	attachments, err := c.check()
	if err != nil {
		return "", err
	}
	s.change(func() {
		var m Message
		if m, err = s.written(author, channel, c.Thread); err != nil {
			return
		}
		text := c.Text
		if !s.people[author].Bot {
			text = s.mangle(text)
		}
		ts = s.post(m, content{text: text, blocks: nameBlocks(c.Blocks), attachments: attachments}).TS
	})
	return ts, err
}

// written is the empty message of an author. The lock is held.
func (s *Server) written(author, channel, thread string) (Message, error) {
	m := Message{Channel: channel, User: author, ThreadTS: thread}
	c := s.channels[channel]
	if u := s.people[author]; u != nil && u.Bot && author != botUserID && c != nil && !c.Archived {
		return m, nil
	}
	_, _, err := s.present(author, channel)
	return m, err
}

// check returns the attachments as Slack keeps them: each has an id and a fallback.
func (c Content) check() (json.RawMessage, error) {
	if err := checkForeign(c.Blocks); err != nil {
		return nil, err
	}
	if c.Attachments == nil {
		return nil, nil
	}
	list := decodeList(c.Attachments)
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: the attachments are no list of objects", ErrBadContent)
	}
	for i, a := range list {
		a["id"] = i + 1
		if a["fallback"] == nil {
			a["fallback"] = "[no preview available]"
		}
		if a["blocks"] == nil {
			continue
		}
		blocks := encode(a["blocks"])
		if err := checkForeign(blocks); err != nil {
			return nil, err
		}
		a["blocks"] = nameBlocks(blocks)
	}
	return encode(list), nil
}

func checkForeign(blocks json.RawMessage) error {
	if blocks == nil {
		return nil
	}
	if err := CheckBlocks(blocks); err != nil {
		return fmt.Errorf("%w: %w", ErrBadContent, err)
	}
	return nil
}

// Delete lets the author of a message, or the app itself, take it away. Replies to it stay.
func (s *Server) Delete(author, channel, ts string) (err error) {
	s.change(func() {
		m := s.find(channel, ts)
		if m == nil || m.User != author || m.EphemeralTo != "" {
			err = ErrNoSuchElement
			return
		}
		m.Deleted = true
	})
	return err
}
