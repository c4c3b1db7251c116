package draw

import (
	"image"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel is a set of curves over the same steps and with the same scale.
type Panel struct {
	Title  string
	Shares bool // the values are percentages: the scale ends at 100
	Curves []Curve
}

// Curve has the values of one number at each of the steps.
type Curve struct {
	Name  string
	Color color.Color
	Y     []float64
}

// Curves draws panels, one below another.
func Curves(title string, steps []float64, panels ...Panel) (image.Image, error) {
	const width, height = 1000, 220
	img := newCanvas(width, titleHeight+height*len(panels)+50)
	c := draw.New(img)
	drawText(c, 18, image.Pt(width/2, titleHeight/2), title)

	plots, legends := make([][]*plot.Plot, len(panels)), make([]*plot.Legend, len(panels))
	for i, panel := range panels {
		p := newPanel(panel.Title)
		plots[i], legends[i] = []*plot.Plot{p}, newLegend()
		for j, curve := range panel.Curves {
			line, dots, err := newCurve(steps, curve, dashes[j%len(dashes)])
			if err != nil {
				return nil, err
			}
			p.Add(line, dots)
			legends[i].Add(curve.Name, line)
		}
		p.X.Min = 0
		if panel.Shares {
			p.Y.Min, p.Y.Max = 0, 100
			p.Y.Tick.Marker = roundTicks{"%"}
		}
	}
	last := plots[len(plots)-1][0]
	last.X.Label.Text = "step"
	last.X.Label.Padding = 4

	tiles := draw.Tiles{Rows: len(panels), Cols: 1, PadTop: titleHeight, PadY: 20, PadLeft: 12, PadRight: 190, PadBottom: 12}
	for i, places := range plot.Align(plots, tiles, c) {
		plots[i][0].Draw(places[0])
		drawLegend(legends[i], plots[i][0], places[0])
	}
	return img.Image(), nil
}

// dashes are the line styles of a panel's first and second curve. The first
// curve stays visible under the second one.
var dashes = [][]vg.Length{nil, {7, 5}}

func newCurve(steps []float64, c Curve, dashes []vg.Length) (*plotter.Line, *plotter.Scatter, error) {
	xys := make(plotter.XYs, len(steps))
	for i, step := range steps {
		xys[i] = plotter.XY{X: step, Y: c.Y[i]}
	}
	line, dots, err := plotter.NewLinePoints(xys)
	if err != nil {
		return nil, nil, err
	}
	line.Color, line.Width, line.Dashes = c.Color, 1.5, dashes
	dots.GlyphStyle = draw.GlyphStyle{Color: c.Color, Radius: 1.75, Shape: draw.CircleGlyph{}}
	return line, dots, nil
}
