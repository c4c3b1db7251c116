package draw

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// TestCurves draws one record and checks the heights of its shares. The
// distances between them are equal.
func TestCurves(t *testing.T) {
	black := color.NRGBA{A: 0xff}
	img, err := Curves("title", []float64{300},
		Panel{Title: "losses", Curves: []Curve{{"a", Blue, []float64{1}}, {"b", Orange, []float64{2}}}},
		Panel{Title: "shares", Shares: true, Curves: []Curve{
			{"c", Blue, []float64{25}}, {"d", Orange, []float64{50}}, {"e", Green, []float64{75}}, {"f", black, []float64{100}},
		}})
	if err != nil {
		t.Fatal(err)
	}
	dots := func(area image.Rectangle, c color.NRGBA) []data.Point {
		part := image.NewNRGBA(area.Intersect(image.Rect(0, 0, 805, 540))) // without the legends
		draw.Draw(part, part.Rect, img, part.Rect.Min, draw.Src)
		return blobs(part, func(d color.NRGBA) bool { return c == d })
	}
	dot := func(area image.Rectangle, c color.NRGBA) data.Point {
		found := dots(area, c)
		if len(found) != 1 {
			t.Fatalf("dots of colour %v at %v, want 1", c, found)
		}
		return found[0]
	}
	above, below := image.Rect(0, 0, 1000, 290), image.Rect(0, 290, 1000, 540)
	if d, g := dot(above, Blue), dot(above, Orange); !(g[1] < d[1]) {
		t.Errorf("2 is at %v, not above 1 at %v", g, d)
	}
	d, g, q := dot(below, Blue), dot(below, Orange), dot(below, Green)
	quarter := d[1] - g[1]
	if quarter < 20 || math.Abs(g[1]-q[1]-quarter) > 1 {
		t.Errorf("1/4, 1/2 and 3/4 are at heights %.1f, %.1f and %.1f", d[1], g[1], q[1])
	}
	x, y := int(q[0]+0.5), int(q[1]-quarter+0.5)
	if n := len(dots(image.Rect(x-2, y-2, x+3, y+3), black)); n != 1 {
		t.Errorf("%d black dots around (%d, %d), want 1", n, x, y)
	}
}

// TestCurvesDirection draws a quality that rises from 0 to 1/2. The curve must
// rise from left to right, through half of the panel. The panel is 200 pixels
// high.
func TestCurvesDirection(t *testing.T) {
	steps, rising := make([]float64, 100), make([]float64, 100)
	for i := range steps {
		steps[i], rising[i] = 10*float64(i), 50*float64(i)/99
	}
	shares := func(y []float64) Panel { return Panel{Shares: true, Curves: []Curve{{"a", Green, y}}} }
	img, err := Curves("", steps, Panel{}, shares(rising))
	if err != nil {
		t.Fatal(err)
	}
	left, right := image.Pt(1000, 0), image.Pt(0, 0)
	for y := range 540 {
		for x := range 805 {
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

	if _, err := Curves("", nil, shares(nil)); err != nil {
		t.Errorf("without steps: %v", err)
	}
	if _, err := Curves("", []float64{1}, shares([]float64{math.NaN()})); err == nil {
		t.Error("no error for a number that is none")
	}
}

// TestCurvesOverlap draws two curves, one over the other. Both must be visible.
func TestCurvesOverlap(t *testing.T) {
	colors := []color.NRGBA{Blue, Orange}
	steps, y := make([]float64, 50), make([]float64, 50)
	panel := Panel{Shares: true}
	for i := range steps {
		steps[i], y[i] = 100*float64(i), 50
	}
	for _, c := range colors {
		panel.Curves = append(panel.Curves, Curve{"", c, y})
	}
	img, err := Curves("", steps, panel)
	if err != nil {
		t.Fatal(err)
	}
	plot := image.Rect(0, 50, 805, 300) // without title and legend
	for _, c := range colors {
		if n := countColor(img, plot, c); n < 100 {
			t.Errorf("%d pixels of %v, want to see its curve", n, c)
		}
	}
}
