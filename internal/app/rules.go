package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/audit"
)

// rule is one setting that decides what people can do with the bot, or whether what they
// did is kept.
type rule struct {
	Name string   `json:"name"` // the variable; it is added to and never changes its meaning
	Says []string `json:"says"` // in order, for its order means nothing
}

// about is what a rule is called for people.
func about() map[string]string {
	return map[string]string{
		"ACTIONS": "what can be asked for", "REQUESTERS": "who may ask", "APPROVERS": "who may approve",
		"ESCALATE_TO": "who is called in late", "APPROVALS_REQUIRED": "approvals needed", "CHANNELS": "where commands are taken",
		"ALLOW_SHARED_CHANNELS": "shared channels", "APPROVAL_TTL": "time to approve", "EXECUTION_TTL": "how long an approval lasts",
		"MAX_DEVICES": "devices in one request", "MAX_OPEN_PER_REQUESTER": "open requests of one person",
		"DEVICES_PER_HOUR": "devices of one person in an hour", "BREAK_GLASS": "break-glass", "ALERT_CHANNEL": "where alerts go",
		"RETENTION": "how long records are kept", "REDIS_DURABILITY": "who says that Redis keeps them",
		"ALLOW_VOLATILE_REDIS": "whether Redis may lose them",
	}
}

// rulesOf are the rules that the bot goes by.
func rulesOf(c Config, p approvals.Policy) []rule {
	of := func(pick func(approvals.Rule) approvals.List, none string) []string {
		says := listed("", pick(p.Default))
		if len(says) == 0 {
			says = []string{none}
		}
		for action, r := range p.ByAction {
			if list := pick(r); !list.Equal(pick(p.Default)) {
				says = append(says, listed(action+"=", list)...)
			}
		}
		return says
	}
	needed := []string{strconv.Itoa(c.Needed.Default)}
	for action, n := range c.Needed.Own {
		needed = append(needed, action+"="+strconv.Itoa(n))
	}
	channels := slices.Clone(c.Channels)
	if len(channels) == 0 {
		channels = []string{"wherever the bot is"}
	}
	list := []rule{
		{"ACTIONS", slices.Clone(c.Actions)},
		{"REQUESTERS", of(func(r approvals.Rule) approvals.List { return r.Requesters }, "every full member")},
		{"APPROVERS", of(func(r approvals.Rule) approvals.List { return r.Approvers }, "nobody")},
		{"ESCALATE_TO", of(func(r approvals.Rule) approvals.List { return r.EscalateTo }, "nobody")},
		{"APPROVALS_REQUIRED", needed},
		{"CHANNELS", channels},
		{"ALLOW_SHARED_CHANNELS", []string{strconv.FormatBool(c.AllowShared)}},
		{"APPROVAL_TTL", []string{c.ApprovalTTL.String()}},
		{"EXECUTION_TTL", []string{c.ExecutionTTL.String()}},
		{"MAX_DEVICES", []string{strconv.Itoa(c.MaxDevices)}},
		{"MAX_OPEN_PER_REQUESTER", []string{strconv.Itoa(c.MaxOpen)}},
		{"DEVICES_PER_HOUR", []string{strconv.Itoa(c.DevicesPerHour)}},
		{"BREAK_GLASS", []string{strconv.FormatBool(c.BreakGlass)}},
		{"ALERT_CHANNEL", []string{cmp.Or(c.AlertChannel, "none")}},
		{"RETENTION", []string{c.Retention.String()}},
		{"REDIS_DURABILITY", []string{string(c.Durability)}},
		{"ALLOW_VOLATILE_REDIS", []string{strconv.FormatBool(c.AllowVolatile)}},
	}
	for i := range list {
		slices.Sort(list[i].Says)
		list[i].Says = slices.Compact(list[i].Says)
	}
	return list
}

// difference is how one rule differs from what it was.
type difference struct {
	name      string
	fresh     bool // nothing is known of what it was
	new, gone []string
}

func differences(was, is []rule) (list []difference) {
	said := func(rules []rule, name string) []string {
		i := slices.IndexFunc(rules, func(r rule) bool { return r.Name == name })
		if i < 0 {
			return nil
		}
		return rules[i].Says
	}
	without := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
	}
	names := make([]string, 0, len(is))
	for _, r := range append(slices.Clone(is), was...) { // a rule of a version before may be gone
		if slices.Contains(names, r.Name) {
			continue
		}
		names = append(names, r.Name)
		before, now := said(was, r.Name), said(is, r.Name)
		if d := (difference{r.Name, before == nil, without(now, before), without(before, now)}); len(d.new)+len(d.gone) > 0 {
			list = append(list, d)
		}
	}
	return list
}

// inALine is how many entries of a list one line has, so that none is cut where lines are.
const inALine = 4

// lines say it to people. Named is an entry with the name of whom it means.
func (d difference) lines(named func(string) string) (list []string) {
	begin := cmp.Or(about()[d.name], "a rule of another version") + " (" + d.name + "): "
	if len(d.new) == 1 && len(d.gone) == 1 {
		return []string{begin + named(d.new[0]) + ", was " + named(d.gone[0])}
	}
	word := "added: "
	if d.fresh {
		word = ""
	}
	for _, part := range []struct {
		word    string
		entries []string
	}{{word, d.new}, {"removed: ", d.gone}} {
		for some := range slices.Chunk(part.entries, inALine) {
			says := make([]string, len(some))
			for i, entry := range some {
				says[i] = named(entry)
			}
			list = append(list, begin+part.word+strings.Join(says, ", "))
		}
	}
	return list
}

// noteStart writes down that this process starts and what is new in its rules, before it
// takes a command, and has ALERT_CHANNEL told: the one that was, too, where it is another.
func (a *App) noteStart(ctx context.Context, p *parts) (detail string, err error) {
	is := rulesOf(a.config, p.policy)
	text, err := json.Marshal(is)
	if err != nil {
		return "", fmt.Errorf("encode the rules: %w", err)
	}
	names := namesIn(ctx, p.slack)
	if p.start.ID == "" {
		p.start = ledger.NewOp()
	}
	err = p.store.Start(ctx, p.start, func(last ledger.Last) ledger.Start { return a.startOf(is, string(text), last, names, p) })
	return "rules " + digest(string(text)), named(err)
}

// startOf is what there is to write down of this start after the last one.
func (a *App) startOf(is []rule, text string, last ledger.Last, names func(string) string, p *parts) ledger.Start {
	entry := audit.Entry{At: p.store.Now(), Team: p.slack.Team(), To: digest(text)}
	start := ledger.Start{Rules: text, Entry: entry}
	start.Entry.Event, start.Entry.Detail = "start", "version "+a.options.Version
	if text == last.Rules {
		return start
	}
	was, lines := changes(is, last, names)
	entry.Event, entry.Detail = "rules", strings.Join(lines, "\n")
	if last.Rules != "" {
		entry.From = digest(last.Rules)
	}
	start.Changed = &entry
	if !last.First {
		for _, channel := range alertChannels(was, is) {
			start.Alarms = append(start.Alarms, approvals.Alarm{ID: ledger.NewOp().ID, Kind: approvals.AlarmRules, Channel: channel, At: entry.At, Lines: lines})
		}
	}
	return start
}

// changes are the rules that were, as far as they are known, and what is new since, line by
// line. Of a first start all is new; nobody is looked up for that.
func changes(is []rule, last ledger.Last, names func(string) string) (was []rule, lines []string) {
	switch err := json.Unmarshal([]byte(last.Rules), &was); {
	case last.First:
		names = func(entry string) string { return entry }
	case err != nil:
		lines = []string{"the rules of the last start are not known, so all of them are listed"}
	}
	for _, d := range differences(was, is) {
		lines = append(lines, d.lines(names)...)
	}
	return was, lines
}

// alertChannels are where the change from one to the other is told.
func alertChannels(was, is []rule) (channels []string) {
	for _, r := range append(slices.Clone(is), was...) {
		if r.Name == "ALERT_CHANNEL" {
			channels = append(channels, r.Says...)
		}
	}
	slices.Sort(channels)
	return slices.DeleteFunc(slices.Compact(channels), func(c string) bool { return !channelID.MatchString(c) })
}

// mostNamed is how many people are looked up for the words of a change, so that a long list
// keeps nobody from starting.
const mostNamed = 20

// namesIn gives the entries of rules the names of those whom they mean, as far as Slack says
// them at once.
func namesIn(ctx context.Context, people approvals.Directory) func(entry string) string {
	left := mostNamed
	return func(entry string) string {
		id := entry[strings.LastIndexByte(entry, '=')+1:]
		if left == 0 || !userID.MatchString(id) {
			return entry
		}
		left--
		f, err := people.Facts(ctx, id)
		if err != nil {
			if !errors.Is(err, approvals.ErrNoSuchPerson) {
				left = 0
			}
			return entry
		}
		return strings.TrimSuffix(entry, id) + approvals.Person{ID: id, Name: f.Name}.Label()
	}
}

// digest is a fingerprint of rules.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
