package draw

import (
	"image"
	"image/color"
	"image/draw"
	"image/gif"
)

// Times are in hundredths of a second.
const (
	frameTime = 8
	lastTime  = 300 // longer, to show the result before the animation repeats
)

// Animate shows frames one after another, in a loop.
func Animate(frames []image.Image) *gif.GIF {
	g := new(gif.GIF)
	for _, f := range frames {
		// Every pixel gets the nearest colour. Dithering adds noise, and noise
		// makes the file larger.
		p := image.NewPaletted(f.Bounds(), palette)
		draw.Draw(p, p.Rect, f, p.Rect.Min, draw.Src)
		g.Image = append(g.Image, p)
		g.Delay = append(g.Delay, frameTime)
	}
	if n := len(frames); n > 0 {
		g.Delay[n-1] = lastTime
	}
	return g
}

// palette has the colours of the frames: blends of white, blue and orange, and
// greys.
var palette = newPalette()

func newPalette() color.Palette {
	const steps, greys = 8, 16
	var p color.Palette
	for b := range steps + 1 {
		for o := range steps + 1 - b {
			w := steps - b - o
			blend := func(white, blue, orange uint8) uint8 {
				return uint8((w*int(white) + b*int(blue) + o*int(orange)) / steps)
			}
			p = append(p, color.RGBA{
				R: blend(0xff, Blue.R, Orange.R),
				G: blend(0xff, Blue.G, Orange.G),
				B: blend(0xff, Blue.B, Orange.B),
				A: 0xff,
			})
		}
	}
	for i := range greys - 1 { // the palette already has white
		p = append(p, color.Gray{Y: uint8(0xff * i / (greys - 1))})
	}
	return p
}
