package app

import (
	"fmt"
	"regexp"
	"strings"
)

var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{1,20}$`)

func (r *reader) channels(value string) []string {
	ids := r.list("CHANNELS", value)
	for i, id := range ids {
		if !channelID.MatchString(id) {
			r.wrong("CHANNELS", "takes channel ids (C…, G…), separated by commas; %s is not one", nth(i))
		}
	}
	return ids
}

// nth names an entry of a list by its place, for its text may be a secret in the wrong one.
func nth(i int) string { return fmt.Sprintf("entry %d", i+1) }

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
