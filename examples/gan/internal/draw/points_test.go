package draw

import (
	"image"
	"image/color"
	"math"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// blobs returns the centres of the areas of img in which is holds, from top to
// bottom and from left to right.
func blobs(img image.Image, is func(color.NRGBA) bool) []data.Point {
	var middles []data.Point
	seen := map[image.Point]bool{}
	holds := func(p image.Point) bool {
		return p.In(img.Bounds()) && !seen[p] && is(color.NRGBAModel.Convert(img.At(p.X, p.Y)).(color.NRGBA))
	}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if !holds(image.Pt(x, y)) {
				continue
			}
			seen[image.Pt(x, y)] = true
			area := []image.Point{{x, y}}
			var sum data.Point
			for i := 0; i < len(area); i++ {
				sum[0] += float64(area[i].X)
				sum[1] += float64(area[i].Y)
				for _, d := range []image.Point{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
					if p := area[i].Add(d); holds(p) {
						seen[p] = true
						area = append(area, p)
					}
				}
			}
			n := float64(len(area))
			middles = append(middles, data.Point{sum[0] / n, sum[1] / n})
		}
	}
	return middles
}

func bluish(c color.NRGBA) bool   { return int(c.B)-int(c.R) > 30 }
func orangish(c color.NRGBA) bool { return int(c.R)-int(c.B) > 30 }

// TestPicture checks the number of blobs: one for each mode in the plane, one
// for all modes together, and one in the legend.
func TestPicture(t *testing.T) {
	for _, m := range []Points{{data.Ring()}, {data.Grid()}} {
		centres := m.ToSamples(m.Centres...)
		for _, test := range []struct {
			name            string
			real, generated []float64
			blue, orange    int
		}{
			{"real", centres, nil, len(m.Centres) + 2, 1},
			{"generated", nil, centres, 1, len(m.Centres) + 2},
			{"far off", centres, m.ToSamples(data.Point{50, -50}, data.Point{math.Inf(1), 0}, data.Point{0, math.NaN()}), len(m.Centres) + 2, 1},
		} {
			img, err := m.Picture("title", test.real, test.generated)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(blobs(img, bluish)); n != test.blue {
				t.Errorf("%d modes, %s: %d blobs of the real points' colour, want %d", len(m.Centres), test.name, n, test.blue)
			}
			if n := len(blobs(img, orangish)); n != test.orange {
				t.Errorf("%d modes, %s: %d blobs of the generated points' colour, want %d", len(m.Centres), test.name, n, test.orange)
			}
		}
	}
}

// TestPictureOffsets places points on both sides of a centre. In the picture,
// both must have the same distance from the centre. They are clearly apart only
// if the modes are wide.
func TestPictureOffsets(t *testing.T) {
	m := Points{data.Ring()}
	c := m.Centres[5]
	img, err := m.Picture("", nil, m.ToSamples(data.Point{c[0] - 4*m.Sigma, c[1]}, c, data.Point{c[0] + 4*m.Sigma, c[1]}))
	if err != nil {
		t.Fatal(err)
	}
	var right []data.Point
	for _, b := range blobs(img, orangish) {
		if b[0] > 500 && b[1] > 150 { // below the legend
			right = append(right, b)
		}
	}
	if len(right) != 3 {
		t.Fatalf("%d blobs on the right, want 3", len(right))
	}
	first, second := right[1][0]-right[0][0], right[2][0]-right[1][0]
	if math.Abs(first-second) > 1 || first < 100 {
		t.Errorf("the points are %.1f and %.1f pixels apart, want equally many, and over 100", first, second)
	}
}

// TestMixtureFrame draws one point at a time: in the middle, halfway to the
// rightmost modes, and at the same distance upwards.
func TestMixtureFrame(t *testing.T) {
	for _, m := range []Points{{data.Ring()}, {data.Grid()}} {
		at := func(p data.Point) data.Point {
			img, err := m.Frame("step 1200", nil, m.ToSamples(p))
			if err != nil {
				t.Fatal(err)
			}
			if size := img.Bounds().Size(); size != image.Pt(360, 384) {
				t.Fatalf("the frame's size is %v", size)
			}
			found := blobs(img, orangish)
			if len(found) != 2 || found[1][1] < 360 {
				t.Fatalf("%v is shown as the first of %v, want one, and one in the legend", p, found)
			}
			if real := blobs(img, bluish); len(real) != 1 || real[0][1] < 360 {
				t.Fatalf("real points at %v, want one in the legend", real)
			}
			return found[0]
		}
		half := m.Centres[len(m.Centres)-1][0] / 2
		middle, right, above := at(data.Point{}), at(data.Point{half, 0}), at(data.Point{0, half})
		dx, dy := right[0]-middle[0], middle[1]-above[1]
		if dx < 30 || math.Abs(dx-dy) > 0.02*dx+1 {
			t.Errorf("%v is %.1f pixels to the right, and %.1f up", half, dx, dy)
		}
		if math.Abs(right[1]-middle[1]) > 1 || math.Abs(above[0]-middle[0]) > 1 {
			t.Errorf("%v should be straight right of %v, and %v straight above it", right, middle, above)
		}
	}
}

// TestDrawSquare checks that a unit has the same length along x and y.
func TestDrawSquare(t *testing.T) {
	for _, size := range []struct{ w, h float64 }{{300, 200}, {200, 300}, {250, 250}} {
		c := draw.New(vgimg.New(vg.Length(size.w), vg.Length(size.h)))
		p := plot.New()
		drawSquare(p, c, 2)
		data := p.DataCanvas(c).Size()
		x, y := float64(data.X)/(p.X.Max-p.X.Min), float64(data.Y)/(p.Y.Max-p.Y.Min)
		if math.Abs(x/y-1) > 0.02 {
			t.Errorf("%v: a unit is %v along x and %v along y", size, x, y)
		}
		if p.X.Max < 2 || p.Y.Max < 2 || min(p.X.Max, p.Y.Max) != 2 {
			t.Errorf("%v: axes end at %v and %v, want the shorter at 2", size, p.X.Max, p.Y.Max)
		}
	}
}
