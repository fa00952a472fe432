package blockhtml

import (
	"strconv"
	"strings"
	"time"
)

// rich reads the parts of a rich_text block:
// https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
func (r Reader) rich(elements []block) []part {
	var parts []part
	for _, e := range elements {
		switch e.Type {
		case "rich_text_quote":
			parts = append(parts, part{Kind: "quote", Spans: r.spans(e.Elements)})
		case "rich_text_preformatted":
			parts = append(parts, part{Kind: "pre", Spans: r.spans(e.Elements)})
		case "rich_text_list":
			list := part{Kind: "list", Ordered: e.Style.Word == "ordered", Start: e.Offset + 1, Indent: e.Indent}
			for _, item := range e.Elements {
				list.Items = append(list.Items, r.spans(item.Elements))
			}
			parts = append(parts, list)
		default:
			parts = append(parts, part{Kind: "line", Spans: r.spans(e.Elements)})
		}
	}
	return parts
}

func (r Reader) spans(elements []block) []span {
	list := make([]span, 0, len(elements))
	for _, e := range elements {
		s := r.span(e)
		s.style = e.Style
		list = append(list, s)
	}
	return list
}

func (r Reader) span(e block) span {
	switch e.Type {
	case "text":
		return span{Kind: "text", Text: e.Text.Text}
	case "link":
		label := e.Text.Text
		if label == "" {
			label = e.URL
		}
		return span{Kind: "link", Text: label, URL: e.URL}
	case "user":
		return r.mention(e.User)
	case "usergroup":
		return r.mention(e.Group)
	case "channel":
		return r.channel(e.Channel)
	case "broadcast":
		return span{Kind: "mention", Text: e.Range, Me: true}
	case "emoji":
		return span{Kind: "emoji", Text: emoji(e.Name, e.Unicode)}
	case "date":
		unix, err := e.Stamp.Int64()
		if err != nil {
			return span{Kind: "text", Text: e.Fallback}
		}
		return date(unix, e.Format, e.Fallback, e.URL)
	}
	return span{Kind: "text", Text: "[" + e.Type + "]"}
}

func (r Reader) mention(id string) span {
	return span{Kind: "mention", Text: r.Name(id), Me: r.Is(id)}
}

func (r Reader) channel(id string) span { return span{Kind: "channel", Text: r.Name(id)} }

// date is a moment. Its fallback stands there until the page puts it into the
// reader's own time zone.
func date(unix int64, format, fallback, url string) span {
	at := time.Unix(unix, 0).UTC()
	if fallback == "" {
		fallback = at.Format("2006-01-02 15:04 UTC")
	}
	return span{Kind: "date", Text: fallback, Unix: unix, ISO: at.Format(time.RFC3339), Format: format, URL: url}
}

// emoji is the character when its code points are given, in hex with dashes,
// else its name.
func emoji(name, codes string) string {
	var b strings.Builder
	for code := range strings.SplitSeq(codes, "-") {
		n, err := strconv.ParseInt(code, 16, 32)
		if err != nil {
			return ":" + name + ":"
		}
		b.WriteRune(rune(n))
	}
	return b.String()
}
