package main

import (
	"image"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// drawCurves shows how training went: above the losses, below what share of the
// modes the generator reached and of its samples was good, and what share of the
// networks' units was dead.
func drawCurves(title string, history []record) (image.Image, error) {
	img := newCanvas(1000, 600)
	c := draw.New(img)
	drawText(c, 18, image.Pt(1000/2, titleHeight/2), title)

	green := color.NRGBA{R: 0x2c, G: 0x8a, B: 0x3c, A: 0xff}
	lossPanel, lossLegend := newPanel("losses"), newLegend()
	sharePanel, shareLegend := newPanel("shares"), newLegend()
	sharePanel.X.Label.Text = "step"
	sharePanel.X.Label.Padding = 4
	for _, curve := range []struct {
		panel  *plot.Plot
		legend *plot.Legend
		name   string
		color  color.Color
		y      func(record) float64
	}{
		{lossPanel, lossLegend, "discriminator", blue, func(r record) float64 { return r.losses.discriminator }},
		{lossPanel, lossLegend, "generator", orange, func(r record) float64 { return r.losses.generator }},
		{sharePanel, shareLegend, "modes", color.Black, func(r record) float64 { return float64(r.score.modes) / float64(r.score.of) }},
		{sharePanel, shareLegend, "high quality", green, func(r record) float64 { return r.score.quality }},
		{sharePanel, shareLegend, "dead, discriminator", blue, func(r record) float64 { return r.dead.discriminator }},
		{sharePanel, shareLegend, "dead, generator", orange, func(r record) float64 { return r.dead.generator }},
	} {
		xys := make(plotter.XYs, len(history))
		for i, r := range history {
			xys[i] = plotter.XY{X: float64(r.step), Y: curve.y(r)}
		}
		line, dots, err := plotter.NewLinePoints(xys)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width = curve.color, 1.5
		dots.GlyphStyle = draw.GlyphStyle{Color: curve.color, Radius: 1.75, Shape: draw.CircleGlyph{}}
		curve.panel.Add(line, dots)
		curve.legend.Add(curve.name, line)
	}
	sharePanel.Y.Min, sharePanel.Y.Max = 0, 1

	panels := draw.Tiles{Rows: 2, Cols: 1, PadTop: titleHeight, PadY: 20, PadLeft: 12, PadRight: 190, PadBottom: 12}
	places := plot.Align([][]*plot.Plot{{lossPanel}, {sharePanel}}, panels, c)
	above, below := places[0][0], places[1][0]
	lossPanel.Draw(above)
	drawLegend(lossLegend, lossPanel, above)
	sharePanel.Draw(below)
	drawLegend(shareLegend, sharePanel, below)
	return img.Image(), nil
}
