package slackfake

import (
	"encoding/json"
	"strings"
)

// chart is a data_visualization block in words: its title, then one line for each segment or series.
func (r reading) chart(b object) []string {
	c, _ := b["chart"].(object)
	lines := []string{"[" + str(c["type"]) + " chart: " + str(b["title"]) + "]"}
	lines = append(lines, r.each(c["segments"], point)...)
	return append(lines, r.each(c["series"], func(e object) string {
		return str(e["name"]) + ": " + strings.Join(r.each(e["data"], point), ", ")
	})...)
}

func point(e object) string {
	n, _ := e["value"].(json.Number)
	return str(e["label"]) + " " + n.String()
}

func (r reading) attachments(list json.RawMessage) string {
	var b strings.Builder
	for _, a := range decodeList(list) {
		b.WriteString(strings.Join(r.attachment(a), "\n") + "\n")
	}
	return b.String()
}

// attachment is one attachment: what it says in words and blocks, behind a bar.
func (r reading) attachment(a object) []string {
	var lines []string
	for _, key := range []string{"pretext", "author_name", "title", "text"} {
		if t := str(a[key]); t != "" {
			lines = append(lines, r.mrkdwn(t))
		}
	}
	for _, f := range decodeList(encode(a["fields"])) {
		lines = append(lines, r.mrkdwn(str(f["title"])+": "+str(f["value"])))
	}
	for _, b := range decodeList(encode(a["blocks"])) {
		lines = append(lines, r.block(b)...)
	}
	if t := str(a["footer"]); t != "" {
		lines = append(lines, r.mrkdwn(t))
	}
	return strings.Split("| "+strings.ReplaceAll(strings.Join(lines, "\n"), "\n", "\n| "), "\n")
}

// menu shows what can be chosen, and marks what is chosen already.
func (r reading) menu(e object) string {
	chosen, _ := e["initial_option"].(object)
	var out []string
	for _, o := range optionsOf(e) {
		text := r.text(o["text"])
		if d := r.text(o["description"]); d != "" {
			text += " - " + d
		}
		if chosen != nil && o["value"] == chosen["value"] {
			text = "*" + text
		}
		out = append(out, text)
	}
	return "( " + strings.Join(out, " | ") + " )"
}
