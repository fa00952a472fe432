package slackfake

import "encoding/json"

// The limits of views: https://docs.slack.dev/reference/views/modal-views and
// https://docs.slack.dev/reference/views/home-tab-views.
const (
	maxViewBlocks      = 100
	maxViewTitle       = 24
	maxPrivateMetadata = 3000
	maxViewSize        = 250_000 // bytes
)

// CheckView returns nil when Slack would open this modal, else a *BlockError.
func CheckView(view json.RawMessage) error { return checkView(view, modal, node.modal) }

// CheckHome returns nil when Slack would publish this view on the Home tab, else a *BlockError.
func CheckHome(view json.RawMessage) error { return checkView(view, home, node.home) }

func checkView(view json.RawMessage, where surface, check func(node)) error {
	var m object
	if json.Unmarshal(view, &m) != nil || m == nil {
		return &BlockError{Code: "invalid_arguments", Messages: []string{"[ERROR] must provide an object [json-pointer:/view]"}}
	}
	if len(compact(view)) > maxViewSize {
		return &BlockError{Code: "view_too_large"}
	}
	n := node{c: &checker{surface: where}, at: "/view", m: m}
	check(n)
	if len(n.c.problems) > 0 {
		return &BlockError{Code: "invalid_arguments", Messages: n.c.problems}
	}
	return nil
}

func (n node) modal() {
	n.enum("type", "modal")
	n.need("type", "blocks")
	n.only("title", "blocks", "close", "submit", "private_metadata", "callback_id", "clear_on_close", "notify_on_close", "external_id", "submit_disabled")
	n.text("title", plainOnly, maxViewTitle)
	n.optionalText("submit", plainOnly, maxViewTitle)
	n.optionalText("close", plainOnly, maxViewTitle)
	n.flags("clear_on_close", "notify_on_close", "submit_disabled")
	n.viewParts()
	if n.c.inputs > 0 && !n.has("submit") {
		n.fail("", "missing required field: submit")
	}
}

// home has neither title nor buttons of its own: nothing is submitted.
func (n node) home() {
	n.enum("type", "home")
	n.need("type", "blocks")
	n.only("blocks", "private_metadata", "callback_id", "external_id")
	n.viewParts()
}

// viewParts checks what modals and homes have in common.
func (n node) viewParts() {
	n.str("private_metadata", maxPrivateMetadata)
	n.str("callback_id", maxBlockID)
	n.str("external_id", maxBlockID)
	for _, b := range n.items("blocks", 1, maxViewBlocks) {
		b.block()
	}
}
