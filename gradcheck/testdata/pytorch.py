"""What PyTorch's gradcheck and gradgradcheck say about the faults of
TestComparisonWithPyTorch: one line per fault, a tab between its name and the
answer. Written with PyTorch 1.13 (Debian's python3-torch).

    python3 testdata/pytorch.py > testdata/pytorch.txt
"""

import math
import re
import warnings

import torch
from torch.autograd import Function, gradcheck, gradgradcheck

warnings.simplefilter("ignore")


def waves(*shape, phase=0.4):
    """Numbers between -1.5 and 1.5, the same as in the Go test."""
    n = math.prod(shape)
    i = torch.arange(n, dtype=torch.float64)
    return (1.5 * torch.sin(2.3 * i + phase)).reshape(shape).requires_grad_()


def operator(forward, backward):
    """An operator of one input. backward gets the input and the upstream gradient."""

    class Op(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            return backward(ctx.saved_tensors[0], g)

    return Op.apply


def square(x):
    return x * x


def swap(d):
    d = d.clone()
    flat = d.view(-1)
    flat[3], flat[4] = flat[4].clone(), flat[3].clone()
    return d


def halve_one(x, g):
    d = 2 * x * g
    factor = torch.ones_like(d)
    factor.view(-1)[123456] = 0.5
    return d * factor


class SquareGrad(Function):
    """2xg, right, but with a gradient of its own that is wrong in x."""

    @staticmethod
    def forward(ctx, x, g):
        ctx.save_for_backward(x, g)
        return 2 * x * g

    @staticmethod
    def backward(ctx, gg):
        x, g = ctx.saved_tensors
        return g * gg, 2 * x * gg


def changes_input(x):
    y = x * x
    with torch.no_grad():
        x.view(-1)[4] = 7
    return y


runs = 0


def noise(size):
    """Another number in every call."""
    global runs
    runs += 1
    return runs * size


def answer(check, f, *inputs, **options):
    try:
        check(f, inputs, **options)
        return "passes"
    except Exception as e:  # whatever it is, its first line is the answer
        return re.split(r"[,:.\n]| - | for output", str(e).strip(), maxsplit=1)[0]


def missed(f, x):
    """How many of 50 seeds miss the fault in fast mode."""
    n = 0
    for seed in range(50):
        torch.manual_seed(seed)
        n += answer(gradcheck, f, x, fast_mode=True) == "passes"
    return f"missed with {n} of 50 seeds"


x = waves(2, 3)
FAULTS = {
    "a factor is missing": lambda: answer(gradcheck, operator(square, lambda x, g: x * g), x),
    "the gradient is transposed": lambda: answer(gradcheck, operator(square, lambda x, g: 2 * x.t() * g), waves(3, 3)),
    "two entries are swapped": lambda: answer(gradcheck, operator(square, lambda x, g: swap(2 * x * g)), x),
    "two entries are swapped, along one random direction": lambda: missed(operator(square, lambda x, g: swap(2 * x * g)), waves(4, 5)),
    "one entry of a million is half, along one random direction": lambda: answer(
        gradcheck, operator(square, halve_one), waves(1000, 1000), fast_mode=True
    ),
    "shape (3, 2) for (2, 3)": lambda: answer(gradcheck, operator(lambda x: x.clone(), lambda x, g: g.reshape(3, 2)), x),
    "shape (6) for (2, 3)": lambda: answer(gradcheck, operator(lambda x: x.clone(), lambda x, g: g.reshape(6)), x),
    "shape (3) for (2, 3)": lambda: answer(gradcheck, operator(lambda x: x.clone(), lambda x, g: g[0].clone()), x),
    "float32 for float64": lambda: answer(gradcheck, operator(lambda x: x.clone(), lambda x, g: g.float()), x),
    "no gradient is returned": lambda: answer(gradcheck, operator(square, lambda x, g: None), x),
    "the gradient is NaN": lambda: answer(gradcheck, operator(square, lambda x, g: x * g * math.nan), x),
    "the upstream gradient is left out": lambda: answer(gradcheck, operator(square, lambda x, g: 2 * x), x),
    "the upstream gradient is squared": lambda: answer(gradcheck, operator(square, lambda x, g: 2 * x * g * g), x),
    "wrong at second order only": lambda: answer(
        gradgradcheck, operator(square, lambda x, g: SquareGrad.apply(x, g)), x
    ),
    "running changes the input": lambda: answer(gradcheck, operator(changes_input, lambda x, g: 2 * x * g), waves(2, 3)),
    "the output differs from run to run, by 1e-13": lambda: answer(
        gradcheck, operator(lambda x: x * x + noise(1e-13), lambda x, g: 2 * x * g), x
    ),
    "the gradient differs from run to run, by 1e-9": lambda: answer(
        gradcheck, operator(square, lambda x, g: 2 * x * g + noise(1e-9)), x
    ),
    "an input is at a kink": lambda: answer(
        gradcheck, torch.relu, torch.tensor([-1.0, 0, 1], dtype=torch.float64, requires_grad=True)
    ),
    "a step leaves the domain": lambda: answer(
        gradcheck, torch.sqrt, torch.tensor([1.0, 0, 4], dtype=torch.float64, requires_grad=True)
    ),
    "the function is wrong, its gradient is its own": lambda: answer(
        gradcheck, operator(lambda x: x**3, lambda x, g: 3 * x * x * g), x
    ),
}

if __name__ == "__main__":
    for name, run in FAULTS.items():
        print(f"{name}\t{run()}", flush=True)
