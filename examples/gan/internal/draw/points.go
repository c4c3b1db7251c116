package draw

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// Points draws samples of a mixture.
type Points struct{ data.Mixture }

// Picture shows generated points over real ones. The left panel shows the
// plane. The right panel shows each point relative to the centre of its mode.
// There the width of the modes is visible. The left panel is too small for
// that.
func (m Points) Picture(title string, real, generated []float64) (image.Image, error) {
	img := newCanvas(1100, 560)
	c := draw.New(img)
	drawText(c, 18, image.Pt(1100/2, titleHeight/2), title)

	panels := draw.Tiles{Rows: 1, Cols: 2, PadTop: titleHeight, PadX: 24, PadLeft: 12, PadRight: 116, PadBottom: 12}
	plane := newPanel("real and generated points")
	m.addPlane(plane, real, generated)
	drawSquare(plane, panels.At(c, 0, 0), m.limit())

	modes := newPanel("seen from the nearest mode, in standard deviations σ")
	legend := newLegend()
	legend.Add("real", addPoints(modes, m.offsets(real), Blue, 2))
	legend.Add("generated", addPoints(modes, m.offsets(generated), Orange, 2))
	limit, err := plotter.NewLine(circle(3))
	if err != nil {
		return nil, err
	}
	limit.Dashes = []vg.Length{5, 4}
	modes.Add(limit)
	legend.Add("3σ", limit)
	place := panels.At(c, 1, 0)
	drawSquare(modes, place, 5)
	drawLegend(legend, modes, place)
	return img.Image(), nil
}

// Frame shows only the plane, with a legend below it.
func (m Points) Frame(title string, real, generated []float64) (image.Image, error) {
	const size, legend = 360, 24
	img := newCanvas(size, size+legend)
	c := draw.New(img)
	plane := newPanel(title)
	plane.HideAxes()
	m.addPlane(plane, real, generated)
	drawSquare(plane, draw.Crop(c, 4, -4, 4+legend, -6), m.limit())
	drawKey(c, image.Pt(size/2-60, size+legend/2), Blue, "real")
	drawKey(c, image.Pt(size/2+30, size+legend/2), Orange, "generated")
	return img.Image(), nil
}

// Framed is the number of samples in a frame.
func (m Points) Framed() int { return 1000 }

// addPlane draws the points of samples into p.
func (m Points) addPlane(p *plot.Plot, real, generated []float64) {
	addPoints(p, xys(m.FromSamples(real)), Blue, 4)
	addPoints(p, xys(m.FromSamples(generated)), Orange, 2.5)
}

// limit is the largest coordinate that a picture of the plane shows. All
// centres are inside, with some space for points around them.
func (m Points) limit() float64 {
	var limit float64
	for _, c := range m.Centres {
		limit = max(limit, math.Abs(c[0]), math.Abs(c[1]))
	}
	return 1.3 * limit
}

// addPoints draws translucent points into p. Areas with many points have the
// full colour, and single points stay pale. It returns an opaque point for the
// legend.
func addPoints(p *plot.Plot, points plotter.XYs, c color.NRGBA, radius vg.Length) plot.Thumbnailer {
	// NewScatter returns an error if there are no points or if a point is not
	// finite.
	glyph := draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.CircleGlyph{}}
	sample := &plotter.Scatter{GlyphStyle: glyph}
	c.A = 0x58
	glyph.Color = c
	p.Add(&plotter.Scatter{XYs: points, GlyphStyle: glyph})
	return sample
}

// drawSquare draws p on c, from -limit to limit along its shorter side. Both
// axes have the same unit. Points outside the limits are not drawn.
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

func xys(points []data.Point) plotter.XYs {
	xys := make(plotter.XYs, len(points))
	for i, p := range points {
		xys[i] = plotter.XY{X: p[0], Y: p[1]}
	}
	return xys
}

// offsets returns the points of samples relative to their nearest centres, in
// units of σ.
func (m Points) offsets(samples []float64) plotter.XYs {
	points := m.FromSamples(samples)
	for i, p := range points {
		mode, _ := m.Nearest(p)
		c := m.Centres[mode]
		points[i] = data.Point{(p[0] - c[0]) / m.Sigma, (p[1] - c[1]) / m.Sigma}
	}
	return xys(points)
}

func circle(radius float64) plotter.XYs {
	xys := make(plotter.XYs, 121)
	for i := range xys {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(xys)-1))
		xys[i] = plotter.XY{X: radius * cos, Y: radius * sin}
	}
	return xys
}
