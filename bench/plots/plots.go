// Package plots draws what studies found.
package plots

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"

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
	chart.X.Tick.Marker, chart.Y.Tick.Marker = plot.TickerFunc(ticks), plot.TickerFunc(ticks)
	chart.Add(plotter.NewGrid())
	chart.Legend.Top, chart.Legend.Left = true, true
	for i, c := range p.Curves {
		points := make(plotter.XYs, len(c.Points))
		for j, at := range c.Points {
			if at[0] <= 0 || at[1] <= 0 {
				return fmt.Errorf("plot %s, curve %s: %v has no logarithm", p.Name, c.Name, at)
			}
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
	wholeDecades(&chart.X)
	wholeDecades(&chart.Y)
	for _, ext := range []string{".png", ".svg"} {
		if err := chart.Save(20*vg.Centimeter, 12*vg.Centimeter, filepath.Join(dir, p.Name+ext)); err != nil {
			return fmt.Errorf("plot %s: %w", p.Name, err)
		}
	}
	return nil
}

// wholeDecades has an axis begin and end at powers of ten: else what hardly changes would fill
// the picture, and look as if it did.
func wholeDecades(a *plot.Axis) {
	a.Min, a.Max = math.Pow10(int(math.Floor(math.Log10(a.Min)))), math.Pow10(int(math.Ceil(math.Log10(a.Max))))
	if a.Min == a.Max {
		a.Max *= 10
	}
}

// ticks are those of a logarithmic axis of whole decades: one for each digit, with the number
// at the powers of ten.
func ticks(low, high float64) (all []plot.Tick) {
	first, last := int(math.Round(math.Log10(low))), int(math.Round(math.Log10(high)))
	for power := first; power < last; power++ {
		for digit := range 9 {
			all = append(all, plot.Tick{Value: float64(1+digit) * math.Pow10(power)})
		}
		all[len(all)-9].Label = number(power)
	}
	return append(all, plot.Tick{Value: math.Pow10(last), Label: number(last)})
}

// number is a power of ten with all digits.
func number(power int) string { return strconv.FormatFloat(math.Pow10(power), 'f', -1, 64) }
