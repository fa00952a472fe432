package ack

import (
	"fmt"

	"defenderbot/bench/side"
	"defenderbot/internal/slackfake"
)

// Slack takes one message a second in a channel, and the bot keeps to that. In this
// many channels it can post a card for each command of most loads.
const (
	people   = 32
	channels = 256
)

func person(n int) string  { return fmt.Sprintf("U0CROWD%03d", n%people) }
func channel(n int) string { return fmt.Sprintf("C0CROWD%03d", n%channels) }

// everybody are the ids of all people.
func everybody() []string {
	ids := make([]string, people)
	for n := range ids {
		ids[n] = person(n)
	}
	return ids
}

// command is the command about device n, another device each time.
func command(n int) string {
	return "collect " + side.DeviceID(n) + " looks odd since the update of 14:02"
}

// populate adds people and channels to a workspace, and devices to a tenant.
func populate(w *side.World, devices int) {
	all := everybody()
	for n, id := range all {
		w.Slack.AddUser(slackfake.User{ID: id, Name: fmt.Sprintf("person-%d", n), RealName: fmt.Sprintf("Person %d", n)})
	}
	for n := range channels {
		w.Slack.AddChannel(slackfake.Channel{ID: channel(n), Name: fmt.Sprintf("incident-%d", n+100), Bot: true, Members: all})
	}
	for n := range devices {
		w.Device(n)
	}
}
