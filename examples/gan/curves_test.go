package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"
)

// TestDrawCurves draws one record and checks its shares' heights, which are
// equally far apart.
func TestDrawCurves(t *testing.T) {
	green := color.NRGBA{R: 0x2c, G: 0x8a, B: 0x3c, A: 0xff}
	r := record{
		step:   300,
		losses: losses{discriminator: 1, generator: 2},
		score:  score{modes: 4, of: 4, quality: 0.75},
		dead:   dead{discriminator: 0.25, generator: 0.5},
	}
	img, err := drawCurves("title", []record{r})
	if err != nil {
		t.Fatal(err)
	}
	dots := func(area image.Rectangle, c color.NRGBA) []point {
		part := image.NewNRGBA(area.Intersect(image.Rect(0, 0, 790, 600))) // without the legends
		draw.Draw(part, part.Rect, img, part.Rect.Min, draw.Src)
		return blobs(part, func(d color.NRGBA) bool { return c == d })
	}
	dot := func(area image.Rectangle, c color.NRGBA) point {
		found := dots(area, c)
		if len(found) != 1 {
			t.Fatalf("%d dots of colour %v, want 1", len(found), c)
		}
		return found[0]
	}
	above, below := image.Rect(0, 0, 1000, 300), image.Rect(0, 300, 1000, 600)
	if d, g := dot(above, blue), dot(above, orange); !(g[1] < d[1]) {
		t.Errorf("the generator's loss is at %v, not above the discriminator's at %v", g, d)
	}
	d, g, q := dot(below, blue), dot(below, orange), dot(below, green)
	quarter := d[1] - g[1]
	if quarter < 20 || math.Abs(g[1]-q[1]-quarter) > 1 {
		t.Errorf("1/4, 1/2 and 3/4 are at heights %.1f, %.1f and %.1f", d[1], g[1], q[1])
	}
	x, y := int(q[0]+0.5), int(q[1]-quarter+0.5)
	if n := len(dots(image.Rect(x-2, y-2, x+3, y+3), color.NRGBA{A: 0xff})); n != 1 {
		t.Errorf("%d black dots around (%d, %d), want 1", n, x, y)
	}
}

// TestDrawCurvesDirection has a quality that rises from 0 to 1/2, and wants it to
// do so from left to right, through half of the panel, which is 200 pixels high.
func TestDrawCurvesDirection(t *testing.T) {
	var history []record
	for i := range 100 {
		history = append(history, record{step: 10 * i, score: score{of: 8, quality: 0.5 * float64(i) / 99}})
	}
	img, err := drawCurves("", history)
	if err != nil {
		t.Fatal(err)
	}
	left, right := image.Pt(1000, 0), image.Pt(0, 0)
	for y := range 600 {
		for x := range 790 {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			if green := int(c.G) - int(max(c.R, c.B)); green < 60 {
				continue
			}
			if x < left.X {
				left = image.Pt(x, y)
			}
			if x > right.X {
				right = image.Pt(x, y)
			}
		}
	}
	if rise := left.Y - right.Y; rise < 80 || rise > 120 || right.X-left.X < 600 {
		t.Errorf("the curve goes from %v to %v", left, right)
	}

	if _, err := drawCurves("", nil); err != nil {
		t.Errorf("without records: %v", err)
	}
	if _, err := drawCurves("", []record{{losses: losses{generator: math.NaN()}}}); err == nil {
		t.Error("no error for a loss that is not a number")
	}
}
