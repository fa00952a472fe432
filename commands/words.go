package commands

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostWords is how many words are the grammar's own.
const mostWords = 9

// MaxReport is how many days back a report can go, and usualReport how many it goes
// where none are given.
const (
	MaxReport   = 90
	usualReport = 7
)

// words are the forms of the grammar's own, in the order in which they are shown.
func (g Grammar) words() []form {
	return []form{
		{
			name: "status", args: "[<id>] [public]", read: g.readStatus,
			summary: "Show how a request stands; without an id, your open requests and those that ended in the last day",
		},
		{
			name: "list", args: "[public]", read: g.alone("list", func(public bool) Command { return List{public} }),
			summary: "Show the open requests of this channel; approvers see those of all channels",
		},
		{
			name: "limits", args: "[public]", read: g.alone("limits", func(public bool) Command { return Limits{public} }),
			summary: "Show how much of Microsoft's limits is used, and what waits for them",
		},
		{name: "cancel", args: "<id>", summary: "Cancel a request, or what of it has not been sent yet", read: g.readCancel},
		{
			name: "history", args: "<device> [public]", summary: "Show what was asked for a device, by whom, and how it ended",
			read: g.readHistory,
		},
		{
			name: "report", args: "[<days>d] [public]", read: g.readReport,
			summary: "Sum up what was asked and decided in the last 7 days, or in up to 90; for approvers",
		},
		{
			name: "freeze", args: "<reason>", read: g.reasoned("freeze", func(why string) Command { return Freeze{why} }),
			summary: "Freeze everything: from now on nothing new is started in Defender, for anybody; for approvers",
		},
		{
			name: "unfreeze", args: "<reason>", read: g.reasoned("unfreeze", func(why string) Command { return Unfreeze{why} }),
			summary: "Ask for the freeze to be lifted; for approvers, and another one has to approve it",
		},
		{name: "help", summary: "Show this help", read: g.readHelp},
	}
}

// cutWords is every word of s.
func cutWords(s string) (words []string) {
	for {
		word, rest := cutWord(s)
		if word == "" {
			return words
		}
		words, s = append(words, word), rest
	}
}

// cutPublic is every word of s, without the word public at the end of them.
func cutPublic(s string) (words []string, public bool) {
	words = cutWords(s)
	if last := len(words) - 1; last >= 0 && strings.EqualFold(bare(words[last]), "public") {
		return words[:last], true
	}
	return words, false
}

// beyond is an error where there are more words than a command takes.
func (g Grammar) beyond(name, takes string, words []string, most int) *Error {
	switch {
	case len(words) <= most:
		return nil
	case most > 0 && strings.Contains(takes, "public") && strings.EqualFold(bare(words[0]), "public"):
		return g.publicFirst(name)
	}
	return g.extra(name, takes, strings.Join(words[most:], " "))
}

// alone reads a command that has nothing but its word.
func (g Grammar) alone(name string, c func(public bool) Command) func(string) (Command, *Error) {
	return func(rest string) (Command, *Error) {
		words, public := cutPublic(rest)
		return c(public), g.beyond(name, "nothing but “public”", words, 0)
	}
}

func (g Grammar) readHelp(rest string) (Command, *Error) {
	return Help{}, g.beyond("help", "nothing", cutWords(rest), 0)
}

func (g Grammar) readStatus(rest string) (Command, *Error) {
	words, public := cutPublic(rest)
	if len(words) == 0 {
		return Status{Public: public}, nil
	}
	id, problem := g.readRequest("status", "one request id, and perhaps “public”,", words)
	return Status{Request: id, Public: public}, problem
}

func (g Grammar) readCancel(rest string) (Command, *Error) {
	id, problem := g.readRequest("cancel", "one request id", cutWords(rest))
	return Cancel{Request: id}, problem
}

// readRequest reads the one request id that follows name.
func (g Grammar) readRequest(name, takes string, words []string) (string, *Error) {
	if len(words) == 0 {
		return "", g.noRequest(name)
	}
	if problem := g.beyond(name, takes, words, 1); problem != nil {
		return "", problem
	}
	id, why := requestID(bare(words[0]))
	if why != "" {
		return "", g.badRequest(name, words[0], why)
	}
	return id, nil
}

func (g Grammar) readHistory(rest string) (Command, *Error) {
	words, public := cutPublic(rest)
	if len(words) == 0 {
		return nil, g.noHistory()
	}
	if problem := g.beyond("history", "one device, and perhaps “public”,", words, 1); problem != nil {
		return nil, problem
	}
	d, problem := g.readDevice("history", words, 0)
	return History{Device: d, Public: public}, problem
}

func (g Grammar) readReport(rest string) (Command, *Error) {
	words, public := cutPublic(rest)
	if len(words) == 0 {
		return Report{Days: usualReport, Public: public}, nil
	}
	typed := strings.Join(words, " ")
	days, ok := daysIn(bare(typed))
	if !ok {
		return nil, g.badDays(typed)
	}
	return Report{Days: days, Public: public}, nil
}

// reasoned reads a command that has a reason behind its word.
func (g Grammar) reasoned(name string, c func(reason string) Command) func(string) (Command, *Error) {
	return func(rest string) (Command, *Error) {
		reason := Readable(readable(rest))
		n := utf8.RuneCountInString(reason)
		if !visible(reason) {
			return nil, g.noReason(name)
		}
		if n > MaxComment {
			return nil, g.longReason(name, n)
		}
		return c(reason), nil
	}
}

// daysIn reads a number of days: 7, 7d or 7 days.
func daysIn(typed string) (days int, ok bool) {
	typed = strings.ToLower(typed)
	number := strings.TrimRight(typed, "days ")
	unit := strings.TrimSpace(typed[len(number):])
	days, err := strconv.Atoi(number)
	return days, err == nil && days >= 1 && days <= MaxReport && slices.Contains([]string{"", "d", "day", "days"}, unit)
}
