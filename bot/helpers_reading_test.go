package bot

import (
	"encoding/json"
	"time"
)

// stringsOf are all texts in a value as it goes to Slack.
func stringsOf(v any) []string {
	raw, err := json.Marshal(v)
	if err != nil {
		return []string{err.Error()}
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return []string{err.Error()}
	}
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, k := range sortedKeys(v) {
				walk(v[k])
			}
		}
	}
	walk(tree)
	return all
}

// quotes are what stands in quotes on a card.
func quotes(v view) []string {
	var all []string
	for _, s := range spansOf(v) {
		if s.quote {
			all = append(all, s.text)
		}
	}
	return all
}

// piece is one thing that is shown, as text would say it.
type piece struct {
	text  string
	quote bool
}

// spansOf reads a message's blocks, buttons left out, apart from the code that
// makes them.
func spansOf(v view) []piece {
	type element struct {
		Type      string          `json:"type"`
		Text      json.RawMessage `json:"text"`
		User      string          `json:"user_id"`
		Group     string          `json:"usergroup_id"`
		Channel   string          `json:"channel_id"`
		Timestamp int64           `json:"timestamp"`
		Elements  []element       `json:"elements"`
	}
	var all []piece
	var walk func(e element, quote bool)
	walk = func(e element, quote bool) {
		quote = quote || e.Type == "rich_text_quote"
		var text string
		var object struct {
			Text string `json:"text"`
		}
		if json.Unmarshal(e.Text, &text) != nil && json.Unmarshal(e.Text, &object) == nil {
			text = object.Text
		}
		switch {
		case e.User != "":
			text = "<@" + e.User + ">"
		case e.Group != "":
			text = "<!subteam^" + e.Group + ">"
		case e.Channel != "":
			text = "<#" + e.Channel + ">"
		case e.Type == "date":
			text = when(time.Unix(e.Timestamp, 0)).markup()
		}
		if text != "" {
			all = append(all, piece{text, quote})
		}
		for _, inner := range e.Elements {
			walk(inner, quote)
		}
	}
	for _, b := range v.Blocks {
		var e element
		raw, err := json.Marshal(b)
		if err == nil && json.Unmarshal(raw, &e) == nil && e.Type != "actions" {
			if e.Type == "context" || e.Type == "header" || e.Type == "section" || e.Type == "rich_text" {
				walk(e, false)
			}
		}
	}
	return all
}
