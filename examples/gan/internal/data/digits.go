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

// How much the digits differ. The noise is Gaussian. All other values are
// uniform.
const (
	smallest, largest = 10, 12        // longer side of the digit's box, in pixels
	offset            = 1             // largest distance of the box from the middle along each axis, in pixels
	thinnest, boldest = -0.012, 0.025 // distance that the edge moves outwards, in ems
	lean              = 0.2           // largest shift to the side per height
	turn              = 0.2           // largest angle, in radians
	grain             = 0.03          // standard deviation of the noise; paper is 0 and ink is 1
)

// Digits draws pictures of digits, as a replacement for MNIST. It uses the
// outlines in Go's own fonts and varies every picture at random.
type Digits struct {
	faces [][10]outline
}

// NewDigits loads the upright fonts. Italic fonts are not needed, because every
// digit gets a random slant.
func NewDigits() *Digits {
	d := new(Digits)
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF, gomono.TTF, gomonobold.TTF} {
		face, err := loadDigits(ttf)
		if err != nil {
			panic(err) // the fonts are part of the program, so this is a mistake in the program
		}
		d.faces = append(d.faces, face)
	}
	return d
}

// Draw draws n pictures, one after another, each row by row. The values go from
// 0 (paper) to 1 (ink). It also returns the digits that the pictures show.
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

// place puts a digit into the picture. place scales the digit last, so the
// whole digit is inside the picture.
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
