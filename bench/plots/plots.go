// Package plots draws what studies found.
package plots

import (
	"fmt"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"defenderbot/bench/side"
)

// Draw draws a plot into a directory, as PNG and as SVG. Both axes are logarithmic.
func Draw(p side.Plot, dir string) error {
	chart := plot.New()
	chart.Title.Text, chart.X.Label.Text, chart.Y.Label.Text = p.Title, p.X, p.Y
	chart.X.Scale, chart.Y.Scale = plot.LogScale{}, plot.LogScale{}
	chart.X.Tick.Marker, chart.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	chart.Add(plotter.NewGrid())
	chart.Legend.Top, chart.Legend.Left = true, true
	for i, c := range p.Curves {
		points := make(plotter.XYs, len(c.Points))
		for j, at := range c.Points {
			points[j] = plotter.XY{X: at[0], Y: at[1]}
		}
		line, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("plot %s, curve %s: %w", p.Name, c.Name, err)
		}
		line.Color, line.Dashes = plotutil.Color(i), plotutil.Dashes(i)
		marks.Color, marks.Shape = plotutil.Color(i), plotutil.Shape(i)
		chart.Add(line, marks)
		chart.Legend.Add(c.Name, line, marks)
	}
	for _, ext := range []string{".png", ".svg"} {
		if err := chart.Save(20*vg.Centimeter, 12*vg.Centimeter, filepath.Join(dir, p.Name+ext)); err != nil {
			return fmt.Errorf("plot %s: %w", p.Name, err)
		}
	}
	return nil
}
