package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	imagesName = "train-images-idx3-ubyte"
	labelsName = "train-labels-idx1-ubyte"
)

// idx returns an IDX file: 32-bit numbers, then bytes.
func idx(numbers []uint32, data ...byte) []byte {
	var file []byte
	for _, n := range numbers {
		file = binary.BigEndian.AppendUint32(file, n)
	}
	return append(file, data...)
}

func compress(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// directory returns a new directory with these files.
func directory(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestMNIST reads three pictures that already have Side × Side pixels. They
// must not change. The test uses all file names, compressed and not.
func TestMNIST(t *testing.T) {
	pixels := make([]byte, 3*Side*Side)
	for i := range pixels {
		pixels[i] = byte(i * 7)
	}
	images := idx([]uint32{0x803, 3, Side, Side}, pixels...)
	labels := idx([]uint32{0x801, 3}, 9, 0, 4)
	for name, files := range map[string]map[string][]byte{
		"plain":            {imagesName: images, labelsName: labels},
		"compressed":       {imagesName + ".gz": compress(t, images), labelsName + ".gz": compress(t, labels)},
		"either":           {imagesName: images, labelsName + ".gz": compress(t, labels)},
		"wrongly named":    {imagesName: compress(t, images), labelsName + ".gz": labels},
		"dots":             {"train-images.idx3-ubyte": images, "train-labels.idx1-ubyte": labels},
		"dots, compressed": {"train-images.idx3-ubyte.gz": compress(t, images), "train-labels.idx1-ubyte.gz": compress(t, labels)},
	} {
		m, err := ReadMNIST(directory(t, files))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(m.pixels, pixels) || !bytes.Equal(m.labels, []byte{9, 0, 4}) {
			t.Errorf("%s: read other pixels or labels than written", name)
		}
	}
}

// TestMNISTHeight reads a picture of two pixels, one above the other.
func TestMNISTHeight(t *testing.T) {
	m, err := ReadMNIST(directory(t, map[string][]byte{
		imagesName: idx([]uint32{0x803, 1, 2, 1}, 0, 255),
		labelsName: idx([]uint32{0x801, 1}, 5),
	}))
	if err != nil {
		t.Fatal(err)
	}
	for x := range Side {
		if top, bottom := m.pixels[x], m.pixels[(Side-1)*Side+x]; top != 0 || bottom != 255 {
			t.Errorf("column %d goes from %d to %d, want 0 to 255", x, top, bottom)
		}
	}
}

// TestMNISTSample checks that all pictures have the same frequency, within five
// standard errors, with their own labels and with values from 0 to 1.
func TestMNISTSample(t *testing.T) {
	const n, size = 3000, Side * Side
	m := &MNIST{labels: []byte{3, 1, 4}}
	for _, v := range []byte{0, 51, 255} {
		m.pixels = append(m.pixels, bytes.Repeat([]byte{v}, size)...)
	}
	want := map[int]float64{3: 0, 1: 0.2, 4: 1}

	pixels, labels := m.Draw(rand.New(rand.NewPCG(1, 2)), n)
	if len(pixels) != n*size || len(labels) != n {
		t.Fatalf("%d pixels and %d labels, want %d and %d", len(pixels), len(labels), n*size, n)
	}
	counts := map[int]int{}
	for i, l := range labels {
		counts[l]++
		for _, v := range pixels[i*size : (i+1)*size] {
			if v != want[l] {
				t.Fatalf("sample %d has the label %d and a pixel of %v, want %v", i, l, v, want[l])
			}
		}
	}
	for l := range want {
		if e := math.Sqrt(n * 1. / 3 * 2 / 3); math.Abs(float64(counts[l])-n/3) > 5*e {
			t.Errorf("label %d comes %d times in %d, want %d ± %.0f", l, counts[l], n, n/3, e)
		}
	}
	again, labelsAgain := m.Draw(rand.New(rand.NewPCG(1, 2)), n)
	if !slices.Equal(pixels, again) || !slices.Equal(labels, labelsAgain) {
		t.Error("the samples differ between two with the same seed")
	}
}

// TestMNISTScale scales pictures of other sizes. A picture of one brightness
// must stay so. A slope in brightness must stay the same, except near the edge.
func TestMNISTScale(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 40}, {7, 3}, {28, 28}, {100, 50}} {
		height, width := size[0], size[1]
		var pixels []byte
		for _, v := range []byte{0, 100, 255} {
			pixels = append(pixels, bytes.Repeat([]byte{v}, height*width)...)
		}
		scaled := scalePictures(pixels, height, width)
		if len(scaled) != 3*Side*Side {
			t.Fatalf("%d×%d: %d pixels, want %d", height, width, len(scaled), 3*Side*Side)
		}
		for i, v := range scaled {
			if want := []byte{0, 100, 255}[i/(Side*Side)]; v != want {
				t.Errorf("%d×%d: pixel %d of %d is %d, want %d", height, width, i, len(scaled), v, want)
			}
		}
	}

	const height, width = 28, 21
	var pixels []byte
	for i := range height * width {
		pixels = append(pixels, byte(4*(i/width)+6*(i%width)))
	}
	for i, v := range scalePictures(pixels, height, width) {
		x, y := i%Side, i/Side
		if min(x, y) < 2 || max(x, y) >= Side-2 {
			continue
		}
		// The middle of pixel i is at i + 1/2.
		want := 4*((float64(y)+0.5)*height/Side-0.5) + 6*((float64(x)+0.5)*width/Side-0.5)
		if math.Abs(float64(v)-want) > 1.5 {
			t.Errorf("the slope at (%d, %d) is %d, want %.1f ± 1.5", x, y, v, want)
		}
	}
}

// TestMNISTErrors checks that errors name the actual and the expected values.
func TestMNISTErrors(t *testing.T) {
	images := idx([]uint32{0x803, 2, 1, 3}, 1, 2, 3, 4, 5, 6)
	labels := idx([]uint32{0x801, 2}, 7, 8)
	huge := uint32(math.MaxUint32)
	for _, c := range []struct {
		name           string
		images, labels []byte
		want           []string
	}{
		{"no images", nil, labels, []string{"no file", imagesName + " or " + imagesName + ".gz"}},
		{"no labels", images, nil, []string{"no file", labelsName + " or " + labelsName + ".gz"}},
		{"half a header", images[:10], labels, []string{imagesName, "10 bytes", "header of 16"}},
		{"empty labels", images, []byte{}, []string{labelsName, "0 bytes", "header of 8"}},
		{"files swapped", idx([]uint32{0x801, 8}, 0, 1, 2, 3, 4, 5, 6, 7), images, []string{imagesName, "0x00000801", "0x00000803"}},
		{"labels twice", images, idx([]uint32{0x803, 1, 1, 1}, 1), []string{labelsName, "0x00000803", "0x00000801"}},
		{"truncated", images[:len(images)-1], labels, []string{imagesName, "5 bytes", "expected 6", "[2 1 3]"}},
		{"trailing", images, idx([]uint32{0x801, 2}, 7, 8, 9), []string{labelsName, "3 bytes", "expected 2", "[2]"}},
		{"no pictures", idx([]uint32{0x803, 0, 28, 28}), idx([]uint32{0x801, 0}), []string{imagesName, "[0 28 28]", "at least 1"}},
		{"no height", idx([]uint32{0x803, 2, 0, 3}), labels, []string{imagesName, "[2 0 3]", "at least 1"}},
		{"no width", idx([]uint32{0x803, 2, 3, 0}), labels, []string{imagesName, "[2 3 0]", "at least 1"}},
		{"huge", idx([]uint32{0x803, 1 << 30, 1 << 10, 1 << 24}), labels, []string{imagesName, "0 bytes", "expected 18446744073709551616"}},
		{"huge labels", images, idx([]uint32{0x801, huge}, 1), []string{labelsName}},
		{"more labels", images, idx([]uint32{0x801, 3}, 1, 2, 3), []string{"2 pictures", "3 labels"}},
		{"label 10", images, idx([]uint32{0x801, 2}, 9, 10), []string{"picture 1", "label 10", "digit"}},
		{"truncated gzip", compress(t, images)[:20], labels, []string{imagesName, "decompressing", "unexpected EOF"}},
		{"half a gzip header", images, compress(t, labels)[:3], []string{labelsName, "decompressing"}},
	} {
		files := map[string][]byte{imagesName: c.images, labelsName: c.labels}
		for name, data := range files {
			if data == nil {
				delete(files, name)
			}
		}
		_, err := ReadMNIST(directory(t, files))
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not contain %q", c.name, err, want)
			}
		}
	}

	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, imagesName), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadMNIST(dir); err == nil || !strings.Contains(err.Error(), imagesName) {
		t.Errorf("a directory for a file: got error %v, want one that names it", err)
	}
}
