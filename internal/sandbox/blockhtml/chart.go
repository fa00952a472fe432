package blockhtml

import (
	"cmp"
	"slices"
)

// chart is what a data_visualization block draws:
// https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
type chart struct {
	Kind     string  `json:"type"` // pie, bar, area or line
	Segments []point `json:"segments"`
	Series   []struct {
		Name string  `json:"name"`
		Data []point `json:"data"`
	} `json:"series"`
	Axis struct {
		Categories []string `json:"categories"`
		X          string   `json:"x_label"`
		Y          string   `json:"y_label"`
	} `json:"axis_config"`
}

type point struct {
	Label string  `json:"label"`
	Value float64 `json:"value"`
}

// grid is a chart as a table, of which each number has a bar beside it: that is read
// by everybody, and says what the drawing says.
type grid struct {
	Over  string   // what the rows are
	Heads []string // of the columns with numbers
	Rows  []gridRow
}

type gridRow struct {
	Label string
	Cells []cell
}

type cell struct {
	Value   float64
	Percent int // of the largest number
}

// grid reads either kind: the segments of a pie, or a number for each category in each
// series.
func (c chart) grid() *grid {
	if c.Kind == "pie" {
		g := &grid{Heads: []string{""}}
		for _, s := range c.Segments {
			g.Rows = append(g.Rows, gridRow{s.Label, []cell{{Value: s.Value}}})
		}
		return g.scaled()
	}
	g := &grid{Over: c.Axis.X}
	for _, label := range c.Axis.Categories {
		g.Rows = append(g.Rows, gridRow{Label: label})
	}
	for _, s := range c.Series {
		g.Heads = append(g.Heads, cmp.Or(s.Name, c.Axis.Y))
		for i := range g.Rows {
			at := slices.IndexFunc(s.Data, func(p point) bool { return p.Label == g.Rows[i].Label })
			var v cell
			if at >= 0 {
				v.Value = s.Data[at].Value
			}
			g.Rows[i].Cells = append(g.Rows[i].Cells, v)
		}
	}
	return g.scaled()
}

func (g *grid) scaled() *grid {
	most := 0.0
	for _, r := range g.Rows {
		for _, c := range r.Cells {
			most = max(most, c.Value)
		}
	}
	for _, r := range g.Rows {
		for i := range r.Cells {
			if most > 0 {
				r.Cells[i].Percent = max(0, int(100*r.Cells[i].Value/most))
			}
		}
	}
	return g
}
