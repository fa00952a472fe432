package bot

import (
	"encoding/json"
	"strings"

	"defenderbot/commands"
)

// alert is what a message says of devices.
type alert struct {
	commands.Mentioned

	title string // of the alert; empty: it has none
}

// mentioned reads a message: its text, its attachments with their fields, and its blocks
// (https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload,
// https://docs.slack.dev/reference/block-kit/blocks,
// https://docs.slack.dev/messaging/formatting-message-text#attachments). What cannot be
// read says nothing.
func mentioned(message json.RawMessage) alert {
	var tree any
	if json.Unmarshal(message, &tree) != nil {
		return alert{}
	}
	var r reader
	r.read(tree, deepest)
	return alert{commands.Mentions(r.passages), r.title}
}

// deepest is how deep what a message holds is read.
const deepest = 16

// reader collects the texts of a message.
type reader struct {
	passages []commands.Passage
	title    string
}

// What is read of an object, in the order in which it is shown: texts, and what holds more.
var (
	ownTexts = strings.Fields("pretext title text url title_link fallback")
	holders  = strings.Fields("text fields elements accessory rows blocks attachments")
)

func (r *reader) read(node any, depth int) {
	if depth == 0 {
		return
	}
	switch node := node.(type) {
	case []any:
		for _, each := range node {
			r.read(each, depth-1)
		}
	case map[string]any:
		r.readObject(node, depth)
	}
}

func (r *reader) readObject(node map[string]any, depth int) {
	kind, _ := node["type"].(string)
	if strings.HasPrefix(kind, "rich_text_") && kind != "rich_text_list" {
		elements, _ := node["elements"].([]any)
		r.passages = append(r.passages, commands.Passage{Text: spoken(elements), Plain: true})
		return
	}
	title, _ := node["title"].(string)
	value, isField := node["value"].(string)
	switch {
	case isField && title != "":
		r.passages = append(r.passages, commands.Passage{Label: title, Text: value})
		return
	case r.title == "" && kind == "header":
		r.title = textOf(node["text"])
	case r.title == "" && kind == "":
		r.title = title // of an attachment
	}
	for _, name := range ownTexts {
		if text, is := node[name].(string); is {
			r.passages = append(r.passages, commands.Passage{Text: text, Plain: name == "url" || name == "title_link"})
		}
	}
	for _, name := range holders {
		r.read(node[name], depth-1)
	}
}

func textOf(object any) string {
	fields, _ := object.(map[string]any)
	text, _ := fields["text"].(string)
	return text
}

// spoken is the text of a piece of rich text. A link is its text and where it leads.
func spoken(elements []any) string {
	var b strings.Builder
	for _, each := range elements {
		element, _ := each.(map[string]any)
		text, _ := element["text"].(string)
		b.WriteString(text)
		if url, _ := element["url"].(string); url != "" && url != text {
			b.WriteString(" " + url + " ")
		}
	}
	return b.String()
}
