package gradcheck

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gorgonia.org/tensor"
)

// A miss is a probe whose derivative is wrong.
type miss struct {
	probe
	slope
	analytic float64
	allowed  float64
	far      *slope // with a step of farther·Eps, nil if it was not measured
}

// farther is by how much a second step is larger, which tells jumps and coarse
// numbers from slopes.
const farther = 100

// measureFar measures with a larger step, at 20 misses at most, where it stays in
// the domain.
func (c *config) measureFar(misses []miss, p *problem, w *want) {
	for i := range min(len(misses), 20) {
		if misses[i].direction != nil {
			continue
		}
		if s, outside, err := c.difference(misses[i].probe, farther*c.eps, p, w); err == nil && outside == nil {
			misses[i].far = &s
		}
	}
}

// atKink tells whether the function has a kink or a jump at m.
func (c *config) atKink(m miss) bool {
	if c.isCoarse(m) {
		return false
	}
	if m.atJump() {
		return true
	}
	// Curvature bends by about the step times the second derivative, a kink by
	// the same with every step.
	return m.bend > 20*c.eps*math.Max(1, math.Abs(m.central)) && m.bend > 4*m.rounding && (m.far == nil || m.far.bend < 2*m.bend)
}

// atJump tells whether the function jumps at m: the slope is the height of the
// jump by the step.
func (m miss) atJump() bool {
	return m.far != nil && math.Abs(m.central-m.far.central) > m.allowed && math.Abs(m.central-farther*m.far.central) <= 0.01*math.Abs(m.central)
}

// isCoarse tells whether the outputs change in steps as small as those between
// float32 numbers, but too large for Eps.
func (c *config) isCoarse(m miss) bool {
	if m.far == nil {
		return false
	}
	change := math.Abs(m.central - m.far.central)
	return change > m.allowed && change > 1000*m.rounding && change > m.far.bend && 2*c.eps*change <= 16*unitRoundoff(tensor.Float32)*m.scale
}

// coarse says that most of the misses come from outputs in float32, "" if they
// do not.
func (c *config) coarse(p *problem, misses []miss) string {
	var found []miss
	measured := 0
	for _, m := range misses {
		if m.far != nil {
			measured++
		}
		if c.isCoarse(m) && p.operand(m.wrt).dtype == tensor.Float64 {
			found = append(found, m)
		}
	}
	if 2*len(found) <= measured {
		return ""
	}
	m := found[0]
	return fmt.Sprintf("numeric changes with the step, at %s from %.6g with Eps to %.6g with %d·Eps, as when Do computes in float32: see Do, or set Eps(5e-3), Atol(1e-3), Rtol(1e-2)",
		p.operand(m.wrt).place(m.entries[0]), m.central, m.far.central, farther)
}

// meaningless returns why the central differences of all misses mean nothing,
// "" if those of one do mean something.
func (c *config) meaningless(p *problem, misses []miss) string {
	kinks, worst := 0, miss{}
	for _, m := range misses {
		diff := math.Abs(m.analytic - m.central)
		switch {
		case c.atKink(m) && (m.atJump() || diff <= m.bend/2+m.allowed):
			kinks++
		case diff <= m.rounding || m.direction != nil && diff <= 4*m.rounding:
		default:
			return ""
		}
		worst = m
	}
	op := p.operand(worst.wrt)
	where := "along a direction through " + op.name()
	if worst.direction == nil {
		where = "at " + op.placeAndValue(worst.entries[0])
	}
	if kinks == len(misses) && worst.atJump() {
		return fmt.Sprintf("a jump %s: numeric is %.4g with Eps, %.4g with %d·Eps. There is no derivative to compare with: choose other inputs, or leave such entries out with Exclude",
			where, worst.central, worst.far.central, farther)
	}
	if kinks == len(misses) {
		disagree := fmt.Sprintf("the one-sided differences disagree, %.4g below and %.4g above", worst.below, worst.above)
		if math.Abs(worst.above-worst.below) < worst.bend/2 {
			disagree = "the one-sided differences of some outputs disagree"
		}
		return fmt.Sprintf("a kink or a jump %s: %s. There is no derivative to compare with: choose other inputs, or leave such entries out with Exclude", where, disagree)
	}
	advice := "smaller inputs, or fewer entries, or float64"
	if worst.direction == nil {
		x := math.Max(1, math.Abs(op.data[worst.entries[0]]))
		advice = fmt.Sprintf("a larger Eps, such as %.0e, or smaller inputs", math.Cbrt(unitRoundoff(op.dtype))*x)
	}
	return fmt.Sprintf("rounding, %s: the outputs are so large that rounding may change numeric by %.2g. Choose %s", where, worst.rounding, advice)
}

// pattern describes what the analytic values of misses have in common, "" if
// nothing.
func pattern(p *problem, r *run, w *want, misses []miss) string {
	if len(misses) == 0 {
		return ""
	}
	for _, m := range misses {
		if math.IsNaN(m.analytic) || math.IsInf(m.analytic, 0) {
			s := fmt.Sprintf("the gradient is %v, though the outputs are finite", m.analytic)
			if m.direction == nil {
				s += ", at " + p.operand(m.wrt).placeAndValue(m.entries[0])
			}
			if r.infinite != "" {
				s += ". The first result that is not finite is that of " + r.infinite
			}
			return s
		}
	}
	if len(misses) < 2 {
		return ""
	}
	all := func(expected func(m miss) (float64, bool)) bool {
		for _, m := range misses {
			x, ok := expected(m)
			if !ok || !(math.Abs(m.analytic-x) <= 1e-3*math.Max(math.Abs(x), math.Abs(m.analytic))+1e-9) {
				return false
			}
		}
		return true
	}
	factor := misses[0].analytic / misses[0].central
	switch {
	case all(func(miss) (float64, bool) { return 0, true }):
		if arrives := slices.ContainsFunc(misses, func(m miss) bool { return p.arrives(m.wrt, w, misses) }); arrives {
			return "the gradient is 0 in every failed entry: is it not filled in there?"
		}
		return "no gradient arrives: analytic is 0 in every failed entry"
	case all(func(m miss) (float64, bool) { return m.analytic, m.central == 0 }):
		return "numeric is 0 in every failed entry: the outputs do not depend on these entries"
	case !math.IsInf(factor, 0) && all(func(m miss) (float64, bool) { return factor * m.central, true }):
		s := fmt.Sprintf("analytic is %.4g times numeric in every failed entry", factor)
		if math.Abs(factor+1) < 1e-3 {
			s += ": the sign is wrong"
		}
		return s
	case misses[0].direction != nil:
		return ""
	}
	numeric := make(map[[2]int]float64) // the keys are an index into wrt and an entry
	for i, d := range w.probes {
		numeric[[2]int{d.wrt, d.entries[0]}] = w.slopes[i].central
	}
	entry := func(k, j int) (float64, bool) { x, ok := numeric[[2]int{k, j}]; return x, ok }
	for k := range p.wrt {
		for l := range k {
			if sameShape(p.operand(k).shape, p.operand(l).shape) && all(func(m miss) (float64, bool) {
				if m.wrt != k && m.wrt != l {
					return 0, false
				}
				return entry(k+l-m.wrt, m.entries[0])
			}) {
				return fmt.Sprintf("the gradients of %s and %s are interchanged", p.operand(l).name(), p.operand(k).name())
			}
		}
	}
	if all(func(m miss) (float64, bool) {
		shape := p.operand(m.wrt).shape
		if len(shape) != 2 {
			return 0, false
		}
		i, rows, columns := m.entries[0], shape[0], shape[1]
		return entry(m.wrt, i%rows*columns+i/rows)
	}) {
		return "analytic is numeric transposed"
	}
	if len(w.outputs) > 1 {
		return "" // the checks below need a single output
	}
	for _, f := range []struct {
		name string
		of   func(m miss) []float64
	}{
		{"the upstream gradient", func(miss) []float64 { return w.upstream[0] }},
		{"the input", func(m miss) []float64 { return p.operand(m.wrt).data }},
		{"the output", func(miss) []float64 { return w.outputs[0] }},
	} {
		times := func(invert bool) bool {
			return all(func(m miss) (float64, bool) {
				if len(f.of(m)) != len(p.operand(m.wrt).data) {
					return 0, false
				}
				if x := f.of(m)[m.entries[0]]; invert {
					return m.central / x, true
				} else {
					return m.central * x, true
				}
			})
		}
		switch {
		case times(false):
			return fmt.Sprintf("analytic is numeric times %s in every failed entry: there is one such factor too many", f.name)
		case times(true):
			return fmt.Sprintf("analytic is numeric divided by %s in every failed entry: there is one such factor too few", f.name)
		}
	}
	return ""
}

// deniedByDiffWRT returns which operator's DiffWRT stops all gradients to the
// input of a miss. It returns "" if none does.
func (p *problem) deniedByDiffWRT(r *run, misses []miss) string {
	for _, m := range misses {
		if r.grad[m.wrt] != nil {
			continue
		}
		input, needed := p.differentiated()[m.wrt], dependencies(p.out)
		for _, n := range p.out[0].Graph().AllNodes() {
			if !needed[n] {
				continue
			}
			kids := children(n)
			for i, passes := range differentiable(n, len(kids)) {
				if !passes && dependencies(kids[i : i+1])[input] {
					return fmt.Sprintf("DiffWRT of %v says that its input %d is not differentiable, and no other path leads to %s", n.Op(), i, p.operand(m.wrt).name())
				}
			}
		}
	}
	return ""
}

// whereWrong tells in which inputs entries are wrong, and what the derivative at
// the worst miss should be if it moves one entry of the output only.
func (p *problem) whereWrong(w *want, misses, kinks []miss) string {
	var s []string
	if len(p.wrt) > 1 {
		wrong, all := make([]int, len(p.wrt)), make([]int, len(p.wrt))
		for _, m := range slices.Concat(misses, kinks) {
			wrong[m.wrt]++
		}
		for _, d := range w.probes {
			all[d.wrt]++
		}
		for k := range p.wrt {
			s = append(s, fmt.Sprintf("%d of %d wrong in %s", wrong[k], all[k], p.operand(k).name()))
		}
	}
	worst := slices.MaxFunc(misses, func(a, b miss) int {
		return cmp.Compare(math.Abs(a.analytic-a.central), math.Abs(b.analytic-b.central))
	})
	if worst.direction == nil && worst.moved == 1 {
		op, u, j := p.operand(worst.wrt), w.upstream[worst.output][worst.at], worst.entries[0]
		s = append(s, fmt.Sprintf("at %s, the derivative of the output at %v is %.6g, not %.6g",
			op.placeAndValue(j), unravel(worst.at, p.out[worst.output].Shape()), worst.central/u, worst.analytic/u))
	}
	if len(kinks) > 0 {
		s = append(s, p.operand(kinks[0].wrt).place(kinks[0].entries[0])+" is at a kink or a jump")
	}
	return strings.Join(s, ", ")
}

// arrives tells whether a gradient that is not 0 arrives anywhere in the k-th
// input that is differentiated.
func (p *problem) arrives(k int, w *want, misses []miss) bool {
	for i, d := range w.probes {
		missed := slices.ContainsFunc(misses, func(m miss) bool { return m.wrt == k && slices.Equal(m.entries, d.entries) })
		if d.wrt == k && !missed && w.slopes[i].moved > 0 {
			return true
		}
	}
	return false
}

// nondeterminism returns a hint for values that differ from run to run.
func nondeterminism(entries []Entry) string {
	largest := 0.0
	for _, e := range entries {
		if !(e.Diff <= 1e-6*math.Max(1, math.Abs(e.Numeric))) {
			return "an operator keeps something from an earlier run, draws random numbers, or adds to memory that it does not clear first"
		}
		largest = math.Max(largest, e.Diff)
	}
	return fmt.Sprintf("does an operator draw random numbers, or run over a map? If it only adds in another order each time, as on several threads, NondetTol(%.0e) allows for it", 10*largest)
}
