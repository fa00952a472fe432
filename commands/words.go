package commands

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxReport is how many days back a report can go, and usualReport how many it goes
// where none are given.
const (
	MaxReport   = 90
	usualReport = 7
)

// words are the forms of the grammar's own, in the order in which they are shown.
func words() []form {
	return []form{
		{
			name: "status", args: "[<id>] [public]", read: Grammar.readStatus,
			summary: "Show how a request stands; without an id, your open requests and those that ended in the last day",
		},
		{
			name: "list", args: "[public]", read: Grammar.readList,
			summary: "Show the open requests of this channel; approvers see those of all channels",
		},
		{
			name: "limits", args: "[public]", read: Grammar.readLimits,
			summary: "Show how much of Microsoft's limits is used, and what waits for them",
		},
		{name: "cancel", args: "<id>", summary: "Cancel a request, or what of it has not been sent yet", read: Grammar.readCancel},
		{
			name: "history", args: "<device> [public]", summary: "Show what was asked for a device, by whom, and how it ended",
			read: Grammar.readHistory,
		},
		{
			name: "report", args: "[<days>d] [public]", read: Grammar.readReport,
			summary: "Sum up what was asked and decided in the last 7 days, or in up to 90; for approvers",
		},
		{
			name: "freeze", args: "<reason>", read: Grammar.readFreeze,
			summary: "Freeze everything: from now on nothing new is started in Defender, for anybody; for approvers",
		},
		{
			name: "unfreeze", args: "<reason>", read: Grammar.readUnfreeze,
			summary: "Ask for the freeze to be lifted; for approvers, and another one has to approve it",
		},
		{name: "help", summary: "Show this help", read: Grammar.readHelp},
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

// alone reads what may stand behind a word that takes nothing.
func (g Grammar) alone(name, rest string) (public bool, problem *Error) {
	words, public := cutPublic(rest)
	return public, g.beyond(name, "nothing but “public”", words, 0)
}

func (g Grammar) readList(name, rest string) (Command, *Error) {
	public, problem := g.alone(name, rest)
	return List{public}, problem
}

func (g Grammar) readLimits(name, rest string) (Command, *Error) {
	public, problem := g.alone(name, rest)
	return Limits{public}, problem
}

func (g Grammar) readHelp(name, rest string) (Command, *Error) {
	return Help{}, g.beyond(name, "nothing", cutWords(rest), 0)
}

func (g Grammar) readStatus(name, rest string) (Command, *Error) {
	words, public := cutPublic(rest)
	if len(words) == 0 {
		return Status{Public: public}, nil
	}
	id, problem := g.readRequest(name, "one request id, and perhaps “public”,", words)
	return Status{Request: id, Public: public}, problem
}

func (g Grammar) readCancel(name, rest string) (Command, *Error) {
	id, problem := g.readRequest(name, "one request id", cutWords(rest))
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

func (g Grammar) readHistory(name, rest string) (Command, *Error) {
	words, public := cutPublic(rest)
	if len(words) == 0 {
		return nil, g.noHistory()
	}
	if problem := g.beyond(name, "one device, and perhaps “public”,", words, 1); problem != nil {
		return nil, problem
	}
	d, problem := g.readDevice(name, words, 0)
	return History{Device: d, Public: public}, problem
}

func (g Grammar) readReport(_, rest string) (Command, *Error) {
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

func (g Grammar) readFreeze(name, rest string) (Command, *Error) {
	why, problem := g.reason(name, rest)
	return Freeze{why}, problem
}

func (g Grammar) readUnfreeze(name, rest string) (Command, *Error) {
	why, problem := g.reason(name, rest)
	return Unfreeze{why}, problem
}

// reason reads the reason behind a word.
func (g Grammar) reason(name, rest string) (string, *Error) {
	reason := Readable(readable(rest))
	n := utf8.RuneCountInString(reason)
	if !visible(reason) {
		return "", g.noReason(name)
	}
	if n > MaxComment {
		return "", g.longReason(name, n)
	}
	return reason, nil
}

// daysIn reads a number of days: 7, 7d or 7 days.
func daysIn(typed string) (days int, ok bool) {
	typed = strings.ToLower(typed)
	number := strings.TrimRight(typed, "days ")
	unit := strings.TrimSpace(typed[len(number):])
	days, err := strconv.Atoi(number)
	return days, err == nil && days >= 1 && days <= MaxReport && slices.Contains([]string{"", "d", "day", "days"}, unit)
}
