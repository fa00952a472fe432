package slackfake

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var angled = regexp.MustCompile(`<([^<>\n]+)>`)

// mrkdwn resolves what stands in angle brackets: https://docs.slack.dev/messaging/formatting-message-text. Asterisks and
// the like stay as they are.
func (r reading) mrkdwn(text string) string {
	return unescape(angled.ReplaceAllStringFunc(text, func(m string) string { return r.angled(m[1 : len(m)-1]) }))
}

func (r reading) angled(inner string) string {
	target, label, labelled := strings.Cut(inner, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return "@" + r.name(target[1:])
	case strings.HasPrefix(target, "#"):
		return "#" + r.name(target[1:])
	case strings.HasPrefix(target, "!subteam^"):
		return "@" + strings.TrimPrefix(r.name(strings.TrimPrefix(target, "!subteam^")), "@")
	case strings.HasPrefix(target, "!date^"):
		return r.date(strings.TrimPrefix(target, "!date^"), label)
	case strings.HasPrefix(target, "!"):
		return "@" + target[1:]
	case labelled && label != "" && !strings.HasSuffix(target, "/"+label) && !strings.HasSuffix(target, ":"+label):
		return label + " (" + target + ")"
	case labelled:
		return label
	}
	return target
}

// date shows a moment in the reader's zone, or the fallback when it cannot be read.
func (r reading) date(spec, fallback string) string {
	parts := strings.SplitN(spec, "^", 3)
	unix, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || len(parts) < 2 {
		return fallback
	}
	return r.formatDate(unix, parts[1])
}

// formatDate fills the tokens of https://docs.slack.dev/messaging/formatting-message-text#date-formatting. "Pretty"
// dates stay plain: a transcript is read on another day.
func (r reading) formatDate(unix int64, format string) string {
	t := time.Unix(unix, 0).In(r.zone)
	return strings.NewReplacer(
		"{date_num}", t.Format("2006-01-02"),
		"{date_slash}", t.Format("2006/01/02"),
		"{date}", t.Format("January 2, 2006"), "{date_pretty}", t.Format("January 2, 2006"),
		"{date_short}", t.Format("Jan 2, 2006"), "{date_short_pretty}", t.Format("Jan 2, 2006"),
		"{date_long}", t.Format("Monday, January 2, 2006"), "{date_long_pretty}", t.Format("Monday, January 2, 2006"),
		"{time}", t.Format("15:04"), "{time_secs}", t.Format("15:04:05"), "{ago}", t.Format("2006-01-02 15:04"),
	).Replace(format)
}

// rich reads one part of a rich_text block.
func (r reading) rich(e object) string {
	switch e["type"] {
	case "rich_text_list":
		var lines []string
		for i, item := range r.each(e["elements"], r.line) {
			mark := "- "
			if e["style"] == "ordered" {
				mark = strconv.Itoa(i+1) + ". "
			}
			lines = append(lines, mark+item)
		}
		return strings.Join(lines, "\n")
	case "rich_text_quote", "rich_text_preformatted":
		return "> " + strings.ReplaceAll(r.line(e), "\n", "\n> ")
	}
	return r.line(e)
}

func (r reading) line(e object) string { return strings.Join(r.each(e["elements"], r.inline), "") }

func (r reading) inline(e object) string {
	switch e["type"] {
	case "text":
		return str(e["text"])
	case "user":
		return "@" + r.name(str(e["user_id"]))
	case "usergroup":
		return "@" + r.name(str(e["usergroup_id"]))
	case "channel":
		return "#" + r.name(str(e["channel_id"]))
	case "emoji":
		return ":" + str(e["name"]) + ":"
	case "broadcast":
		return "@" + str(e["range"])
	case "color":
		return str(e["value"])
	case "link":
		return cmp.Or(str(e["text"]), str(e["url"])) // people see the label, not where it leads
	case "date":
		return r.richDate(e)
	}
	return ""
}

func (r reading) richDate(e object) string {
	n, ok := e["timestamp"].(json.Number)
	if !ok {
		return str(e["fallback"])
	}
	unix, err := n.Int64()
	if err != nil {
		return str(e["fallback"])
	}
	return r.formatDate(unix, str(e["format"]))
}
