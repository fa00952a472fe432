package slackfake

import (
	"slices"
	"unicode/utf8"
)

// The limits of charts: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
const (
	maxCharts      = 2 // in a message
	maxChartTitle  = 50
	maxChartLabel  = 20
	maxChartAxis   = 50
	maxChartParts  = 6 // segments of a pie, series of the others
	maxChartPoints = 20
)

// chartBlock checks a data_visualization block, which is for messages only.
func (n node) chartBlock() {
	n.only("block_id", "title", "chart")
	n.shown("title", maxChartTitle)
	n.need("chart")
	if n.c.surface != message {
		n.fail("type", "unsupported type: data_visualization")
	}
	if n.c.charts++; n.c.charts > maxCharts {
		n.fail("type", "no more than %d charts allowed in a message", maxCharts)
	}
	c, ok := n.child("chart")
	if !ok {
		return
	}
	switch c.kind() {
	case "pie":
		c.pie()
	case "bar", "area", "line":
		c.series()
	default:
		c.fail("type", "must be a valid enum value")
	}
}

func (n node) pie() {
	n.only("segments")
	for _, e := range n.items("segments", 1, maxChartParts) {
		e.only("label", "value")
		e.shown("label", maxChartLabel)
		if v, ok := e.m["value"].(float64); !ok || v <= 0 {
			e.fail("value", "must be a number greater than 0")
		}
	}
}

func (n node) series() {
	n.only("series", "axis_config")
	n.need("axis_config")
	axis, ok := n.child("axis_config")
	if !ok {
		return
	}
	categories := axis.axis()
	var names map[string]bool
	for _, e := range n.items("series", 1, maxChartParts) {
		e.only("name", "data")
		e.shown("name", maxChartLabel)
		e.once("name", &names)
		e.points(categories)
	}
}

// axis returns the categories.
func (n node) axis() []string {
	n.only("categories", "x_label", "y_label")
	n.str("x_label", maxChartAxis)
	n.str("y_label", maxChartAxis)
	list, _ := n.m["categories"].([]any)
	if len(list) == 0 || len(list) > maxChartPoints {
		n.fail("categories", "must have from 1 to %d items", maxChartPoints)
	}
	var out []string
	for _, v := range list {
		s, _ := v.(string)
		if size := utf8.RuneCountInString(s); size == 0 || size > maxChartLabel || slices.Contains(out, s) {
			n.fail("categories", "must be different texts of 1 to %d characters", maxChartLabel)
		}
		out = append(out, s)
	}
	return out
}

// points checks that there is exactly one point for every category.
func (n node) points(categories []string) {
	var seen []string
	for _, p := range n.items("data", 1, maxChartPoints) {
		p.only("label", "value")
		p.shown("label", maxChartLabel)
		label, _ := p.m["label"].(string)
		if _, ok := p.m["value"].(float64); !ok {
			p.fail("value", "must be a number")
		}
		if !slices.Contains(categories, label) || slices.Contains(seen, label) {
			p.fail("label", "must be one of the categories, each once")
		}
		seen = append(seen, label)
	}
	if len(seen) != len(categories) {
		n.fail("data", "must have exactly one point for every category")
	}
}
