package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack/slackutilsx"

	"defenderbot/internal/sandbox"
	"defenderbot/internal/sandbox/blockhtml"
	"defenderbot/internal/slackfake"
)

// message is one message as a person sees it.
type message struct {
	TS      string
	Author  string
	Handle  string // picks the colour of the picture
	App     bool   // written by an app
	Bot     bool   // written by the bot
	Slack   bool   // said by Slack itself
	Private bool   // only visible to the viewer
	Edited  bool
	At      time.Time
	Body    template.HTML
	Hung    template.HTML // attachments
	More    []sandbox.Shortcut
	Replies []message
}

// LastReply is when the newest reply was written.
func (m message) LastReply() time.Time { return m.Replies[len(m.Replies)-1].At }

// ID is the message's id in the page.
func (m message) ID() string { return "m" + strings.ReplaceAll(m.TS, ".", "-") }

// messages is the channel as the viewer sees it, oldest first.
func (s *site) messages(v viewer) ([]message, error) {
	read := reading{s: s, names: s.names(), viewer: v}
	slack, channel := s.place.Slack, v.Channel.ID
	for _, m := range slack.Messages(channel) {
		read.add(&read.list, m)
		for _, reply := range slack.Thread(channel, m.TS) {
			if read.err == nil {
				read.add(&read.list[len(read.list)-1].Replies, reply)
			}
		}
	}
	for _, m := range slack.Ephemerals(v.User.ID) {
		if m.Channel == channel {
			read.add(&read.list, m)
		}
	}
	read.notices()
	slices.SortStableFunc(read.list, func(a, b message) int { return cmp.Compare(a.TS, b.TS) })
	return read.list, read.err
}

// reading turns what Slack holds into what a person sees. The first error
// ends it.
type reading struct {
	s      *site
	names  func(string) string
	viewer viewer
	list   []message
	err    error
}

func (r *reading) add(to *[]message, m slackfake.Message) {
	if r.err != nil {
		return
	}
	out := message{
		TS: m.TS, Author: r.names(m.User), Handle: strings.ToLower(r.names(m.User)), Bot: m.User == r.s.place.Slack.BotUserID(),
		Private: m.EphemeralTo != "", Edited: m.Edited, At: m.Versions[0].At,
	}
	out.App = out.Bot || m.User == sandbox.Alerts
	if !out.Private && !r.s.outsider(r.viewer.User) {
		out.More = r.s.place.Shortcuts()
	}
	out.Body, r.err = r.s.body(r.reader(nil), m.Blocks, m.Text)
	if r.err == nil && m.Attachments != nil {
		out.Hung, r.err = r.reader(nil).Attachments(m.Attachments)
	}
	*to = append(*to, out)
}

func (r *reading) reader(errors map[string]string) blockhtml.Reader {
	return blockhtml.Reader{Name: r.names, Is: is(r.viewer.User.ID), Errors: errors}
}

// body shows blocks, or the text where there are none.
func (s *site) body(r blockhtml.Reader, blocks json.RawMessage, text string) (template.HTML, error) {
	if blocks == nil {
		return r.Text(text)
	}
	return r.Blocks(blocks)
}

// notices adds what Slack itself says to the viewer.
func (r *reading) notices() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for _, n := range r.s.notices {
		if n.user != r.viewer.User.ID || n.channel != r.viewer.Channel.ID || r.err != nil {
			continue
		}
		at := n.at.UnixMicro()
		out := message{TS: fmt.Sprintf("%d.%06d", at/1e6, at%1e6), Author: "Slackbot", Handle: "slackbot", Slack: true, Private: true, At: n.at}
		out.Body, r.err = r.reader(nil).Text(slackutilsx.EscapeMessage(n.text))
		r.list = append(r.list, out)
	}
}

// modal is a form that the viewer has open, or the Home tab.
type modal struct {
	ID     string
	Title  string
	Submit string
	Close  string
	Body   template.HTML
}

// label is a text object of a form's frame.
type label struct {
	Text string `json:"text"`
}

// modal is the topmost form that the viewer has open; nil: none.
func (s *site) modal(v viewer) (*modal, error) {
	open := s.place.Slack.Views(v.User.ID)
	if len(open) == 0 {
		return nil, nil
	}
	return s.shown(v, open[len(open)-1])
}

// home is what the app shows the viewer on its Home tab; nil: nothing yet.
func (s *site) home(v viewer) (*modal, error) {
	view, there := s.place.Slack.Home(v.User.ID)
	if !there {
		return nil, nil
	}
	return s.shown(v, view)
}

// shown is a view as the viewer sees it.
func (s *site) shown(v viewer, top slackfake.View) (*modal, error) {
	var body struct {
		Title  label           `json:"title"`
		Submit label           `json:"submit"`
		Close  label           `json:"close"`
		Blocks json.RawMessage `json:"blocks"`
	}
	if err := json.Unmarshal(top.Body, &body); err != nil {
		return nil, fmt.Errorf("the view: %w", err)
	}
	read := reading{s: s, names: s.names(), viewer: v}
	m := &modal{ID: top.ID, Title: body.Title.Text, Submit: body.Submit.Text, Close: cmp.Or(body.Close.Text, "Close")}
	var err error
	m.Body, err = read.reader(top.Errors).Blocks(body.Blocks)
	return m, err
}
