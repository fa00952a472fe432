package slackfake

import (
	"encoding/json"
	"strings"
	"testing"
)

func chart(inner string) string {
	return `{"type":"data_visualization","title":"T","chart":{` + inner + `}}`
}

func pie(n int) string {
	return chart(`"type":"pie","segments":[` + many(n, `{"label":"s%d","value":%d.5}`) + `]`)
}

func bars(series, axis string) string {
	return chart(`"type":"bar","series":[` + series + `],"axis_config":{` + axis + `}`)
}

func points(n int) string {
	return `{"name":"n%d","data":[` + strings.ReplaceAll(many(n, `{"label":"c%d","value":-1}`), "%", "") + `]}`
}

func categories(n int) string { return `"categories":[` + many(n, `"c%d"`) + `]` }

// TestChartLimits has, for each limit of a chart, the largest that Slack takes
// and the smallest that it refuses.
func TestChartLimits(t *testing.T) {
	one := points(1)
	tests := []struct{ name, good, bad string }{
		{"charts", pie(1) + "," + pie(1), pie(1) + "," + pie(1) + "," + pie(1)},
		{"title", strings.Replace(pie(1), `"T"`, `"`+x(50)+`"`, 1), strings.Replace(pie(1), `"T"`, `"`+x(51)+`"`, 1)},
		{"a title", pie(1), strings.Replace(pie(1), `"T"`, `""`, 1)},
		{"a chart", pie(1), `{"type":"data_visualization","title":"T"}`},
		{"kinds", strings.Replace(bars(one, categories(1)), `"bar"`, `"line"`, 1), strings.Replace(bars(one, categories(1)), `"bar"`, `"donut"`, 1)},
		{"segments", pie(6), pie(7)},
		{"no segments", pie(1), pie(0)},
		{"segment label", strings.Replace(pie(1), `"s0"`, `"`+x(20)+`"`, 1), strings.Replace(pie(1), `"s0"`, `"`+x(21)+`"`, 1)},
		{"segment value", pie(1), strings.Replace(pie(1), "0.5", "0", 1)},
		{"series", bars(many(6, one), categories(1)), bars(many(7, one), categories(1))},
		{"series name", bars(strings.Replace(one, "n%d", x(20), 1), categories(1)), bars(strings.Replace(one, "n%d", x(21), 1), categories(1))},
		{"series names differ", bars(many(2, one), categories(1)), bars(one+","+one, categories(1))},
		{"points", bars(points(20), categories(20)), bars(points(21), categories(21))},
		{"a point for each category", bars(points(2), categories(2)), bars(points(2), categories(3))},
		{"a category for each point", bars(points(2), categories(2)), bars(points(2), categories(1))},
		{"each category once", bars(points(2), categories(2)), bars(strings.Replace(points(2), "c1", "c0", 1), categories(2))},
		{"category", bars(strings.ReplaceAll(one, "c0", x(20)), `"categories":["`+x(20)+`"]`), bars(strings.ReplaceAll(one, "c0", x(21)), `"categories":["`+x(21)+`"]`)},
		{"axis label", bars(one, categories(1)+`,"x_label":"`+x(50)+`"`), bars(one, categories(1)+`,"y_label":"`+x(51)+`"`)},
		{"axis", bars(one, categories(1)), chart(`"type":"bar","series":[` + one + `]`)},
	}
	for _, tt := range tests {
		if err := CheckBlocks(json.RawMessage("[" + tt.good + "]")); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if CheckBlocks(json.RawMessage("["+tt.bad+"]")) == nil {
			t.Errorf("%s: taken", tt.name)
		}
	}
	if CheckView(json.RawMessage(`{"type":"modal","title":`+plain(1)+`,"blocks":[`+pie(1)+`]}`)) == nil {
		t.Error("a chart in a modal was taken")
	}
}

// TestTranscriptChart shows charts and menus in words.
func TestTranscriptChart(t *testing.T) {
	menu := `{"type":"static_select","action_id":"m","initial_option":{"text":` + plain(2) + `,"value":"b"},"options":[` +
		option(1, 1) + `,{"text":` + plain(2) + `,"value":"b"},{"text":` + plain(3) + `,"value":"c","description":` + plain(4) + `}]}`
	blocks := "[" + pie(2) + "," + bars(points(2), categories(2)) + "," + actions(strings.Replace(menu, `"value":"b"}`, `"value":"b"}`, 1)) + "]"
	want := "[pie chart: T]\ns0 0.5\ns1 1.5\n[bar chart: T]\nn%d: c0 -1, c1 -1\n( x | *xx | xxx - xxxx )\n"
	if err := CheckBlocks(json.RawMessage(blocks)); err != nil {
		t.Fatal(err)
	}
	if got := Render(json.RawMessage(blocks), func(id string) string { return id }, nil); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
