package blockhtml

import (
	"encoding/json"
	"fmt"
	"html/template"
)

// attachment is what other apps hang onto their messages:
// https://docs.slack.dev/reference/messaging/attachments.
type attachment struct {
	Color   string  `json:"color"`
	Pretext string  `json:"pretext"`
	Author  string  `json:"author_name"`
	Title   string  `json:"title"`
	Link    string  `json:"title_link"`
	Text    string  `json:"text"`
	Footer  string  `json:"footer"`
	Blocks  []block `json:"blocks"`
	Fields  []struct {
		Title string `json:"title"`
		Value string `json:"value"`
	} `json:"fields"`
}

// hung is an attachment as the template takes it.
type hung struct {
	Tone   string // good, warning or danger; empty: any other colour
	Above  []part
	Author string
	Title  string
	Link   string
	Parts  []part
	Fields []hungField
	Blocks []shown
	Footer string
}

type hungField struct {
	Title string
	Parts []part
}

// Attachments shows the attachments of a message.
func (r Reader) Attachments(raw json.RawMessage) (template.HTML, error) {
	var list []attachment
	if err := json.Unmarshal(raw, &list); err != nil {
		return "", fmt.Errorf("attachments: %w", err)
	}
	all := make([]hung, 0, len(list))
	for _, a := range list {
		all = append(all, r.hung(a))
	}
	return r.write("attachments", all)
}

func (r Reader) hung(a attachment) hung {
	h := hung{
		Above: r.mrkdwn(a.Pretext), Author: unescape(a.Author), Title: unescape(a.Title), Link: unescape(a.Link),
		Parts: r.mrkdwn(a.Text), Blocks: r.all(a.Blocks), Footer: unescape(a.Footer),
	}
	switch a.Color {
	case "good", "warning", "danger":
		h.Tone = a.Color
	}
	for _, f := range a.Fields {
		h.Fields = append(h.Fields, hungField{unescape(f.Title), r.mrkdwn(f.Value)})
	}
	return h
}
