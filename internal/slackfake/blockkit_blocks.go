package slackfake

import "slices"

// The limits of single blocks: https://docs.slack.dev/reference/block-kit/blocks.
const (
	maxSectionText   = 3000
	maxField         = 2000
	maxFields        = 10
	maxHeader        = 150
	maxContextItems  = 10
	maxActionItems   = 25
	maxMarkdown      = 12_000
	maxImageAlt      = 2000
	maxImageTitle    = 2000
	maxURL           = 3000
	maxLabel         = 2000
	maxRichTextParts = 1000
)

// block checks one block of the checker's surface.
func (n node) block() {
	n.c.actions = nil
	n.once("block_id", &n.c.blockIDs)
	switch n.kind() {
	case "section":
		n.section()
	case "divider":
		n.only("block_id")
	case "header":
		n.only("block_id", "text", "level")
		n.text("text", plainOnly, maxHeader)
		n.whole("level", 1, 4)
	case "context":
		n.contextBlock()
	case "actions":
		n.only("block_id", "elements")
		for _, e := range n.items("elements", 1, maxActionItems) {
			e.element(inActions)
		}
	case "input":
		n.input()
	case "image":
		n.only("block_id", "image_url", "slack_file", "alt_text", "title")
		n.image()
		n.optionalText("title", plainOnly, maxImageTitle)
	case "rich_text":
		n.only("block_id", "elements")
		n.richText()
	case "markdown":
		n.markdown()
	case "data_visualization":
		n.chartBlock()
	default:
		n.otherBlock()
	}
}

// otherBlock takes documented blocks that this fake does not look into, where they are allowed, and refuses the rest.
func (n node) otherBlock() {
	allowed := map[surface][]string{
		message: {"video", "table", "data_table", "plan", "task_card", "context_actions", "container"},
		modal:   {"video", "alert"},
		home:    {"video", "table", "data_table"},
	}
	if !slices.Contains(allowed[n.c.surface], n.kind()) {
		n.fail("type", "unsupported type: %s", n.kind())
	}
}

func (n node) section() {
	n.only("block_id", "text", "fields", "accessory", "expand")
	n.flags("expand")
	if !n.has("text") && !n.has("fields") {
		n.fail("", "missing required field: text")
	}
	n.optionalText("text", anyText, maxSectionText)
	if n.has("fields") {
		for _, f := range n.items("fields", 1, maxFields) {
			f.textObject(anyText, maxField)
		}
	}
	if e, ok := n.child("accessory"); ok {
		e.element(inSection)
	}
}

func (n node) contextBlock() {
	n.only("block_id", "elements")
	for _, e := range n.items("elements", 1, maxContextItems) {
		if e.kind() == "image" {
			e.only("image_url", "slack_file", "alt_text")
			e.image()
			continue
		}
		e.textObject(anyText, maxSectionText)
	}
}

func (n node) image() {
	n.need("alt_text")
	n.str("alt_text", maxImageAlt)
	n.str("image_url", maxURL)
	if n.has("image_url") == n.has("slack_file") {
		n.fail("", "must provide either image_url or slack_file")
	}
}

// markdown is for messages only.
func (n node) markdown() {
	n.only("block_id", "text")
	n.shown("text", maxMarkdown)
	if n.c.surface != message {
		n.fail("type", "unsupported type: markdown")
	}
}

func (n node) input() {
	n.c.inputs++
	n.only("block_id", "label", "element", "dispatch_action", "hint", "optional")
	n.text("label", plainOnly, maxLabel)
	n.optionalText("hint", plainOnly, maxLabel)
	n.flags("dispatch_action", "optional")
	n.need("element")
	if e, ok := n.child("element"); ok {
		e.element(inInput)
	}
}
