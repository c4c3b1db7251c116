package draw

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/leakyrelu/examples/gan/internal/data"
)

// encodeAnimation returns the file of an animation and what a viewer reads from it.
func encodeAnimation(t *testing.T, frames []image.Image) (size int, g *gif.GIF) {
	t.Helper()
	var file bytes.Buffer
	if err := gif.EncodeAll(&file, Animate(frames)); err != nil {
		t.Fatal(err)
	}
	size = file.Len()
	g, err := gif.DecodeAll(&file)
	if err != nil {
		t.Fatal(err)
	}
	return size, g
}

// TestAnimate checks that all frames are there in order, that areas of one
// colour stay so, and that the main colours do not change.
func TestAnimate(t *testing.T) {
	other := color.NRGBA{R: 0x31, G: 0x35, B: 0x39, A: 0xff}
	white := color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	var frames []image.Image
	for _, c := range []color.NRGBA{white, Blue, Orange, {A: 0xff}, other} {
		f := image.NewNRGBA(image.Rect(0, 0, 20, 30))
		for i := range 20 * 30 {
			f.SetNRGBA(i%20, i/20, c)
		}
		frames = append(frames, f)
	}
	_, g := encodeAnimation(t, frames)
	if want := []int{8, 8, 8, 8, 300}; !slices.Equal(g.Delay, want) {
		t.Errorf("delays %v, want %v", g.Delay, want)
	}
	if g.LoopCount != 0 {
		t.Errorf("loop count %d, want 0, for ever", g.LoopCount)
	}
	for i, f := range g.Image {
		if f.Rect != frames[i].Bounds() {
			t.Fatalf("frame %d covers %v, want %v", i, f.Rect, frames[i].Bounds())
		}
		got := color.NRGBAModel.Convert(f.At(0, 0)).(color.NRGBA)
		if n := countColor(f, f.Rect, got); n != 20*30 {
			t.Errorf("frame %d: %d of 600 pixels are %v, want all", i, n, got)
		}
		want := color.NRGBAModel.Convert(frames[i].At(0, 0)).(color.NRGBA)
		if d := colorDistance(got, want); d > 8 || d > 0 && want != other {
			t.Errorf("frame %d is %v, want %v", i, got, want)
		}
	}
}

// colorDistance is the largest difference between the channels of two colours.
func colorDistance(a, b color.NRGBA) int {
	channel := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(channel(a.R, b.R), channel(a.G, b.G), channel(a.B, b.B))
}

// TestAnimateTasks animates the kinds of data of the program. The colours must
// look the same, and 50 frames must fit into 2 MB.
func TestAnimateTasks(t *testing.T) {
	const n = 3
	rng := rand.New(rand.NewPCG(1, 2))
	for name, task := range map[string]struct {
		data interface {
			Sample(rng *rand.Rand, n int) []float64
		}
		painter interface {
			Frame(title string, real, generated []float64) (image.Image, error)
		}
	}{
		"ring":   {data.Ring(), Points{data.Ring()}},
		"grid":   {data.Grid(), Points{data.Grid()}},
		"digits": {data.Pictures{Source: data.NewDigits()}, Pictures{}},
	} {
		var frames []image.Image
		for i := range n {
			// Halfway through the training, the samples are a mixture of data
			// and noise.
			generated := task.data.Sample(rng, 1000)
			for j := range generated {
				generated[j] += 0.2 * rng.NormFloat64()
			}
			f, err := task.painter.Frame(fmt.Sprint("step ", i), task.data.Sample(rng, 1000), generated)
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, f)
		}
		size, g := encodeAnimation(t, frames)
		if size > n*2_000_000/50 {
			t.Errorf("%s: %d frames take %d bytes", name, n, size)
		}
		for i, f := range g.Image {
			for y := f.Rect.Min.Y; y < f.Rect.Max.Y; y++ {
				for x := f.Rect.Min.X; x < f.Rect.Max.X; x++ {
					got := color.NRGBAModel.Convert(f.At(x, y)).(color.NRGBA)
					want := color.NRGBAModel.Convert(frames[i].At(x, y)).(color.NRGBA)
					if d := colorDistance(got, want); d > 32 {
						t.Fatalf("%s: pixel (%d, %d) is %v, want about %v", name, x, y, got, want)
					}
				}
			}
		}
	}
}
