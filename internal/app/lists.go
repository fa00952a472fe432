package app

import (
	"regexp"
	"slices"
	"strings"

	"defenderbot/defender"
)

var (
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{1,20}$`)
	groupID   = regexp.MustCompile(`^S[A-Z0-9]{1,20}$`)
	channelID = regexp.MustCompile(`^[CG][A-Z0-9]{1,20}$`)
	handle    = regexp.MustCompile(`^@[\p{L}\p{N}._-]{1,80}$`)
)

func (r *reader) people(name, value string) (p People) {
	for _, word := range r.list(name, value) {
		switch {
		case userID.MatchString(word):
			p.Users = append(p.Users, word)
		case groupID.MatchString(word):
			p.Groups = append(p.Groups, word)
		case handle.MatchString(word):
			p.Handles = append(p.Handles, word[1:])
		default:
			r.wrong(name, "takes user ids (U…, W…), user group ids (S…) and @handles of user groups, separated by commas")
		}
	}
	return p
}

func (r *reader) channels(value string) []string {
	ids := r.list("CHANNELS", value)
	if slices.ContainsFunc(ids, func(id string) bool { return !channelID.MatchString(id) }) {
		r.wrong("CHANNELS", "takes channel ids (C…, G…), separated by commas")
	}
	return ids
}

// approvals reads how many approvers are needed: a number, and others for
// single actions. A second number for the same thing is refused: which of the
// two was meant is not for this program to guess.
func (r *reader) approvals(value string, catalogue defender.Catalogue) (int, map[string]int) {
	const variable = "APPROVALS_REQUIRED"
	by := map[string]int{}
	for _, word := range r.list(variable, value) {
		name, count, single := strings.Cut(word, "=")
		if !single {
			name, count = "", word
		}
		if _, again := by[name]; again {
			r.wrong(variable, "says the same thing twice")
		}
		if _, known := catalogue.Named(name); single && !known {
			r.wrong(variable, "names an action that this version does not have")
		}
		by[name] = r.number(variable, count, 1, 10)
	}
	needed, said := by[""]
	if !said {
		needed = 1
	}
	delete(by, "")
	return needed, by
}

// list splits at commas. A list of nothing but commas is refused: where empty
// means everybody or everywhere, a slip must not open what was to be closed.
func (r *reader) list(name, value string) []string {
	var words []string
	for word := range strings.SplitSeq(value, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	if value != "" && words == nil {
		r.wrong(name, "is a list with nothing in it")
	}
	return words
}
