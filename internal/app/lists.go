package app

import (
	"regexp"
	"slices"
	"strings"
)

var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{1,20}$`)

func (r *reader) channels(value string) []string {
	ids := r.list("CHANNELS", value)
	if slices.ContainsFunc(ids, func(id string) bool { return !channelID.MatchString(id) }) {
		r.wrong("CHANNELS", "takes channel ids (C…, G…), separated by commas")
	}
	return ids
}

func (r *reader) channel(name, value string) string {
	if value != "" && !channelID.MatchString(value) {
		r.wrong(name, "takes one channel id (C…, G…)")
	}
	return value
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
