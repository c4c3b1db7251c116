package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

var (
	blue   = color.NRGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	orange = color.NRGBA{R: 0xf0, G: 0x6a, B: 0x0a, A: 0xff}
	light  = color.NRGBA{R: 0xe8, G: 0xe8, B: 0xe8, A: 0xff}
)

// drawPicture writes a PNG of generated points on real ones. On the left they
// lie in the plane; the panel on the right puts the centres of all modes on top
// of each other, which shows what the left one is too small for: how wide the
// modes are.
func drawPicture(path, title string, data mixture, real, generated []point) error {
	const width, height, head = 720, 400, 36
	img := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(100))
	c := draw.New(img)
	c.FillText(style(13), vg.Point{X: width / 2, Y: height - head/2}, title)

	panels := draw.Tiles{Rows: 1, Cols: 2, PadTop: head, PadX: 16, PadLeft: 8, PadRight: 12, PadBottom: 8}
	plane := newPanel("the plane")
	addPoints(plane, "real", data.xys(real), blue, 3)
	addPoints(plane, "generated", data.xys(generated), orange, 1.7)
	drawSquare(plane, panels.At(c, 0, 0), 1.35)

	modes := newPanel("all modes on top of each other, in units of σ")
	addPoints(modes, "real", data.offsets(real), blue, 1.5)
	addPoints(modes, "generated", data.offsets(generated), orange, 1.5)
	limit, err := plotter.NewLine(circle(3))
	if err != nil {
		return err
	}
	limit.Dashes = []vg.Length{4, 3}
	modes.Add(limit)
	modes.Legend.Add("3σ", limit)
	drawSquare(modes, panels.At(c, 1, 0), 5)

	var file bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(&file); err != nil {
		return fmt.Errorf("encoding the picture: %w", err)
	}
	return os.WriteFile(path, file.Bytes(), 0o666)
}

// newPanel is an empty plot with a light grid instead of axes.
func newPanel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle = style(11)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = light, light
	p.Add(grid)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Tick.LineStyle.Width = 0
		a.Tick.Label.Font = style(9).Font
	}
	p.Legend.Top = true
	p.Legend.Padding = 2
	p.Legend.TextStyle.Font = style(10).Font
	return p
}

// addPoints draws points into p, translucent, so that the colour is full where
// there are many and a few stray ones look like a few.
func addPoints(p *plot.Plot, name string, points plotter.XYs, c color.NRGBA, radius vg.Length) {
	// Not by NewScatter, which would check that there are points, all finite.
	glyph := draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.CircleGlyph{}}
	p.Legend.Add(name, &plotter.Scatter{GlyphStyle: glyph})
	c.A = 0x58
	glyph.Color = c
	p.Add(&plotter.Scatter{XYs: points, GlyphStyle: glyph})
}

// style is centred black text of the given size.
func style(size vg.Length) text.Style {
	return text.Style{
		Color: color.Black, Handler: plot.DefaultTextHandler,
		Font:   font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: draw.XCenter, YAlign: draw.YCenter,
	}
}

// drawSquare draws p on c, from -limit to limit along its narrower side and with
// the same unit along both. Points further out are left out.
func drawSquare(p *plot.Plot, c draw.Canvas, limit float64) {
	p.X.Min, p.X.Max = -limit, limit
	p.Y.Min, p.Y.Max = -limit, limit
	size := p.DataCanvas(c).Size()
	if r := float64(size.Y / size.X); r > 1 {
		p.Y.Min, p.Y.Max = -limit*r, limit*r
	} else {
		p.X.Min, p.X.Max = -limit/r, limit/r
	}
	p.Draw(c)
}

func (m mixture) xys(points []point) plotter.XYs {
	xys := make(plotter.XYs, len(points))
	for i, p := range points {
		xys[i] = plotter.XY{X: p[0], Y: p[1]}
	}
	return xys
}

// offsets are the points as seen from their nearest centres, in units of σ.
func (m mixture) offsets(points []point) plotter.XYs {
	xys := make(plotter.XYs, len(points))
	for i, p := range points {
		mode, _ := m.nearest(p)
		c := m.centres[mode]
		xys[i] = plotter.XY{X: (p[0] - c[0]) / m.sigma, Y: (p[1] - c[1]) / m.sigma}
	}
	return xys
}

func circle(radius float64) plotter.XYs {
	xys := make(plotter.XYs, 121)
	for i := range xys {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(xys)-1))
		xys[i] = plotter.XY{X: radius * cos, Y: radius * sin}
	}
	return xys
}
