package main

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the screenshots of docs/img anew")

// shot takes a picture of the page as it is, where that was asked for: of the
// story by mouse, in the light theme when wide and in the dark when narrow.
func (p *tab) shot(name string) {
	p.Helper()
	_, w, _ := strings.Cut(p.Name(), "mouse/")
	if !*update || w == "" {
		return
	}
	theme := map[string]string{"wide": "light", "narrow": "dark"}[w]
	p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.theme = "` + theme + `"`))
	raw, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		p.Fatal(err)
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, fewColours(full)); err != nil {
		p.Fatal(err)
	}
	file := filepath.Join("..", "..", "docs", "img", w+"-"+name+".png")
	if err := os.WriteFile(file, small.Bytes(), 0o600); err != nil {
		p.Fatal(err)
	}
}

// fewColours is a picture with the 256 colours that it has most of, which is
// enough for a page that is mostly text.
func fewColours(m image.Image) *image.Paletted {
	count, exact := map[color.RGBA]int{}, map[color.RGBA]int{}
	finest := map[color.RGBA]color.RGBA{} // of those that count together, the one there is most of
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			own, _ := color.RGBAModel.Convert(m.At(x, y)).(color.RGBA)
			all := coarse(own)
			count[all]++
			if exact[own]++; exact[own] > exact[finest[all]] {
				finest[all] = own
			}
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int { return cmp.Compare(count[b], count[a]) })
	palette := make(color.Palette, 0, 256)
	for _, c := range most[:min(len(most), 256)] {
		palette = append(palette, finest[c])
	}
	out := image.NewPaletted(b, palette)
	draw.Draw(out, b, m, b.Min, draw.Src)
	return out
}

// coarse drops what the eye does not tell apart, so that common colours count
// together, and keeps white white.
func coarse(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) uint8 { return uint8(min(255, (v>>8+2)/5*5)) }
	return color.RGBA{part(r), part(g), part(b), 255}
}

func TestFewColours(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 100, 100))
	for i := range 10_000 {
		m.Set(i%100, i/100, color.RGBA{uint8(i), uint8(i / 50), uint8(i / 7), 255})
	}
	m.Set(0, 0, color.White)
	if n := len(fewColours(m).Palette); n > 256 {
		t.Errorf("%d colours, want at most 256", n)
	}
	if r, _, _, _ := fewColours(m.SubImage(image.Rect(0, 0, 1, 1))).At(0, 0).RGBA(); r != 0xffff {
		t.Errorf("white became %x", r)
	}
}
