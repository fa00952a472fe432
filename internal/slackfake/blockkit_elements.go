package slackfake

import (
	"slices"
	"strings"
)

// The limits of elements: https://docs.slack.dev/reference/block-kit/block-elements and composition-objects.
const (
	maxButtonText    = 75
	maxButtonValue   = 2000
	maxAccessibility = 75
	maxOptions       = 100
	maxOptionText    = 75
	maxOptionValue   = 150
	maxOverflow      = 5
	maxChoices       = 10
	maxPlaceholder   = 150
	maxInputText     = 3000
	maxConfirmTitle  = 100
	maxConfirmText   = 300
	maxConfirmButton = 30
)

// place is where an element stands.
type place string

const (
	inActions place = "an actions block"
	inSection place = "a section"
	inInput   place = "an input"
)

// places says where an element is allowed, and is nil for elements that do not exist.
func places(kind string) []place {
	base, multi := strings.CutPrefix(kind, "multi_")
	switch base {
	case "button", "overflow", "workflow_button":
		if !multi {
			return []place{inActions, inSection}
		}
	case "static_select", "external_select", "users_select", "conversations_select", "channels_select":
		if multi {
			return []place{inSection, inInput}
		}
		return []place{inActions, inSection, inInput}
	}
	switch kind {
	case "datepicker", "timepicker", "checkboxes", "radio_buttons":
		return []place{inActions, inSection, inInput}
	case "datetimepicker":
		return []place{inActions, inInput}
	case "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input":
		return []place{inInput}
	case "image":
		return []place{inSection}
	}
	return nil
}

// element checks one element where it stands.
func (n node) element(where place) {
	allowed := places(n.kind())
	if allowed == nil {
		n.fail("type", "unsupported type: %s", n.kind())
		return
	}
	if !slices.Contains(allowed, where) {
		n.fail("type", "%s is not allowed in %s", n.kind(), where)
	}
	n.once("action_id", &n.c.actions)
	n.optionalText("placeholder", plainOnly, maxPlaceholder)
	n.flags("focus_on_load")
	if c, ok := n.child("confirm"); ok {
		c.confirm()
	}
	n.elementOfKind()
}

func (n node) elementOfKind() {
	switch n.kind() {
	case "button":
		n.button()
	case "image":
		n.only("image_url", "slack_file", "alt_text")
		n.image()
	case "static_select", "multi_static_select":
		n.menu()
	case "overflow":
		n.only("action_id", "options", "confirm")
		n.options(maxOverflow)
	case "checkboxes", "radio_buttons":
		n.only("action_id", "options", "initial_option", "initial_options", "confirm", "focus_on_load")
		n.options(maxChoices)
	case "plain_text_input":
		n.only("action_id", "initial_value", "multiline", "min_length", "max_length", "dispatch_action_config", "focus_on_load", "placeholder")
		n.flags("multiline")
		n.str("initial_value", maxInputText)
		n.whole("min_length", 0, maxInputText)
		n.whole("max_length", 1, maxInputText)
	}
}

func (n node) button() {
	n.only("text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
	n.text("text", plainOnly, maxButtonText)
	n.str("value", maxButtonValue)
	n.str("url", maxURL)
	n.str("accessibility_label", maxAccessibility)
	n.enum("style", "primary", "danger")
}

// menu has options or groups of options, not both.
func (n node) menu() {
	n.only("action_id", "options", "option_groups", "initial_option", "initial_options", "confirm", "focus_on_load", "placeholder", "max_selected_items")
	n.initial()
	if n.has("options") == n.has("option_groups") {
		n.fail("", "must provide either options or option_groups")
		return
	}
	if n.has("options") {
		n.options(maxOptions)
		return
	}
	for _, g := range n.items("option_groups", 1, maxOptions) {
		g.only("label", "options")
		g.text("label", plainOnly, maxOptionText)
		g.options(maxOptions)
	}
}

// options of checkboxes and radio buttons may have mrkdwn, those of menus not:
// https://docs.slack.dev/reference/block-kit/composition-objects/option-object.
func (n node) options(high int) {
	plain := n.kind() != "checkboxes" && n.kind() != "radio_buttons"
	for _, o := range n.items("options", 1, high) {
		o.only("text", "value", "description", "url")
		o.text("text", plain, maxOptionText)
		o.need("value")
		o.str("value", maxOptionValue)
		o.optionalText("description", plain, maxOptionText)
	}
}

// initial is an option that "exactly matches one of the options":
// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#static_select.
func (n node) initial() {
	first, ok := n.child("initial_option")
	if !ok {
		return
	}
	same := func(o object) bool { return string(encode(o)) == string(encode(first.m)) }
	if !slices.ContainsFunc(optionsOf(n.m), same) {
		first.fail("", "must be one of the options")
	}
}

// confirm is a dialog in plain text: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object.
func (n node) confirm() {
	n.only("title", "text", "confirm", "deny", "style")
	n.text("title", plainOnly, maxConfirmTitle)
	n.text("text", plainOnly, maxConfirmText)
	n.text("confirm", plainOnly, maxConfirmButton)
	n.text("deny", plainOnly, maxConfirmButton)
	n.enum("style", "primary", "danger")
}
