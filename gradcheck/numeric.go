package gradcheck

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gorgonia.org/tensor"
)

// A want has the results that every machine should give.
type want struct {
	upstream [][]float64 // weights of the outputs
	outputs  [][]float64
	tape     *tape // computes outputs
	probes   []probe
	slopes   []slope // of each probe
	excluded int
}

// A probe is a way to move one input: a single entry, or a direction.
type probe struct {
	wrt       int       // index into problem.wrt
	entries   []int     // row-major indices of the entries that move
	direction []float64 // how many steps each of them moves, nil for a single entry
}

// A slope is how Σ upstream·outputs changes along a probe.
type slope struct {
	central      float64 // from a step below to a step above
	below, above float64 // from a step below to the point, and from there to a step above
	bend         float64 // by how much above and below differ, though not for curvature
	rounding     float64 // by how much rounding may change central
	scale        float64 // the largest |upstream·output| of those that change
	moved        int     // number of output entries that change
	output, at   int     // the last of them
}

// plan chooses what to measure.
func (c *config) plan(p *problem, random *rand.Rand) (*want, error) {
	w := new(want)
	for _, n := range p.out {
		w.upstream = append(w.upstream, awayFromZero(n.Dtype(), n.Shape().TotalSize(), random))
	}
	for k := range p.wrt {
		op := p.operand(k)
		probes, excluded := c.probes(k, op, random)
		if len(probes) == 0 {
			return nil, &Error{Fault: NothingChecked, Detail: "all of " + op.name(), Excluded: excluded}
		}
		for _, d := range probes {
			for _, j := range d.entries {
				if x := op.data[j]; op.round(x+c.eps) == op.round(x-c.eps) {
					return nil, fmt.Errorf("Eps(%v) is too small to change %s, which is %v: choose a larger Eps, or a smaller input",
						c.eps, op.place(j), x)
				}
			}
		}
		w.probes = append(w.probes, probes...)
		w.excluded += excluded
	}
	return w, nil
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
			chosen = append(chosen, probe{k, entries, awayFromZero(tensor.Float64, len(entries), random)})
		}
		return chosen, excluded
	}
	if c.sample > 0 && c.sample < len(entries) {
		random.Shuffle(len(entries), func(a, b int) { entries[a], entries[b] = entries[b], entries[a] })
		entries = entries[:c.sample]
	}
	for i := range entries {
		chosen = append(chosen, probe{wrt: k, entries: entries[i : i+1]})
	}
	return chosen, excluded
}

// awayFromZero draws numbers between 0.5 and 1.5 with random signs. Smaller
// numbers would hide errors in the values that they multiply.
func awayFromZero(dt tensor.Dtype, n int, random *rand.Rand) []float64 {
	op := operand{dtype: dt}
	u := make([]float64, n)
	for i := range u {
		u[i] = op.round((0.5 + random.Float64()) * float64(1-2*random.IntN(2)))
	}
	return u
}

// measure evaluates p and its central differences.
func (c *config) measure(p *problem, w *want) error {
	// What an operator keeps of its first run has to be wrong in the next: see warmUp.
	safely(func() error { _, err := newTape(p.expression, nil, true).run(p.otherPoint()); return err })
	t := newTape(p.expression, nil, true)
	reference, err := t.run(p.point)
	if err != nil {
		return err
	}
	again, err := t.run(p.point)
	if err != nil {
		return err
	}
	if e := c.sameRuns(p, again, reference); e != nil {
		return e
	}
	w.outputs, w.tape = reference.out, t
	if at := p.notFinite(reference); at != "" {
		return &Error{Fault: NotFinite, Detail: at, Hint: "choose inputs for which every output is finite"}
	}
	var outside *Error
	for _, d := range w.probes {
		s, fault, err := c.difference(d, c.eps, p, w)
		if err != nil {
			return err
		}
		if fault != nil {
			if outside == nil {
				outside = fault
			}
			outside.Failed++
		}
		w.slopes = append(w.slopes, s)
	}
	if outside != nil {
		outside.Checked = len(w.probes)
		return outside
	}
	return nil
}

// notFinite returns which output is NaN or infinite, and "" if none is.
func (p *problem) notFinite(r *run) string {
	for i, out := range r.out {
		for j, y := range out {
			if math.IsNaN(y) || math.IsInf(y, 0) {
				return fmt.Sprintf("the output at %v is %v", unravel(j, p.out[i].Shape()), y)
			}
		}
	}
	return ""
}

// difference measures the slope along d. It returns an Error if a step leaves
// the domain of the function.
func (c *config) difference(d probe, eps float64, p *problem, w *want) (slope, *Error, error) {
	i := p.wrt[d.wrt]
	op := p.point[i]
	moved := slices.Clone(p.point)
	var outside *Error
	at := func(h float64, side string) ([][]float64, error) {
		there := *op
		there.data = slices.Clone(op.data)
		for k, j := range d.entries {
			there.data[j] = d.step(op, k, h)
		}
		moved[i] = &there
		r, err := w.tape.run(moved)
		if err != nil {
			return nil, err
		}
		if at := p.notFinite(r); at != "" && outside == nil {
			outside = &Error{Fault: NotFinite, Hint: "the step leaves the domain of the function: choose inputs farther inside, or leave such entries out with Exclude"}
			outside.Detail = fmt.Sprintf("%s at x %s eps, a step of %.3g %s the inputs along a direction", at, side, eps, map[string]string{"+": "above", "-": "below"}[side])
			if d.direction == nil {
				outside.Detail = fmt.Sprintf("%s at x %s eps: x = %.9g, %s, becomes %.9g",
					at, side, op.data[d.entries[0]], op.place(d.entries[0]), there.data[d.entries[0]])
			}
		}
		return r.out, nil
	}
	above, err := at(eps, "+")
	if err != nil {
		return slope{}, nil, err
	}
	below, err := at(-eps, "-")
	if err != nil {
		return slope{}, nil, err
	}
	lengthAbove, lengthBelow := eps, eps
	if d.direction == nil {
		x := op.data[d.entries[0]]
		lengthAbove, lengthBelow = d.step(op, 0, eps)-x, x-d.step(op, 0, -eps)
	}
	var s slope
	for k, up := range w.upstream {
		unit := unitRoundoff(p.out[k].Dtype())
		for j, u := range up {
			y, a, b := w.outputs[k][j], above[k][j], below[k][j]
			s.central += u * (a - b)
			s.above += u * (a - y)
			s.below += u * (y - b)
			if a != b {
				s.moved, s.output, s.at = s.moved+1, k, j
				s.rounding += (u * y * unit) * (u * y * unit)
				s.scale = math.Max(s.scale, math.Abs(u*y))
			}
			// Summed up without sign: kinks of several outputs must not cancel.
			bend := math.Abs(u * ((a-y)/lengthAbove - (y-b)/lengthBelow))
			if bend > 8*math.Abs(u*y)*unit/math.Min(lengthAbove, lengthBelow) {
				s.bend += bend
			}
		}
	}
	s.central /= lengthAbove + lengthBelow
	s.above /= lengthAbove
	s.below /= lengthBelow
	s.rounding = 4 * math.Sqrt(s.rounding) / (lengthAbove + lengthBelow)
	return s, outside, nil
}

// refine measures along a direction with larger and larger steps. It returns
// the slope that agrees best with those of its neighbours, and its step. Their
// difference becomes the slope's rounding. Many small rounding errors, as in a
// long sum, can be large compared with the gradient of one entry. A larger step
// makes them smaller.
func (c *config) refine(d probe, p *problem, w *want) (best slope, step float64) {
	var slopes []slope
	for h := c.eps; len(slopes) < 5; h *= 4 {
		s, outside, err := c.difference(d, h, p, w)
		if err != nil || outside != nil {
			break
		}
		slopes = append(slopes, s)
	}
	bend := 0.0
	if len(slopes) > 1 && slopes[1].bend < 2*slopes[0].bend {
		bend = slopes[0].bend // a bend from curvature grows with the step, a bend from a kink does not
	}
	best.rounding = math.Inf(1)
	for i, s := range slopes {
		s.rounding = 0
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < len(slopes) {
				s.rounding = math.Max(s.rounding, 2*math.Abs(s.central-slopes[j].central))
			}
		}
		if s.rounding < best.rounding {
			best, step = s, c.eps*math.Pow(4, float64(i))
			best.bend = bend
		}
	}
	return best, step
}

// step returns the value of d's k-th entry after a step h.
func (d probe) step(op *operand, k int, h float64) float64 {
	if d.direction != nil {
		h *= d.direction[k]
	}
	return op.round(op.data[d.entries[k]] + h)
}

// along returns the derivative along d that follows from the gradient grad at
// op, for a step of eps. It also returns the root mean square of the gradient's
// entries along d.
func (d probe) along(grad []float64, op *operand, eps float64) (derivative, typical float64) {
	switch {
	case grad == nil:
		return 0, 0 // no path from the input to the output
	case d.direction == nil:
		return grad[d.entries[0]], math.Abs(grad[d.entries[0]])
	}
	for k, j := range d.entries {
		// Because of rounding, an entry may move a little more or less than eps
		// times its share.
		derivative += grad[j] * (d.step(op, k, eps) - d.step(op, k, -eps)) / (2 * eps)
		typical += grad[j] * grad[j]
	}
	return derivative, math.Sqrt(typical / float64(len(d.entries)))
}
