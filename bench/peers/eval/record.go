package main

import (
	"time"

	"github.com/slack-go/slack"
)

// request is a record that is as large as one of ours.
type request struct {
	Format  int       `json:"f"`
	ID      string    `json:"id"`
	Action  string    `json:"action"`
	Devices []device  `json:"devices"`
	Comment string    `json:"comment"`
	By      person    `json:"by"`
	Place   place     `json:"place"`
	Terms   terms     `json:"terms"`
	Roll    []string  `json:"roll"`
	State   string    `json:"state"`
	Asked   time.Time `json:"asked"`
	Version int       `json:"v"`
	Shown   int       `json:"vv"`
}

type device struct {
	ID string `json:"id"`
}

type person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type place struct {
	Team    string `json:"team"`
	Channel string `json:"channel"`
}

type terms struct {
	Needed    int           `json:"needed"`
	Approval  time.Duration `json:"approval"`
	Execution time.Duration `json:"execution"`
	Horizon   time.Duration `json:"horizon"`
	Retention time.Duration `json:"retention"`
}

func newRequest(id, action, deviceID, comment string, c slack.SlashCommand, now time.Time) request {
	return request{
		Format: 1, ID: id, Action: action, Devices: []device{{deviceID}}, Comment: comment,
		By: person{c.UserID, c.UserName}, Place: place{c.TeamID, c.ChannelID},
		Terms: terms{1, 30 * time.Minute, 2 * time.Hour, 73 * time.Hour, 90 * 24 * time.Hour},
		Roll:  []string{"U0GRACE", "U0JOAN"}, State: "checking", Asked: now, Version: 1, Shown: 1,
	}
}

// entry is an entry of an audit trail that is as large as one of ours.
type entry struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	ID      string    `json:"id"`
	Version int       `json:"v"`
	Action  string    `json:"action"`
	By      string    `json:"by"`
	Name    string    `json:"name"`
	Team    string    `json:"team"`
	Channel string    `json:"channel"`
	To      string    `json:"to"`
	Detail  string    `json:"detail"`
}

func newEntry(id, action, comment string, c slack.SlashCommand, now time.Time) entry {
	return entry{now, "ask", id, 1, action, c.UserID, c.UserName, c.TeamID, c.ChannelID, "checking", action + " in " + c.ChannelID + ": " + comment}
}
