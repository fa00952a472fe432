package slackfake

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
)

func x(n int) string { return strings.Repeat("x", n) }

func plain(n int) string { return `{"type":"plain_text","text":"` + x(n) + `"}` }

func mrk(n int) string { return `{"type":"mrkdwn","text":"` + x(n) + `"}` }

// many repeats a piece of JSON; %d in it is the index.
func many(n int, piece string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.ReplaceAll(piece, "%d", strconv.Itoa(i))
	}
	return strings.Join(out, ",")
}

func section(text string) string { return `{"type":"section","text":` + text + `}` }

func actions(elements string) string { return `{"type":"actions","elements":[` + elements + `]}` }

func button(fields string) string {
	return `{"type":"button","text":` + plain(1) + strings.TrimSuffix(","+fields, ",") + `}`
}

func confirm(title, text, yes string) string {
	return button(`"confirm":{"title":` + title + `,"text":` + text + `,"confirm":` + yes + `,"deny":` + plain(2) + `}`)
}

func rich(elements string) string { return `{"type":"rich_text","elements":[` + elements + `]}` }

func line(inline string) string {
	return rich(`{"type":"rich_text_section","elements":[` + inline + `]}`)
}

func sel(options string) string {
	return `{"type":"static_select","action_id":"s","options":[` + options + `]}`
}

func grouped(options string) string {
	return `{"type":"static_select","action_id":"s","option_groups":[{"label":` + plain(1) + `,"options":[` + options + `]}]}`
}

func choice(kind string, n int) string {
	return `{"type":"` + kind + `","action_id":"c","options":[` + many(n, option(1, 1)) + `]}`
}

func option(text, value int) string {
	return `{"text":` + plain(text) + `,"value":"` + x(value) + `"}`
}

func described(text string) string {
	return `{"text":` + plain(1) + `,"value":"x","description":` + text + `}`
}

// first is a menu with one option, x, and an initial option.
func first(value string) string {
	return strings.Replace(sel(option(1, 1)), `"options"`, `"initial_option":{"value":"`+value+`","text":`+plain(1)+`},"options"`, 1)
}

// TestBlockLimits has, for each limit, the largest that Slack takes and the smallest that it refuses.
func TestBlockLimits(t *testing.T) {
	tests := []struct{ name, good, bad string }{
		{"blocks", many(50, `{"type":"divider"}`), many(51, `{"type":"divider"}`)},
		{"section text", section(mrk(3000)), section(mrk(3001))},
		{"section text is needed", section(mrk(1)), `{"type":"section"}`},
		{"text is not empty", section(mrk(1)), section(mrk(0))},
		{"text has a type", section(plain(1)), section(`{"text":"x"}`)},
		{"emoji is for plain text", section(`{"type":"plain_text","text":"x","emoji":false}`), section(`{"type":"mrkdwn","text":"x","emoji":false}`)},
		{"verbatim is for mrkdwn", section(`{"type":"mrkdwn","text":"x","verbatim":true}`), section(`{"type":"plain_text","text":"x","verbatim":true}`)},
		{"fields", `{"type":"section","fields":[` + many(10, mrk(1)) + `]}`, `{"type":"section","fields":[` + many(11, mrk(1)) + `]}`},
		{"no fields", `{"type":"section","fields":[` + mrk(1) + `]}`, `{"type":"section","fields":[]}`},
		{"field text", `{"type":"section","fields":[` + plain(2000) + `]}`, `{"type":"section","fields":[` + plain(2001) + `]}`},
		{"header", `{"type":"header","text":` + plain(150) + `}`, `{"type":"header","text":` + plain(151) + `}`},
		{"header is plain", `{"type":"header","text":` + plain(1) + `}`, `{"type":"header","text":` + mrk(1) + `}`},
		{"context", `{"type":"context","elements":[` + many(10, mrk(1)) + `]}`, `{"type":"context","elements":[` + many(11, mrk(1)) + `]}`},
		{"context takes text and images", `{"type":"context","elements":[{"type":"image","image_url":"https://x.example/i","alt_text":"i"}]}`, `{"type":"context","elements":[` + button("") + `]}`},
		{"actions", actions(many(25, button(""))), actions(many(26, button("")))},
		{"no actions", actions(button("")), actions("")},
		{"button text", actions(strings.Replace(button(""), plain(1), plain(75), 1)), actions(strings.Replace(button(""), plain(1), plain(76), 1))},
		{"button text is plain", actions(button("")), actions(strings.Replace(button(""), plain(1), mrk(1), 1))},
		{"button value", actions(button(`"value":"` + x(2000) + `"`)), actions(button(`"value":"` + x(2001) + `"`))},
		{"button url", actions(button(`"url":"` + x(3000) + `"`)), actions(button(`"url":"` + x(3001) + `"`))},
		{"button label", actions(button(`"accessibility_label":"` + x(75) + `"`)), actions(button(`"accessibility_label":"` + x(76) + `"`))},
		{"button style", actions(button(`"style":"danger"`)), actions(button(`"style":"default"`))},
		{"action_id", actions(button(`"action_id":"` + x(255) + `"`)), actions(button(`"action_id":"` + x(256) + `"`))},
		{"block_id", `{"type":"divider","block_id":"` + x(255) + `"}`, `{"type":"divider","block_id":"` + x(256) + `"}`},
		{"block_id twice", many(2, `{"type":"divider","block_id":"%d"}`), many(2, `{"type":"divider","block_id":"b"}`)},
		{"action_id twice", actions(many(2, button(`"action_id":"%d"`))), actions(many(2, button(`"action_id":"a"`)))},
		{"confirm title", actions(confirm(plain(100), plain(1), plain(1))), actions(confirm(plain(101), plain(1), plain(1)))},
		{"confirm text", actions(confirm(plain(1), plain(300), plain(1))), actions(confirm(plain(1), plain(301), plain(1)))},
		{"confirm button", actions(confirm(plain(1), plain(1), plain(30))), actions(confirm(plain(1), plain(1), plain(31)))},
		{"confirm is plain", actions(confirm(plain(1), plain(1), plain(1))), actions(confirm(plain(1), mrk(1), plain(1)))},
		{"options", actions(sel(many(100, option(1, 1)))), actions(sel(many(101, option(1, 1))))},
		{"no options", actions(sel(option(1, 1))), actions(sel(""))},
		{"option text", actions(sel(option(75, 1))), actions(sel(option(76, 1)))},
		{"option value", actions(sel(option(1, 150))), actions(sel(option(1, 151)))},
		{"option description", actions(sel(described(plain(75)))), actions(sel(described(plain(76))))},
		{"option text is plain", actions(sel(option(1, 1))), actions(sel(`{"text":` + mrk(1) + `,"value":"x"}`))},
		{"option description is plain", actions(sel(described(plain(1)))), actions(sel(described(mrk(1))))},
		{"initial option", actions(first("x")), actions(first("y"))},
		{"menu fields", actions(sel(option(1, 1))), actions(strings.Replace(sel(option(1, 1)), `"options"`, `"value":"x","options"`, 1))},
		{"option groups", actions(grouped(option(1, 1))), actions(grouped(option(76, 1)))},
		{"options or groups", actions(grouped(option(1, 1))), actions(`{"type":"static_select","action_id":"s"}`)},
		{"options and groups", actions(sel(option(1, 1))), actions(`{"type":"static_select","options":[` + option(1, 1) + `],"option_groups":[]}`)},
		{"date and time pickers are not for sections", actions(`{"type":"datetimepicker"}`), `{"type":"section","text":` + mrk(1) + `,"accessory":{"type":"datetimepicker"}}`},
		{"text is an object", section(mrk(1)), section(`"x"`)},
		{"elements are a list", actions(button("")), `{"type":"actions","elements":{}}`},
		{"overflow", actions(choice("overflow", 5)), actions(choice("overflow", 6))},
		{"radio buttons", actions(choice("radio_buttons", 10)), actions(choice("radio_buttons", 11))},
		{"multi menus are not for actions", section(mrk(1)) + "," + actions(`{"type":"users_select"}`), actions(`{"type":"multi_users_select"}`)},
		{"accessory", `{"type":"section","text":` + mrk(1) + `,"accessory":` + button("") + `}`, `{"type":"section","text":` + mrk(1) + `,"accessory":{"type":"number_input"}}`},
		{"documented but not looked into", `{"type":"table","rows":[]}`, `{"type":"alert"}`},
		{"image alt", `{"type":"image","image_url":"u","alt_text":"` + x(2000) + `"}`, `{"type":"image","image_url":"u","alt_text":"` + x(2001) + `"}`},
		{"image source", `{"type":"image","image_url":"u","alt_text":"a"}`, `{"type":"image","alt_text":"a"}`},
		{"markdown", `{"type":"markdown","text":"` + x(12_000) + `"}`, `{"type":"markdown","text":"` + x(12_001) + `"}`},
		{"unknown block", `{"type":"divider"}`, `{"type":"shout"}`},
		{"no type", `{"type":"divider"}`, `{}`},
		{"unknown field", `{"type":"divider"}`, `{"type":"divider","colour":"red"}`},
		{"unknown element", actions(button("")), actions(`{"type":"shout"}`)},
		{"input element in actions", actions(button("")), actions(`{"type":"plain_text_input","action_id":"a"}`)},
		{"input has a label", `{"type":"input","label":` + plain(1) + `,"element":{"type":"plain_text_input"}}`, `{"type":"input","element":{"type":"plain_text_input"}}`},
		{"input holds no button", `{"type":"input","label":` + plain(1) + `,"element":{"type":"email_text_input"}}`, `{"type":"input","label":` + plain(1) + `,"element":` + button("") + `}`},
		{"block is an object", `{"type":"divider"}`, `7`},
		{"rich text element", rich(`{"type":"rich_text_quote","elements":[]}`), rich(`{"type":"rich_text_shout","elements":[]}`)},
		{"rich text is not empty", line(`{"type":"text","text":"x"}`), rich("")},
		{"rich text part", line(`{"type":"user","user_id":"U1"}`), line(`{"type":"user","id":"U1"}`)},
		{"rich text text", line(`{"type":"text","text":"x","style":{"bold":true}}`), line(`{"type":"text","text":""}`)},
		{"rich text style", line(`{"type":"text","text":"x","style":{"code":true}}`), line(`{"type":"text","text":"x","style":{"loud":true}}`)},
		{"rich text link", line(`{"type":"link","url":"https://x.example"}`), line(`{"type":"link","text":"x"}`)},
		{"rich text date", line(`{"type":"date","timestamp":1772633000,"format":"{time}"}`), line(`{"type":"date","timestamp":"1772633000","format":"{time}"}`)},
		{"rich text group", line(`{"type":"usergroup","usergroup_id":"S1"}`), line(`{"type":"usergroup"}`)},
		{"rich text channel", line(`{"type":"channel","channel_id":"C1"}`), line(`{"type":"channel","channel_id":"C1","name":"x"}`)},
		{"rich text broadcast", line(`{"type":"broadcast","range":"here"}`), line(`{"type":"broadcast","range":"all"}`)},
		{"rich text color", line(`{"type":"color","value":"#fff"}`), line(`{"type":"color"}`)},
		{"rich text unknown part", line(`{"type":"emoji","name":"wave"}`), line(`{"type":"mrkdwn","text":"x"}`)},
		{"preformatted holds no user", rich(`{"type":"rich_text_preformatted","elements":[{"type":"text","text":"x"}]}`), rich(`{"type":"rich_text_preformatted","elements":[{"type":"user","user_id":"U1"}]}`)},
		{"list style", rich(`{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[]}]}`), rich(`{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[]}]}`)},
		{"list indent", rich(`{"type":"rich_text_list","style":"bullet","indent":8,"elements":[{"type":"rich_text_section","elements":[]}]}`), rich(`{"type":"rich_text_list","style":"bullet","indent":9,"elements":[{"type":"rich_text_section","elements":[]}]}`)},
		{"list of sections", rich(`{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[]}]}`), rich(`{"type":"rich_text_list","style":"bullet","elements":[{"type":"text","text":"x"}]}`)},
	}
	for _, tt := range tests {
		if err := CheckBlocks(json.RawMessage("[" + tt.good + "]")); err != nil {
			t.Errorf("%s: refused: %v", tt.name, err)
		}
		be, ok := errors.AsType[*BlockError](CheckBlocks(json.RawMessage("[" + tt.bad + "]")))
		if !ok || be.Code != "invalid_blocks" || len(be.Messages) == 0 {
			t.Errorf("%s: taken, or refused as %v", tt.name, be)
		}
	}
}

func TestBlocksTogether(t *testing.T) {
	text := section(mrk(3000))
	tests := []struct {
		name, blocks string
		want         bool
	}{
		{"four full sections", many(4, text), true},
		{"4 x 3,000 and 825 with 4 x 125 for the blocks: 13,325", many(4, text) + "," + section(mrk(825)), false},
		{"4 x 3,000 and 700 with 4 x 125 for the blocks: 13,200", many(4, text) + "," + section(mrk(700)), true},
		{"rich text counts", line(`{"type":"text","text":"` + x(13_200) + `"},{"type":"text","text":"x"}`), false},
	}
	for _, tt := range tests {
		err := CheckBlocks(json.RawMessage("[" + tt.blocks + "]"))
		be, _ := errors.AsType[*BlockError](err)
		if (err == nil) != tt.want || (be != nil && be.Code != "msg_blocks_too_long") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestBlocksCountCharacters(t *testing.T) {
	text := section(`{"type":"mrkdwn","text":"` + strings.Repeat("é", 3000) + `"}`)
	if err := CheckBlocks(json.RawMessage("[" + text + "]")); err != nil {
		t.Error(err)
	}
}

func modalOf(fields string) string {
	return `{"type":"modal","title":` + plain(1) + `,"blocks":[{"type":"divider"}]` + strings.TrimSuffix(","+fields, ",") + `}`
}

func TestViewLimits(t *testing.T) {
	input := `{"type":"input","label":` + plain(1) + `,"element":{"type":"plain_text_input","action_id":"a"%s}}`
	withInput := func(extra, submit string) string {
		return `{"type":"modal","title":` + plain(1) + `,"blocks":[` + strings.Replace(input, "%s", extra, 1) + `]` + submit + `}`
	}
	submit := `,"submit":` + plain(1)
	tests := []struct{ name, good, bad string }{
		{"title", strings.Replace(modalOf(""), plain(1), plain(24), 1), strings.Replace(modalOf(""), plain(1), plain(25), 1)},
		{"title is plain", modalOf(""), strings.Replace(modalOf(""), plain(1), mrk(1), 1)},
		{"title is needed", modalOf(""), `{"type":"modal","blocks":[{"type":"divider"}]}`},
		{"submit", modalOf(`"submit":` + plain(24)), modalOf(`"submit":` + plain(25))},
		{"close", modalOf(`"close":` + plain(24)), modalOf(`"close":` + plain(25))},
		{"private_metadata", modalOf(`"private_metadata":"` + x(3000) + `"`), modalOf(`"private_metadata":"` + x(3001) + `"`)},
		{"callback_id", modalOf(`"callback_id":"` + x(255) + `"`), modalOf(`"callback_id":"` + x(256) + `"`)},
		{"external_id", modalOf(`"external_id":"` + x(255) + `"`), modalOf(`"external_id":"` + x(256) + `"`)},
		{"flags", modalOf(`"notify_on_close":true`), modalOf(`"notify_on_close":"true"`)},
		{"unknown field", modalOf(""), modalOf(`"colour":"red"`)},
		{"type", modalOf(""), strings.Replace(modalOf(""), "modal", "popup", 1)},
		{"blocks", strings.Replace(modalOf(""), `{"type":"divider"}`, many(100, `{"type":"divider"}`), 1), strings.Replace(modalOf(""), `{"type":"divider"}`, many(101, `{"type":"divider"}`), 1)},
		{"no blocks", modalOf(""), strings.Replace(modalOf(""), `{"type":"divider"}`, "", 1)},
		{"markdown is for messages", strings.Replace(modalOf(""), `{"type":"divider"}`, section(mrk(1)), 1), strings.Replace(modalOf(""), `{"type":"divider"}`, `{"type":"markdown","text":"x"}`, 1)},
		{"tables are for messages", modalOf(""), strings.Replace(modalOf(""), `{"type":"divider"}`, `{"type":"table","rows":[]}`, 1)},
		{"an input needs a submit button", withInput("", submit), withInput("", "")},
		{"longest input", withInput(`,"max_length":3000`, submit), withInput(`,"max_length":3001`, submit)},
		{"initial value", withInput(`,"initial_value":"`+x(3000)+`"`, submit), withInput(`,"initial_value":"`+x(3001)+`"`, submit)},
		{"placeholder", withInput(`,"placeholder":`+plain(150), submit), withInput(`,"placeholder":`+plain(151), submit)},
	}
	for _, tt := range tests {
		if err := CheckView(json.RawMessage(tt.good)); err != nil {
			t.Errorf("%s: refused: %v", tt.name, err)
		}
		be, ok := errors.AsType[*BlockError](CheckView(json.RawMessage(tt.bad)))
		if !ok || be.Code != "invalid_arguments" {
			t.Errorf("%s: taken, or refused as %v", tt.name, be)
		}
	}
	if be, ok := errors.AsType[*BlockError](CheckView(json.RawMessage("7"))); !ok || be.Code != "invalid_arguments" {
		t.Errorf("a view that is a number: %v", be)
	}
	large := modalOf(`"private_metadata":"` + x(maxViewSize) + `"`)
	if be, ok := errors.AsType[*BlockError](CheckView(json.RawMessage(large))); !ok || be.Code != "view_too_large" {
		t.Errorf("a view over 250 kB: %v", be)
	}
}
