package gradcheck

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// cost is the operator Σ upstream·inputs. It makes a scalar, because the Lisp
// machine differentiates only scalars. Gorgonia's own operators can't be used
// here, because some have faults.
type cost struct {
	dtype    tensor.Dtype
	types    []hm.Type // of the inputs
	upstream [][]float64
}

func (c *cost) Arity() int { return len(c.types) }

func (c *cost) Type() hm.Type {
	return hm.NewFnType(append(append([]hm.Type(nil), c.types...), c.dtype)...)
}

func (c *cost) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.ScalarShape(), nil
}
func (c *cost) ReturnsPtr() bool      { return false }
func (c *cost) CallsExtern() bool     { return false }
func (c *cost) OverwritesInput() int  { return -1 }
func (c *cost) String() string        { return "gradcheck cost" }
func (c *cost) WriteHash(h hash.Hash) { h.Write([]byte(c.String())) }

func (c *cost) Hashcode() uint32 {
	h := fnv.New32a()
	c.WriteHash(h)
	return h.Sum32()
}

func (c *cost) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	sum := 0.0
	for i, v := range inputs {
		data, err := floats(v)
		if err != nil {
			return nil, err
		}
		for j, x := range data {
			sum += c.upstream[i][j] * x
		}
	}
	return newValue(c.dtype, tensor.ScalarShape(), []float64{sum}), nil
}

// DoDiff adds the upstream gradients to the inputs' gradients. The cost's own
// gradient is 1.
func (c *cost) DoDiff(_ gorgonia.ExecutionContext, inputs gorgonia.Nodes, _ *gorgonia.Node) error {
	for i, n := range inputs {
		g, err := n.Grad()
		if err != nil {
			return err
		}
		if err := addTo(g, c.upstream[i]); err != nil {
			return err
		}
	}
	return nil
}

// addTo adds data to the numbers of v, in place.
func addTo(v gorgonia.Value, data []float64) error {
	switch v := v.(type) {
	case *gorgonia.F64:
		*v += gorgonia.F64(data[0])
		return nil
	case *gorgonia.F32:
		*v += gorgonia.F32(data[0])
		return nil
	case *tensor.Dense:
		return addToDense(v, data)
	}
	return fmt.Errorf("gradcheck: a gradient of type %T: expected a dense tensor or a scalar", v)
}

func addToDense(d *tensor.Dense, data []float64) error {
	if all, ok := d.Data().([]float64); ok && contiguous(d) {
		for i, x := range data {
			all[i] += x
		}
		return nil
	}
	for i, x := range data {
		at := unravel(i, d.Shape())
		old, err := d.At(at...)
		if err != nil {
			return err
		}
		var sum any
		switch old := old.(type) {
		case float64:
			sum = old + x
		case float32:
			sum = old + float32(x)
		}
		if err := d.SetAt(sum, at...); err != nil {
			return err
		}
	}
	return nil
}
