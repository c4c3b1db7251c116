package data

import (
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// outline is the edge of a glyph. The y axis points down. Seen in the direction
// of the edge, the ink is on the right.
type outline []contour

// contour is a closed curve of quadratic Béziers. Points on the curve have even
// indices, control points have odd indices.
type contour []Point

// loadDigits returns the outlines of a TrueType font's digits, in ems.
func loadDigits(ttf []byte) (face [10]outline, err error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return face, err
	}
	for digit := range face {
		index, err := f.GlyphIndex(nil, rune('0'+digit))
		if err != nil {
			return face, err
		}
		// At this size, the coordinates are the font's own integers.
		segments, err := f.LoadGlyph(nil, index, fixed.Int26_6(f.UnitsPerEm()), nil)
		if err != nil {
			return face, err
		}
		scale := 1 / float64(f.UnitsPerEm())
		face[digit] = newOutline(segments).each(func(p Point) Point {
			return Point{scale * p[0], scale * p[1]}
		})
	}
	return face, nil
}

// newOutline turns each line into a curve whose control point is the middle of
// the line. TrueType fonts have no cubic curves.
func newOutline(segments sfnt.Segments) outline {
	var o outline
	var c contour
	for _, s := range segments {
		p, q := toPoint(s.Args[0]), toPoint(s.Args[1])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			o = append(o, nil)
			c = contour{p}
		case sfnt.SegmentOpLineTo:
			last := c[len(c)-1]
			c = append(c, Point{(last[0] + p[0]) / 2, (last[1] + p[1]) / 2}, p)
		case sfnt.SegmentOpQuadTo:
			c = append(c, p, q)
		}
		o[len(o)-1] = c[:len(c)-1] // the last point is the first one again
	}
	return o
}

func toPoint(p fixed.Point26_6) Point { return Point{float64(p.X), float64(p.Y)} }

// each returns the outline with f applied to all its points.
func (o outline) each(f func(Point) Point) outline {
	moved := make(outline, len(o))
	for i, c := range o {
		moved[i] = make(contour, len(c))
		for j, p := range c {
			moved[i][j] = f(p)
		}
	}
	return moved
}

// bolder returns the outline with every edge moved outwards by the given
// distance. For a curve, bolder moves the two lines that meet at its control
// point. So the middle of the curve moves a little too far: 6% if the curve
// turns by 90°.
func (o outline) bolder(distance float64) outline {
	moved := make(outline, len(o))
	for i, c := range o {
		moved[i] = make(contour, len(c))
		for j, p := range c {
			in := direction(c[(j+len(c)-1)%len(c)], p)
			out := direction(p, c[(j+1)%len(c)])
			d := distance / (1 + in[0]*out[0] + in[1]*out[1])
			moved[i][j] = Point{p[0] + d*(in[1]+out[1]), p[1] - d*(in[0]+out[0])}
		}
	}
	return moved
}

// direction returns the vector of length 1 from p towards q.
func direction(p, q Point) Point {
	dx, dy := q[0]-p[0], q[1]-p[1]
	length := math.Hypot(dx, dy)
	return Point{dx / length, dy / length}
}

// box returns the corners of the smallest upright box around all points.
func (o outline) box() (low, high Point) {
	low, high = o[0][0], o[0][0]
	for _, c := range o {
		for _, p := range c {
			for i := range p {
				low[i], high[i] = min(low[i], p[i]), max(high[i], p[i])
			}
		}
	}
	return low, high
}

// fill adds the inside of the outline to the raster.
func (o outline) fill(raster *vector.Rasterizer) {
	for _, c := range o {
		raster.MoveTo(float32(c[0][0]), float32(c[0][1]))
		for i := 1; i < len(c); i += 2 {
			control, end := c[i], c[(i+1)%len(c)]
			raster.QuadTo(float32(control[0]), float32(control[1]), float32(end[0]), float32(end[1]))
		}
	}
}
