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
	plane := newPanel(data.xys(real), data.xys(generated), 1.8)
	plane.Title.Text = "the plane"
	drawSquare(plane, panels.At(c, 0, 0), 1.35)

	modes := newPanel(data.offsets(real), data.offsets(generated), 1.2)
	modes.Title.Text = "all modes on top of each other, in units of σ"
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

// newPanel is a plot of generated points on real ones.
func newPanel(real, generated plotter.XYs, radius vg.Length) *plot.Plot {
	p := plot.New()
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = light, light
	p.Add(grid)
	p.Title.TextStyle = style(11)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Tick.LineStyle.Width = 0
		a.Tick.Label.Font = style(9).Font
		a.Label.TextStyle.Font = style(10).Font
	}
	p.Legend.Top = true
	p.Legend.TextStyle.Font = style(10).Font
	for _, series := range []struct {
		name   string
		xys    plotter.XYs
		color  color.Color
		radius vg.Length
	}{
		{"real", real, blue, 1.5 * radius},
		{"generated", generated, orange, radius},
	} {
		// The coordinates are finite, the one thing that NewScatter asks for.
		s := &plotter.Scatter{XYs: series.xys, GlyphStyle: draw.GlyphStyle{
			Color: series.color, Radius: series.radius, Shape: draw.CircleGlyph{},
		}}
		p.Add(s)
		p.Legend.Add(series.name, s)
	}
	return p
}

// style is centred black text of the given size.
func style(size vg.Length) text.Style {
	return text.Style{
		Color: color.Black, Handler: plot.DefaultTextHandler,
		Font:   font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign: draw.XCenter, YAlign: draw.YCenter,
	}
}

// drawSquare draws p on c, from -limit to limit along its narrower side and with the
// same unit along both. Points further out are left out.
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
