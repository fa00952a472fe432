package plots

import (
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"defenderbot/bench/side"
)

func sample() side.Plot {
	return side.Plot{
		Name: "sample", Title: "What it shows", X: "how many", Y: "ms",
		Curves: []side.Curve{
			{Name: "this bot", Points: [][2]float64{{1, 0.8}, {1000, 0.9}, {1e6, 1.4}}},
			{Name: "bare", Points: [][2]float64{{1, 0.4}, {1000, 40}}},
		},
	}
}

// TestDraw: a plot is a picture with something on it, and words that say what.
func TestDraw(t *testing.T) {
	dir := t.TempDir()
	p := sample()
	if err := Draw(p, dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "sample.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[3]uint32]bool{}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}] = true
		}
	}
	if size := picture.Bounds().Size(); size.X < 600 || size.Y < 300 || len(colours) < 4 {
		t.Errorf("%v pixels of %d colours", size, len(colours))
	}
	said := words(t, filepath.Join(dir, "sample.svg"))
	// The least and the most are 1 and a million across, and 0.4 and 40 upwards.
	for _, want := range []string{p.Title, p.X, p.Y, p.Curves[0].Name, p.Curves[1].Name, "1000000", "0.1", "100"} {
		if !strings.Contains(said, want+"\n") {
			t.Errorf("the drawing does not say %q:\n%s", want, said)
		}
	}
}

// TestDrawZero: zero has no logarithm, which is an error and no panic.
func TestDrawZero(t *testing.T) {
	for _, at := range [][2]float64{{0, 1}, {1, 0}, {1, -1}} {
		p := sample()
		p.Curves[0].Points[1] = at
		if err := Draw(p, t.TempDir()); err == nil {
			t.Errorf("%v was drawn", at)
		}
	}
}

// words are the texts of a drawing, a line each.
func words(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var said strings.Builder
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return said.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, is := token.(xml.CharData); is {
			said.WriteString(strings.TrimSpace(string(text)) + "\n")
		}
	}
}
