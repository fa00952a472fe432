package bot

import (
	"slices"
	"strings"
)

// Scope is a right of the bot token (https://docs.slack.dev/reference/scopes).
type Scope struct {
	Name string
	For  string // what the bot needs it for; slack-manifest.yaml explains it in the same words

	vital bool   // without it no request can be made or shown
	or    string // or without this one
}

// Scopes are all that the bot needs, in the order of slack-manifest.yaml.
func Scopes() []Scope {
	return []Scope{
		{Name: "commands", For: "/defender, and the shortcut on messages", vital: true},
		{Name: "chat:write", For: "cards, replies in their threads, private answers", vital: true},
		{Name: "users:read", For: "whether a person is an active full member of this workspace", vital: true},
		{Name: "usergroups:read", For: "who is in a user group that asks or decides"},
		{Name: "channels:read", For: "whether the bot is in a public channel, and who shares it", vital: true, or: "groups:read"},
		{Name: "groups:read", For: "the same of private channels"},
		{Name: "im:write", For: "a direct message when nothing else reaches a person"},
	}
}

// Granted are the scopes of the bot token, as Slack names them in a header of every answer
// (https://docs.slack.dev/authentication/installing-with-oauth); none: it does not say.
func (w *Workspace) Granted() []string { return slices.Clone(w.granted) }

// Lacking are the scopes that a token does not have and the bot needs.
func Lacking(granted []string) []Scope {
	return slices.DeleteFunc(Scopes(), func(s Scope) bool { return slices.Contains(granted, s.Name) })
}

// Spare are the scopes that a token has and the bot does not need.
func Spare(granted []string) []string {
	return slices.DeleteFunc(slices.Clone(granted), func(name string) bool {
		return slices.ContainsFunc(Scopes(), func(s Scope) bool { return s.Name == name })
	})
}

// vitalLacking names the scopes without which no request can be made or shown, and what
// each is for, as far as a token does not have them. The others are missed where they are needed. A token of
// which Slack does not say what it may do is not judged.
func vitalLacking(granted []string) (lacking []string) {
	if len(granted) == 0 {
		return nil
	}
	for _, s := range Lacking(granted) {
		switch {
		case !s.vital || s.or != "" && slices.Contains(granted, s.or):
		case s.or != "":
			lacking = append(lacking, s.Name+" or "+s.or+" ("+s.For+")")
		default:
			lacking = append(lacking, s.Name+" ("+s.For+")")
		}
	}
	return lacking
}

// scopesIn are the scopes in a list as Slack writes it, with commas, spaces or both.
func scopesIn(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
