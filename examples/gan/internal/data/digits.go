package data

import (
	"image"
	"image/draw"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/vector"
)

// How much one digit differs from the next. Everything is uniform, but for the
// noise, which is Gaussian.
const (
	smallest, largest = 10, 12        // longer side of the digit's box, in pixels
	offset            = 1             // of the box from the middle along either axis, in pixels
	thinnest, boldest = -0.012, 0.025 // how far the edge is moved outwards, in ems
	lean              = 0.2           // sideways per height, at most
	turn              = 0.2           // in radians, at most
	grain             = 0.03          // standard deviation of noise, where paper is 0 and ink is 1
)

// Digits draws pictures of digits, for want of MNIST: it takes their outlines
// from Go's own fonts and never draws two alike.
type Digits struct {
	faces [][10]outline
}

// NewDigits loads the fonts. The italic ones would add nothing, as the upright
// ones are slanted at random.
func NewDigits() *Digits {
	d := new(Digits)
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF, gomono.TTF, gomonobold.TTF} {
		face, err := loadDigits(ttf)
		if err != nil {
			panic(err) // a mistake in the program, of which the fonts are a part
		}
		d.faces = append(d.faces, face)
	}
	return d
}

// Draw draws n pictures, row by row and one after the other, with values from
// 0, paper, to 1, ink, and says which digits they show.
func (d *Digits) Draw(rng *rand.Rand, n int) (pixels []float64, labels []int) {
	pixels = make([]float64, 0, n*Side*Side)
	labels = make([]int, n)
	mask := image.NewAlpha(image.Rect(0, 0, Side, Side))
	var raster vector.Rasterizer
	for i := range labels {
		labels[i] = rng.IntN(10)
		face := d.faces[rng.IntN(len(d.faces))]
		raster.Reset(Side, Side)
		raster.DrawOp = draw.Src
		place(face[labels[i]], rng).fill(&raster)
		raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
		for _, a := range mask.Pix {
			v := float64(a)/0xff + grain*rng.NormFloat64()
			pixels = append(pixels, min(max(v, 0), 1))
		}
	}
	return pixels, labels
}

// place puts a digit into the picture. As its box is scaled to the size that it
// is to have when all else is done, nothing of it can be cut off.
func place(o outline, rng *rand.Rand) outline {
	uniform := func(low, high float64) float64 { return low + (high-low)*rng.Float64() }

	o = o.bolder(uniform(thinnest, boldest))
	slant := uniform(-lean, lean)
	sin, cos := math.Sincos(uniform(-turn, turn))
	o = o.each(func(p Point) Point {
		x, y := p[0]-slant*p[1], p[1]
		return Point{cos*x - sin*y, sin*x + cos*y}
	})

	low, high := o.box()
	scale := uniform(smallest, largest) / max(high[0]-low[0], high[1]-low[1])
	var shift Point
	for i := range shift {
		shift[i] = Side/2 + uniform(-offset, offset) - scale*(low[i]+high[i])/2
	}
	return o.each(func(p Point) Point {
		return Point{scale*p[0] + shift[0], scale*p[1] + shift[1]}
	})
}
