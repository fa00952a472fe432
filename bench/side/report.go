package side

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Report is what a study found.
type Report struct {
	Study   string    `json:"study"`
	Taken   time.Time `json:"taken"`
	Machine string    `json:"machine"`
	Commit  string    `json:"commit"`
	Took    string    `json:"took"`

	About   string   `json:"about"` // what was compared and how, a paragraph of Markdown
	Tables  []Table  `json:"tables"`
	Plots   []Plot   `json:"plots,omitempty"`
	Targets []Target `json:"targets"`
}

// Table is one table. A cell is text, so that a study chooses its digits.
type Table struct {
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// Plot is one picture. Both axes are logarithmic, so no value may be zero.
type Plot struct {
	Name   string  `json:"name"` // of its files in docs/img
	Title  string  `json:"title"`
	X      string  `json:"x"` // what the axis shows, with its unit
	Y      string  `json:"y"`
	Curves []Curve `json:"curves"`
}

// Curve is one line of a plot.
type Curve struct {
	Name   string       `json:"name"`
	Points [][2]float64 `json:"points"`
}

// Target is something that was promised, and what came of it.
type Target struct {
	What string `json:"what"` // "p50 at 50 a second, times eval"
	Want string `json:"want"` // "at most 1.10"
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

// AtMost is the target that a value stays below or at a limit.
func AtMost(what string, got, limit float64) Target {
	return Target{What: what, Want: fmt.Sprintf("at most %.4g", limit), Got: number(got), Met: got <= limit}
}

// AtLeast is the target that a value reaches a limit.
func AtLeast(what string, got, limit float64) Target {
	return Target{What: what, Want: fmt.Sprintf("at least %.4g", limit), Got: number(got), Met: got >= limit}
}

// number writes three digits, and all before the point.
func number(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// Save keeps a report in a directory, in a file named after its study.
func (r Report) Save(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report of %s: %w", r.Study, err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("report of %s: %w", r.Study, err)
	}
	return os.WriteFile(filepath.Join(dir, r.Study+".json"), append(text, '\n'), 0o600)
}

// Load reads the report of a study.
func Load(dir, study string) (Report, error) {
	var r Report
	text, err := os.ReadFile(filepath.Join(dir, study+".json"))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, fmt.Errorf("report of %s: %w", study, err)
	}
	return r, nil
}
