// Package draw draws samples and curves.
package draw

import (
	"image"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// All pictures of this program share these values.

var (
	Blue   = color.NRGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	Orange = color.NRGBA{R: 0xf0, G: 0x6a, B: 0x0a, A: 0xff}
	Green  = color.NRGBA{R: 0x2c, G: 0x8a, B: 0x3c, A: 0xff}
	light  = color.NRGBA{R: 0xe8, G: 0xe8, B: 0xe8, A: 0xff}
)

// titleHeight is the height of the space for the title above a picture.
const titleHeight = 50

// newCanvas returns a white image. One unit of length is one pixel.
func newCanvas(width, height int) *vgimg.Canvas {
	return vgimg.NewWith(vgimg.UseWH(vg.Length(width), vg.Length(height)), vgimg.UseDPI(72))
}

// drawText draws a line of text with its middle at p, counted from the upper
// left.
func drawText(c draw.Canvas, size vg.Length, p image.Point, line string) {
	c.FillText(textStyle(size, draw.XCenter), at(c, p), line)
}

// drawKey draws a dot at p and the meaning of its colour to the right of it.
func drawKey(c draw.Canvas, p image.Point, dot color.Color, meaning string) {
	c.DrawGlyph(draw.GlyphStyle{Color: dot, Radius: 4, Shape: draw.CircleGlyph{}}, at(c, p))
	c.FillText(textStyle(13, draw.XLeft), at(c, p.Add(image.Pt(9, 0))), meaning)
}

func textStyle(size vg.Length, align text.XAlignment) text.Style {
	return text.Style{
		Color: color.Black, Handler: plot.DefaultTextHandler, Font: sans(size),
		XAlign: align, YAlign: draw.YCenter,
	}
}

// at returns the position of p, counted from the upper left, on c.
func at(c draw.Canvas, p image.Point) vg.Point {
	return vg.Point{X: vg.Length(p.X), Y: c.Max.Y - vg.Length(p.Y)}
}

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// newPanel returns an empty plot with a light grid instead of axes.
func newPanel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(15)
	p.Title.Padding = 6
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = light, light
	grid.Horizontal.Width, grid.Vertical.Width = 1, 1
	p.Add(grid)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Tick.LineStyle.Width = 0
		a.Tick.Label.Font = sans(12)
		a.Tick.Marker = roundTicks{}
		a.Label.TextStyle.Font = sans(14)
	}
	return p
}

// newLegend returns an empty legend for drawLegend. The legend of a plot would
// cover the curves.
func newLegend() *plot.Legend {
	l := plot.NewLegend()
	l.Top, l.Left = true, true
	l.Padding = 5
	l.TextStyle.Font = sans(14)
	return &l
}

// drawLegend draws l to the right of p, which is on c.
func drawLegend(l *plot.Legend, p *plot.Plot, c draw.Canvas) {
	c = p.DataCanvas(c)
	c.Min.X = c.Max.X + 12
	l.Draw(c)
}
