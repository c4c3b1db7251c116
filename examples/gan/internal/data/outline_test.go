package data

import (
	"image"
	"math"
	"reflect"
	"testing"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// area is the filled area of the outline in a raster with the given number of
// pixels on each side.
func (o outline) area(pixels int) float64 {
	raster := vector.NewRasterizer(pixels, pixels)
	o.fill(raster)
	mask := image.NewAlpha(raster.Bounds())
	raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	sum := 0.
	for _, a := range mask.Pix {
		sum += float64(a) / 0xff
	}
	return sum
}

// frame is a square of Side 20 with a hole of Side 10.
var frame = outline{
	{{10, 10}, {20, 10}, {30, 10}, {30, 20}, {30, 30}, {20, 30}, {10, 30}, {10, 20}},
	{{15, 15}, {15, 20}, {15, 25}, {20, 25}, {25, 25}, {25, 20}, {25, 15}, {20, 15}},
}

// unitFrame is the frame with sides of length 1. The sides of the hole have
// length 1/2.
var unitFrame = frame.each(func(p Point) Point { return Point{p[0] / 20, p[1] / 20} })

// TestDigitsBolder compares areas with two formulas. The first is the area of a
// square with a hole. The second is the gain of a closed curve: its length
// times the distance. Corners add a term with the square of the distance. This
// term is the same outwards and inwards.
func TestDigitsBolder(t *testing.T) {
	for _, d := range []float64{-1.5, 0, 0.25, 3} {
		outer, hole := 20+2*d, 10-2*d
		if got, want := frame.bolder(d).area(40), outer*outer-hole*hole; math.Abs(got-want) > 0.01*want {
			t.Errorf("bolder by %v: area %v, want %v", d, got, want)
		}
	}

	const pixels, distance = 500, 1
	for face, outlines := range NewDigits().faces {
		for digit, o := range outlines {
			o = o.each(func(p Point) Point { return Point{50 + pixels/2*p[0], pixels - 50 + pixels/2*p[1]} })
			length := 0.
			for _, c := range o {
				for i := 0; i < len(c); i += 2 {
					length += arc(c[i], c[i+1], c[(i+2)%len(c)])
				}
			}
			gain := (o.bolder(distance).area(pixels) - o.bolder(-distance).area(pixels)) / (2 * distance)
			if math.Abs(gain/length-1) > 0.07 {
				t.Errorf("face %d, digit %d: area gains %.1f per distance, want the length of the edge, %.1f ± 7%%", face, digit, gain, length)
			}
		}
	}
}

// arc is the length of a quadratic Bézier, computed with many short lines.
func arc(a, b, c Point) (length float64) {
	const n = 20
	last := a
	for i := 1; i <= n; i++ {
		t := float64(i) / n
		var p Point
		for j := range p {
			p[j] = (1-t)*(1-t)*a[j] + 2*t*(1-t)*b[j] + t*t*c[j]
		}
		length += math.Hypot(p[0]-last[0], p[1]-last[1])
		last = p
	}
	return length
}

// TestDigitsBox checks that all digits of a font are on the baseline and have
// about the same height, seven tenths of an em. At sharp corners, the tips must
// not move far out.
func TestDigitsBox(t *testing.T) {
	for face, outlines := range NewDigits().faces {
		for digit, o := range outlines {
			low, high := o.box()
			if math.Abs(high[1]) > 0.02 || math.Abs(low[1]+0.73) > 0.02 {
				t.Errorf("face %d, digit %d reaches from %.3f to %.3f, want from -0.73 to 0", face, digit, low[1], high[1])
			}
			boldLow, boldHigh := o.bolder(boldest).box()
			for i := range low {
				if grown := max(low[i]-boldLow[i], boldHigh[i]-high[i]); !(grown < 2*boldest) {
					t.Errorf("face %d, digit %d: bolder by %v, it grows by %v on a side", face, digit, boldest, grown)
				}
			}
		}
	}
}

// TestDigitsOutline checks that lines become curves and that the last point is
// left out, because it is the first one again.
func TestDigitsOutline(t *testing.T) {
	at := func(x, y int) fixed.Point26_6 { return fixed.Point26_6{X: fixed.Int26_6(x), Y: fixed.Int26_6(y)} }
	o := newOutline(sfnt.Segments{
		{Op: sfnt.SegmentOpMoveTo, Args: [3]fixed.Point26_6{at(0, 0)}},
		{Op: sfnt.SegmentOpLineTo, Args: [3]fixed.Point26_6{at(4, 2)}},
		{Op: sfnt.SegmentOpQuadTo, Args: [3]fixed.Point26_6{at(3, 7), at(0, 0)}},
		{Op: sfnt.SegmentOpMoveTo, Args: [3]fixed.Point26_6{at(1, 1)}},
		{Op: sfnt.SegmentOpQuadTo, Args: [3]fixed.Point26_6{at(2, 5), at(3, 3)}},
		{Op: sfnt.SegmentOpLineTo, Args: [3]fixed.Point26_6{at(1, 1)}},
	})
	want := outline{{{0, 0}, {2, 1}, {4, 2}, {3, 7}}, {{1, 1}, {2, 5}, {3, 3}, {2, 2}}}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %v, want %v", o, want)
	}
}
