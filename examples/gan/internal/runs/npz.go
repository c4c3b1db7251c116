package runs

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"gorgonia.org/leakyrelu/examples/gan/internal/adversary"
	"gorgonia.org/tensor"
)

// An .npz file is a zip archive of arrays in NumPy's format. numpy.load can
// read it. Gorgonia's tensors can read and write the format of the arrays.

// writeArray adds a to the archive.
func writeArray(z *zip.Writer, a adversary.Array) error {
	// Compression does not make weights smaller. So the archive stores them, as
	// numpy.savez does.
	w, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
	if err != nil {
		return err
	}
	return a.WriteNpy(w)
}

// readArray reads the values of a. The array in the file must have the dtype
// and shape of a.
func readArray(z *zip.Reader, a adversary.Array) error {
	member := a.Name + ".npy"
	data, err := readMember(z, member)
	if err != nil {
		return err
	}
	// The reader does not check the header. So compare the header with the
	// expected one first.
	var expected bytes.Buffer
	if err := a.WriteNpy(&expected); err != nil {
		return err
	}
	if len(data) != expected.Len() {
		return fmt.Errorf("%s has %d bytes, expected %d for %v of shape %v", member, len(data), expected.Len(), a.Dtype(), a.Shape())
	}
	header := len(data) - int(a.MemSize())
	if !bytes.Equal(data[:header], expected.Bytes()[:header]) {
		return fmt.Errorf("%s begins with %q, expected %q", member, data[:header], expected.Bytes()[:header])
	}
	read := new(tensor.Dense)
	if err := read.ReadNpy(bytes.NewReader(data)); err != nil {
		return fmt.Errorf("%s: %w", member, err)
	}
	return tensor.Copy(a.Dense, read)
}

// readMember returns the contents of a file in the archive. It checks the
// checksum.
func readMember(z *zip.Reader, name string) ([]byte, error) {
	f, err := z.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("it contains no %s", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, nil
}
