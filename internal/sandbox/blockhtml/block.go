package blockhtml

import (
	"encoding/json"
	"strings"
)

// block is any block, element or part of rich text as JSON has it. Which
// fields are set depends on the type.
type block struct {
	Type      string      `json:"type"`
	BlockID   string      `json:"block_id"`
	ActionID  string      `json:"action_id"`
	Text      text        `json:"text"`
	Style     style       `json:"style"`
	Fields    []text      `json:"fields"`
	Elements  []block     `json:"elements"`
	Accessory *block      `json:"accessory"`
	Element   *block      `json:"element"`
	Label     text        `json:"label"`
	Hint      text        `json:"hint"`
	Title     text        `json:"title"`
	Holder    text        `json:"placeholder"`
	Spoken    string      `json:"accessibility_label"`
	Optional  bool        `json:"optional"`
	Value     string      `json:"value"`
	URL       string      `json:"url"`
	Confirm   *confirm    `json:"confirm"`
	Options   []option    `json:"options"`
	Chosen    option      `json:"initial_option"`
	Initial   string      `json:"initial_value"`
	Multiline bool        `json:"multiline"`
	Min       int         `json:"min_length"`
	Max       int         `json:"max_length"`
	Alt       string      `json:"alt_text"`
	User      string      `json:"user_id"`
	Group     string      `json:"usergroup_id"`
	Channel   string      `json:"channel_id"`
	Name      string      `json:"name"`
	Unicode   string      `json:"unicode"`
	Range     string      `json:"range"`
	Stamp     json.Number `json:"timestamp"`
	Format    string      `json:"format"`
	Fallback  string      `json:"fallback"`
	Indent    int         `json:"indent"`
	Offset    int         `json:"offset"`
	Chart     chart       `json:"chart"`
}

type confirm struct {
	Title text   `json:"title"`
	Text  text   `json:"text"`
	Yes   text   `json:"confirm"`
	No    text   `json:"deny"`
	Style string `json:"style"`
}

type option struct {
	Text  text   `json:"text"`
	Below text   `json:"description"`
	Value string `json:"value"`
}

// text is a text object, or the bare string that parts of rich text have.
type text struct {
	Type string
	Text string
}

// UnmarshalJSON takes both forms.
func (t *text) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, &t.Text)
	}
	var o struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	err := json.Unmarshal(raw, &o)
	t.Type, t.Text = o.Type, o.Text
	return err
}

// String is the text where no markup is read.
func (t text) String() string { return unescape(t.Text) }

// style is that of a button or list, which is a word, or of a part of rich
// text, which is a set of flags.
type style struct {
	Word      string `json:"-"`
	Bold      bool   `json:"bold"`
	Italic    bool   `json:"italic"`
	Strike    bool   `json:"strike"`
	Code      bool   `json:"code"`
	Underline bool   `json:"underline"`
}

// UnmarshalJSON takes both forms.
func (s *style) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, &s.Word)
	}
	type flags style
	return json.Unmarshal(raw, (*flags)(s))
}

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
