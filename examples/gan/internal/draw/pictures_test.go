package draw

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

func black(c color.NRGBA) bool { return c == color.NRGBA{A: 0xff} }

// filled returns n pictures in which every pixel is v.
func filled(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n*data.Side*data.Side) }

// countColor returns the number of pixels of img in r with the colour c.
func countColor(img image.Image, r image.Rectangle, c color.NRGBA) (n int) {
	r = r.Intersect(img.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if color.NRGBAModel.Convert(img.At(x, y)) == c {
				n++
			}
		}
	}
	return n
}

// TestImagesPicture uses one value for generated and another for real pictures.
// Generated ones must be on the left and real ones on the right, with at most
// 100 of each.
func TestImagesPicture(t *testing.T) {
	ink, grey := color.NRGBA{A: 0xff}, color.NRGBA{R: 0x80, G: 0x80, B: 0x80, A: 0xff}
	for _, test := range []struct{ generated, real, drawn, drawnReal int }{
		{0, 1, 0, 1},
		{3, 100, 3, 100},
		{101, 1000, 100, 100},
	} {
		img, err := Pictures{}.Picture("", filled(test.real, 0), filled(test.generated, 1.5))
		if err != nil {
			t.Fatal(err)
		}
		left, right := img.Bounds(), img.Bounds()
		left.Max.X /= 2
		right.Min.X = left.Max.X
		const pixels = 48 * 48 // of a digit
		body := image.Rect(0, 74, img.Bounds().Max.X, img.Bounds().Max.Y)
		if n := countColor(img, left.Intersect(body), ink); n != test.drawn*pixels {
			t.Errorf("%d pixels of generated pictures, want %d", n, test.drawn*pixels)
		}
		if n := countColor(img, right.Intersect(body), grey); n != test.drawnReal*pixels {
			t.Errorf("%d pixels of real pictures, want %d", n, test.drawnReal*pixels)
		}
	}
}

// TestImagesFrame finds two pixels of ink: one in the second digit of the first
// row, the other in the first digit of the second row.
func TestImagesFrame(t *testing.T) {
	samples := filled(49, -3)
	samples[(1*data.Side+4)*data.Side+10] = 1
	samples[(7*data.Side+15)*data.Side+0] = 9
	img, err := Pictures{}.Frame("", filled(1, 1), samples)
	if err != nil {
		t.Fatal(err)
	}
	// A pixel becomes 3 by 3 pixels, a digit 48 by 48, and a gap is 2 wide. The
	// first digit's corner is at (6, 30). The middle of 3 pixels is 1 further.
	want := []data.Point{{6 + 50 + 3*10 + 1, 30 + 3*4 + 1}, {6 + 1, 30 + 50 + 3*15 + 1}}
	var got []data.Point
	for _, p := range blobs(img, black) {
		if p[1] >= 30 { // below the title
			got = append(got, p)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("ink at %v, want at %v", got, want)
	}
	white := color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	b := img.Bounds()
	b.Min.Y = 30
	if n := countColor(img, b, white); n != b.Dx()*b.Dy()-2*9 {
		t.Errorf("%d of %d pixels are white, want all but 18", n, b.Dx()*b.Dy())
	}
}
