package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/draw"
)

// MNIST is the training set of MNIST, or of another collection in the same
// format. The pictures are scaled to Side × Side pixels.
type MNIST struct {
	pixels []byte // one picture after another, row by row; 255 is ink
	labels []byte
}

// ReadMNIST reads the pictures and labels in a directory. The files must have
// their published names.
func ReadMNIST(dir string) (*MNIST, error) {
	shape, pixels, err := readIDX(dir, "train-images-idx3-ubyte", 3)
	if err != nil {
		return nil, err
	}
	_, labels, err := readIDX(dir, "train-labels-idx1-ubyte", 1)
	if err != nil {
		return nil, err
	}
	if shape[0] != len(labels) {
		return nil, fmt.Errorf("%s has %d pictures and %d labels, expected a label for each picture", dir, shape[0], len(labels))
	}
	for i, l := range labels {
		if l > 9 {
			return nil, fmt.Errorf("%s: picture %d has the label %d, expected a digit", dir, i, l)
		}
	}
	return &MNIST{scalePictures(pixels, shape[1], shape[2]), labels}, nil
}

// Draw draws n random pictures; the same picture may come more than once. The
// values go from 0 (paper) to 1 (ink). It also returns the digits that the
// pictures show.
func (m *MNIST) Draw(rng *rand.Rand, n int) (pixels []float64, labels []int) {
	const size = Side * Side
	pixels = make([]float64, 0, n*size)
	labels = make([]int, n)
	for i := range labels {
		j := rng.IntN(len(m.labels))
		labels[i] = int(m.labels[j])
		for _, v := range m.pixels[j*size : (j+1)*size] {
			pixels = append(pixels, float64(v)/0xff)
		}
	}
	return pixels, labels
}

// scalePictures scales pictures of the given size to Side × Side pixels.
func scalePictures(pixels []byte, height, width int) []byte {
	from := image.NewGray(image.Rect(0, 0, width, height))
	to := image.NewGray(image.Rect(0, 0, Side, Side))
	scaler := draw.CatmullRom.NewScaler(Side, Side, width, height)
	var scaled []byte
	for ; len(pixels) > 0; pixels = pixels[len(from.Pix):] {
		copy(from.Pix, pixels)
		scaler.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
		scaled = append(scaled, to.Pix...)
	}
	return scaled
}

// readIDX reads a file of bytes in the IDX format: a magic number that contains
// the number of dimensions, the size of each dimension, and the bytes.
func readIDX(dir, name string, dimensions int) (shape []int, data []byte, err error) {
	path, file, err := readFile(dir, name)
	if err != nil {
		return nil, nil, err
	}
	header := 4 + 4*dimensions
	if len(file) < header {
		return nil, nil, fmt.Errorf("%s has %d bytes, expected a header of %d", path, len(file), header)
	}
	magic, want := binary.BigEndian.Uint32(file), 0x0800+uint32(dimensions)
	if magic != want {
		return nil, nil, fmt.Errorf("%s has the magic number 0x%08x, expected 0x%08x", path, magic, want)
	}
	size := 1. // the product of three sizes may be too large for an integer
	for i := 4; i < header; i += 4 {
		n := int(binary.BigEndian.Uint32(file[i:]))
		shape = append(shape, n)
		size *= float64(n)
	}
	if slices.Min(shape) < 1 {
		return nil, nil, fmt.Errorf("%s has the sizes %v, expected at least 1 each", path, shape)
	}
	data = file[header:]
	if float64(len(data)) != size {
		return nil, nil, fmt.Errorf("%s has %d bytes after the header, expected %.0f for the sizes %v", path, len(data), size, shape)
	}
	return shape, data, nil
}

// readFile reads a file, compressed or not, and returns its path too. The last
// but one dash in the name may be a dot, as in some copies of MNIST.
func readFile(dir, name string) (path string, data []byte, err error) {
	dotted := strings.Replace(name, "-idx", ".idx", 1)
	for _, n := range []string{name, name + ".gz", dotted, dotted + ".gz"} {
		path = filepath.Join(dir, n)
		if data, err = os.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("%s has no file %s or %s.gz", dir, name, name)
	}
	if err != nil {
		return "", nil, err
	}
	// The name does not tell whether the file is compressed: a download may
	// decompress a file and keep its name.
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		if data, err = gunzip(data); err != nil {
			return "", nil, fmt.Errorf("decompressing %s: %w", path, err)
		}
	}
	return path, data, nil
}

func gunzip(compressed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
