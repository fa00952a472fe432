package slackfake

// richText checks a rich_text block: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
func (n node) richText() {
	for _, e := range n.items("elements", 1, maxRichTextParts) {
		switch e.kind() {
		case "rich_text_section":
			e.only("elements")
			e.inline(false)
		case "rich_text_quote":
			e.only("elements", "border")
			e.whole("border", 0, 1)
			e.inline(false)
		case "rich_text_preformatted":
			e.only("elements", "border", "language")
			e.whole("border", 0, 1)
			e.inline(true)
		case "rich_text_list":
			e.richList()
		default:
			e.fail("type", "unsupported type: %s", e.kind())
		}
	}
}

func (n node) richList() {
	n.only("elements", "style", "indent", "offset", "border")
	n.need("style")
	n.enum("style", "bullet", "ordered")
	n.whole("indent", 0, 8)
	n.whole("offset", 0, maxRichTextParts)
	n.whole("border", 0, 1)
	for _, item := range n.items("elements", 1, maxRichTextParts) {
		if item.kind() != "rich_text_section" {
			item.fail("type", "unsupported type: %s", item.kind())
			continue
		}
		item.only("elements")
		item.inline(false)
	}
}

// inline checks the parts of a line. Preformatted text holds only text and links.
func (n node) inline(preformatted bool) {
	n.need("elements")
	for _, e := range n.items("elements", 0, maxRichTextParts) {
		if preformatted && e.kind() != "text" && e.kind() != "link" {
			e.fail("type", "unsupported type: %s", e.kind())
			continue
		}
		e.inlinePart()
	}
}

func (n node) inlinePart() {
	switch n.kind() {
	case "text":
		n.only("text", "style")
		n.shown("text", maxMessageChars)
	case "link":
		n.only("url", "text", "unsafe", "style")
		n.need("url")
		n.str("url", maxURL)
		n.str("text", maxMessageChars)
	case "user":
		n.reference("user_id")
	case "usergroup":
		n.reference("usergroup_id")
	case "channel":
		n.reference("channel_id")
	case "emoji":
		n.need("name")
		n.only("name", "unicode", "style", "skin_tone")
	case "date":
		n.only("timestamp", "format", "url", "fallback", "style")
		n.need("timestamp", "format")
		n.whole("timestamp", 0, 1<<40)
	case "broadcast":
		n.only("range", "style")
		n.need("range")
		n.enum("range", "here", "channel", "everyone")
	case "color":
		n.only("value", "style")
		n.need("value")
	default:
		n.fail("type", "unsupported type: %s", n.kind())
	}
	n.inlineStyle()
}

func (n node) reference(key string) {
	n.only(key, "style")
	n.need(key)
	n.str(key, maxBlockID)
}

func (n node) inlineStyle() {
	if s, ok := n.child("style"); ok {
		keys := []string{"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
		s.only(keys...)
		s.flags(keys...)
	}
}
