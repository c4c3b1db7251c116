package main

import (
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// TestDrawPicture finds both kinds of points in the picture, and neither where
// there are none.
func TestDrawPicture(t *testing.T) {
	m := ring()
	rng := rand.New(rand.NewPCG(9, 10))
	full := m.sample(rng, 500)
	for _, test := range []struct {
		name            string
		real, generated []point
	}{
		{"both", full, m.sample(rng, 500)},
		{"far off", full, repeat(10, point{50, -50})},
	} {
		path := filepath.Join(t.TempDir(), "p.png")
		if err := drawPicture(path, "title", m, test.real, test.generated); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		bluish, orangish := 0, 0
		b := img.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				switch c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA); {
				case int(c.B)-int(c.R) > 60:
					bluish++
				case int(c.R)-int(c.B) > 60:
					orangish++
				}
			}
		}
		const legend = 200 // more pixels than the legend has of a colour
		if bluish < legend {
			t.Errorf("%s: %d pixels are of the real points' colour", test.name, bluish)
		}
		if visible := orangish > legend; visible != (test.name == "both") {
			t.Errorf("%s: %d pixels are of the generated points' colour", test.name, orangish)
		}
	}
	if err := drawPicture(filepath.Join(t.TempDir(), "no", "p.png"), "", m, full, full); err == nil {
		t.Error("no error for a directory that does not exist")
	}
}

// TestDrawSquare wants a unit to be as long along x as along y.
func TestDrawSquare(t *testing.T) {
	for _, size := range []struct{ w, h float64 }{{300, 200}, {200, 300}, {250, 250}} {
		c := draw.New(vgimg.New(vg.Length(size.w), vg.Length(size.h)))
		p := plot.New()
		drawSquare(p, c, 2)
		data := p.DataCanvas(c).Size()
		x, y := float64(data.X)/(p.X.Max-p.X.Min), float64(data.Y)/(p.Y.Max-p.Y.Min)
		if math.Abs(x/y-1) > 0.02 {
			t.Errorf("%v: a unit is %v along x and %v along y", size, x, y)
		}
		if p.X.Max < 2 || p.Y.Max < 2 || min(p.X.Max, p.Y.Max) != 2 {
			t.Errorf("%v: axes end at %v and %v, want the shorter at 2", size, p.X.Max, p.Y.Max)
		}
	}
}
