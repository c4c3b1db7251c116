package gradcheck

import (
	"math/rand/v2"
	"slices"
)

// A probe is a way to move one input: a single entry, or a direction.
type probe struct {
	wrt    int   // index into problem.wrt
	moves  []int // flat indices of the entries that move
	signs  []float64
	single bool
}

// probes chooses what to check of the k-th input that is differentiated.
func (c *config) probes(k int, op *operand, random *rand.Rand) (chosen []probe, excluded int) {
	var entries []int
	for j, x := range op.data {
		if c.exclude != nil && op.input != Upstream && c.exclude(op.input, x) {
			excluded++
			continue
		}
		entries = append(entries, j)
	}
	if len(entries) == 0 {
		return nil, excluded
	}
	if c.directions > 0 {
		for range c.directions {
			d := probe{wrt: k, moves: entries}
			for range entries {
				d.signs = append(d.signs, float64(1-2*random.IntN(2)))
			}
			chosen = append(chosen, d)
		}
		return chosen, excluded
	}
	if c.sample > 0 && c.sample < len(entries) {
		random.Shuffle(len(entries), func(a, b int) { entries[a], entries[b] = entries[b], entries[a] })
		entries = entries[:c.sample]
	}
	for _, j := range entries {
		chosen = append(chosen, probe{wrt: k, moves: []int{j}, signs: []float64{1}, single: true})
	}
	return chosen, excluded
}

// along returns the derivative along d of what has the gradient grad.
func (d probe) along(grad []float64) float64 {
	if grad == nil {
		return 0 // no path from the input to the output
	}
	sum := 0.0
	for k, j := range d.moves {
		sum += d.signs[k] * grad[j]
	}
	return sum
}

// difference returns the central difference of Σ upstream·outputs along d.
func (d probe) difference(t *tape, p *problem, upstream [][]float64, eps float64) (float64, error) {
	i := p.wrt[d.wrt]
	moved := slices.Clone(p.point)
	at := func(h float64) (*run, error) {
		op := *p.point[i]
		op.data = append([]float64(nil), op.data...)
		for k, j := range d.moves {
			op.data[j] = op.round(op.data[j] + h*d.signs[k])
		}
		moved[i] = &op
		return t.run(moved)
	}
	above, err := at(eps)
	if err != nil {
		return 0, err
	}
	below, err := at(-eps)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for k, up := range upstream {
		for j, u := range up {
			sum += u * (above.out[k][j] - below.out[k][j])
		}
	}
	return sum / d.step(p.point[i], eps), nil
}

// step returns how far d moves op from below to above. For an entry that is not
// 2·eps: x ± eps is rounded.
func (d probe) step(op *operand, eps float64) float64 {
	if !d.single {
		return 2 * eps
	}
	x := op.data[d.moves[0]]
	return op.round(x+eps) - op.round(x-eps)
}
