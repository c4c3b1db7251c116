package draw

import (
	"image"

	"golang.org/x/image/draw"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// Pictures draws samples that are pictures of digits.
type Pictures struct{}

// Picture shows generated digits beside real ones.
func (Pictures) Picture(title string, real, generated []float64) (image.Image, error) {
	const caption, margin, gap = 24, 20, 40
	left := mosaic{at: image.Pt(margin, titleHeight+caption), across: 10, scale: 3}
	right := left
	right.at.X += left.size() + gap

	width, height := right.at.X+right.size()+margin, right.at.Y+right.size()+margin
	img := newCanvas(width, height)
	c := vgdraw.New(img)
	drawText(c, 18, image.Pt(width/2, titleHeight/2), title)
	drawText(c, 15, left.at.Add(image.Pt(left.size()/2, -caption/2)), "generated")
	drawText(c, 15, right.at.Add(image.Pt(right.size()/2, -caption/2)), "real")
	left.draw(img.Image(), generated)
	right.draw(img.Image(), real)
	return img.Image(), nil
}

// framed is the number of pictures along each side of a frame.
const framed = 7

// Frame shows only generated digits.
func (Pictures) Frame(title string, _, generated []float64) (image.Image, error) {
	const top, margin = 30, 6
	digits := mosaic{at: image.Pt(margin, top), across: framed, scale: 3}
	width, height := digits.size()+2*margin, top+digits.size()+margin
	img := newCanvas(width, height)
	drawText(vgdraw.New(img), 15, image.Pt(width/2, top/2), title+", generated digits")
	digits.draw(img.Image(), generated)
	return img.Image(), nil
}

// Framed is the number of samples in a frame.
func (Pictures) Framed() int { return framed * framed }

// mosaic is a square of pictures of digits with thin gaps. Rows and columns
// have the same number of pictures.
type mosaic struct {
	at     image.Point // upper left corner
	across int         // pictures along each side
	scale  int         // pixels along each side for one pixel of a picture
}

const mosaicGap = 2

// size is the number of pixels along each side.
func (m mosaic) size() int { return m.across*(m.scale*data.Side+mosaicGap) - mosaicGap }

// draw draws samples row by row, until the samples end or the mosaic is full.
func (m mosaic) draw(dst draw.Image, samples []float64) {
	const size = data.Side * data.Side
	digit := image.NewGray(image.Rect(0, 0, data.Side, data.Side))
	enlarged := image.Rect(0, 0, m.scale*data.Side, m.scale*data.Side)
	for i := range min(m.across*m.across, len(samples)/size) {
		for j, v := range samples[i*size : (i+1)*size] {
			paper := (1 - min(max(v, -1), 1)) / 2
			digit.Pix[j] = uint8(0xff*paper + 0.5)
		}
		step := m.scale*data.Side + mosaicGap
		cell := enlarged.Add(m.at).Add(image.Pt(i%m.across*step, i/m.across*step))
		draw.NearestNeighbor.Scale(dst, cell, digit, digit.Bounds(), draw.Src, nil)
	}
}
