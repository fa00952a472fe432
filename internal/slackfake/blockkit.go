package slackfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The sizes of a message: https://docs.slack.dev/reference/block-kit/blocks. The last two are not documented; they fit
// the two measurements of https://github.com/slackapi/bolt-js/issues/2509 (13,297 characters in one block, 125 fewer
// with a divider beside it), rounded down.
const (
	maxMessageBlocks = 50
	maxMessageChars  = 13_200
	charsPerBlock    = 125
	maxBlockID       = 255
)

// BlockError is how Slack refuses blocks or a view.
type BlockError struct {
	Code     string   // invalid_blocks, invalid_blocks_format, msg_blocks_too_long, invalid_arguments or view_too_large
	Messages []string // what is wrong and where, for the answer's response_metadata
}

func (e *BlockError) Error() string {
	return strings.Join(append([]string{e.Code}, e.Messages...), "; ")
}

// CheckBlocks returns nil when Slack would take these blocks in a message, else a *BlockError.
func CheckBlocks(blocks json.RawMessage) error {
	var list []any
	if json.Unmarshal(blocks, &list) != nil {
		return &BlockError{Code: "invalid_blocks_format"}
	}
	c := &checker{surface: message}
	root := node{c: c, m: object{"blocks": list}}
	nodes := root.items("blocks", 0, maxMessageBlocks)
	for _, b := range nodes {
		b.block()
	}
	if len(c.problems) > 0 {
		return &BlockError{Code: "invalid_blocks", Messages: c.problems}
	}
	if c.chars+charsPerBlock*(max(len(nodes), 1)-1) > maxMessageChars {
		return &BlockError{Code: "msg_blocks_too_long"}
	}
	return nil
}

// surface is where blocks are shown.
type surface int

const (
	message surface = iota
	modal
	home
)

// checker gathers what is wrong while it walks through a tree of JSON.
type checker struct {
	surface  surface
	problems []string
	blockIDs map[string]bool
	actions  map[string]bool // action_ids of the block that is being walked through
	chars    int             // text that people read
	inputs   int
	charts   int
}

// node is one JSON object and where it stands.
type node struct {
	c  *checker
	at string // JSON pointer
	m  object
}

// fail notes a problem in the words Slack uses in response_metadata.messages.
func (n node) fail(key, format string, args ...any) {
	at := n.at
	if key != "" {
		at += "/" + key
	}
	n.c.problems = append(n.c.problems, fmt.Sprintf("[ERROR] "+format+" [json-pointer:"+at+"]", args...))
}

func (n node) has(key string) bool { return n.m[key] != nil }

func (n node) kind() string {
	k, _ := n.m["type"].(string)
	return k
}

// need refuses a node without these fields.
func (n node) need(keys ...string) {
	for _, k := range keys {
		if !n.has(k) {
			n.fail("", "missing required field: %s", k)
		}
	}
}

// only refuses every other field; type is always allowed.
func (n node) only(keys ...string) {
	for _, k := range slices.Sorted(maps.Keys(n.m)) {
		if k != "type" && !slices.Contains(keys, k) {
			n.fail("", "invalid additional property: %s", k)
		}
	}
}

// str checks an optional string.
func (n node) str(key string, limit int) string {
	if !n.has(key) {
		return ""
	}
	s, ok := n.m[key].(string)
	switch size := utf8.RuneCountInString(s); {
	case !ok:
		n.fail(key, "must be a string")
	case size > limit:
		n.fail(key, "must be less than %d characters", limit+1)
	}
	return s
}

// enum checks an optional string that must be one of a few.
func (n node) enum(key string, allowed ...string) {
	if n.has(key) && !slices.Contains(allowed, n.str(key, maxBlockID)) {
		n.fail(key, "must be a valid enum value")
	}
}

// flags checks optional booleans.
func (n node) flags(keys ...string) {
	for _, k := range keys {
		if _, ok := n.m[k].(bool); n.has(k) && !ok {
			n.fail(k, "must be a boolean")
		}
	}
}

// whole checks an optional whole number between two bounds.
func (n node) whole(key string, low, high float64) {
	if !n.has(key) {
		return
	}
	v, ok := n.m[key].(float64)
	if !ok || v != float64(int64(v)) || v < low || v > high {
		n.fail(key, "must be a whole number from %.0f to %.0f", low, high)
	}
}

// child returns the object under a key; ok is false when there is none.
func (n node) child(key string) (node, bool) {
	if !n.has(key) {
		return node{}, false
	}
	m, ok := n.m[key].(object)
	if !ok {
		n.fail(key, "must be an object")
	}
	return node{c: n.c, at: n.at + "/" + key, m: m}, ok
}

// items returns the objects of an array whose length must be within bounds. A missing array counts as empty.
func (n node) items(key string, low, high int) []node {
	list, ok := n.m[key].([]any)
	switch {
	case n.has(key) && !ok:
		n.fail(key, "must be an array")
	case len(list) > high:
		n.fail(key, "no more than %d items allowed", high)
	case len(list) < low:
		n.fail(key, "no fewer than %d items allowed", low)
	}
	out := make([]node, 0, len(list))
	for i, v := range list {
		at := n.at + "/" + key + "/" + strconv.Itoa(i)
		m, ok := v.(object)
		if !ok {
			node{c: n.c, at: at}.fail("", "must be an object")
			continue
		}
		out = append(out, node{c: n.c, at: at, m: m})
	}
	return out
}

// Which text objects a place takes: https://docs.slack.dev/reference/block-kit/composition-objects/text-object.
const (
	plainOnly = true
	anyText   = false
)

// text checks a text object that must be there.
func (n node) text(key string, plain bool, limit int) {
	if !n.has(key) {
		n.fail("", "missing required field: %s", key)
		return
	}
	n.optionalText(key, plain, limit)
}

func (n node) optionalText(key string, plain bool, limit int) {
	if t, ok := n.child(key); ok {
		t.textObject(plain, limit)
	}
}

func (n node) textObject(plain bool, limit int) {
	switch n.kind() {
	case "plain_text":
		n.only("text", "emoji")
		n.flags("emoji")
	case "mrkdwn":
		if plain {
			n.fail("type", "must be plain_text here")
		}
		n.only("text", "verbatim")
		n.flags("verbatim")
	default:
		n.fail("type", "must be a valid enum value")
	}
	n.shown("text", limit)
}

// shown checks a required string that people read.
func (n node) shown(key string, limit int) {
	n.need(key)
	s := n.str(key, limit)
	n.c.chars += utf8.RuneCountInString(s)
	if n.has(key) && s == "" {
		n.fail(key, "must be more than 0 characters")
	}
}

// once checks an id that must be given once among others of its kind.
func (n node) once(key string, seen *map[string]bool) {
	id := n.str(key, maxBlockID)
	if id == "" {
		return
	}
	if (*seen)[id] {
		n.fail(key, "%s %q already exists", key, id)
	}
	if *seen == nil {
		*seen = map[string]bool{}
	}
	(*seen)[id] = true
}

// compact is the JSON without the spaces that do not count.
func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
