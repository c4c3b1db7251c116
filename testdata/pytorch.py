"""Write the vectors in pytorch/: what PyTorch makes of LeakyReLU, to the bit.

    python3 testdata/pytorch.py

Last written by PyTorch 1.13.0a0 (Debian 12, python3-torch), on AVX2 kernels.
Every file says in its first line which version wrote it.

A file holds one dtype and one slope. A line is one element, in hexadecimal
bit patterns:

    x, dy, u   the input, the upstream gradient, and the upstream gradient of
               the gradient
    y          leaky_relu(x)
    dx         the gradient of y with respect to x, for dy
    ddy        the gradient of dx with respect to dy, for u

The last is what double backward gives. The elements under a heading "tensor n"
went through PyTorch as one tensor of n elements: where n is a multiple of 32
wholly through its vector loop, where n is below 8 wholly through its scalar
loop, and else through both.
"""

import pathlib
import random

import torch

SLOPES = [0, 0.01, 0.2, 1, 2, -0.5]


class Format:
    """A floating-point format by its field widths."""

    def __init__(self, name, dtype, bits, fraction, code, ints):
        self.name, self.dtype, self.bits, self.code, self.ints = name, dtype, bits, code, ints
        self.sign = 1 << bits - 1
        self.one = 1 << fraction  # least exponent: the smallest normal number
        self.inf = (1 << bits - 1) - self.one
        self.bias = (1 << bits - fraction - 2) - 1

    def specials(self):
        """Bit patterns at which implementations differ."""
        one = self.bias * self.one
        quiet = self.inf | self.one >> 1
        positive = [
            0,
            1, 2, 3, self.one // 2 + 1, self.one - 1,  # subnormal
            self.one, self.one + 1, 2 * self.one, 7 * self.one,  # a slope takes some below normal
            one - 1, one, one + 1, one + self.one // 3,
            self.inf - 1, self.inf - self.one,  # a slope of 2 takes these to infinity
            self.inf,
            quiet, quiet | 1, quiet | self.one // 3, self.inf | self.one - 1,
            self.inf | 1, self.inf | self.one // 3,  # signalling
        ]
        return positive + [p | self.sign for p in positive]

    def random(self, rng):
        """A finite number, any exponent as likely as any other."""
        return rng.randrange(self.inf) | rng.choice([0, self.sign])

    def ordinary(self, rng):
        """A number around 1."""
        exponent = self.bias + rng.randrange(-4, 4)
        return exponent * self.one + rng.randrange(self.one) | rng.choice([0, self.sign])

    def tensor(self, patterns):
        # By way of integers: Python's own floats would quieten NaNs.
        signed = [p - (1 << self.bits) if p & self.sign else p for p in patterns]
        return torch.tensor(signed, dtype=self.ints).view(self.dtype)

    def patterns(self, t):
        return [i % (1 << self.bits) for i in t.detach().contiguous().view(self.ints).tolist()]


FORMATS = [
    Format("float32", torch.float32, 32, 23, "08x", torch.int32),
    Format("float64", torch.float64, 64, 52, "016x", torch.int64),
]


def inputs(f):
    """Lists of (x, dy, u), each to be one tensor."""
    rng = random.Random(1)
    s = f.specials()
    rows = []
    for i, special in enumerate(s):
        partner = s[(5 * i + 3) % len(s)]
        rows.append((special, partner, s[(13 * i + 1) % len(s)]))
        for x in [f.ordinary(rng) & ~f.sign, f.ordinary(rng) | f.sign]:
            rows.append((x, special, partner))
    for i in range(0, len(rows), 7):
        yield rows[i:i + 7]
    while len(rows) % 32 != 0:
        rows.append(tuple(f.random(rng) for _ in range(3)))
    yield rows
    for n in [1, 2, 37]:
        yield [tuple(f.ordinary(rng) for _ in range(3)) for _ in range(n)]
    yield [tuple(f.random(rng) for _ in range(3)) for _ in range(31)]


def run(f, slope, rows):
    x, dy, u = (f.tensor(column) for column in zip(*rows))
    x.requires_grad_()
    dy.requires_grad_()
    y = torch.nn.functional.leaky_relu(x, slope)
    dx, = torch.autograd.grad(y, x, dy, create_graph=True)
    ddy, = torch.autograd.grad(dx, dy, u)
    return zip(*(f.patterns(t) for t in (x, dy, u, y, dx, ddy)))


def main():
    folder = pathlib.Path(__file__).parent / "pytorch"
    for f in FORMATS:
        for slope in SLOPES:
            with open(folder / f"{f.name}_{slope}.txt", "w") as out:
                print(f"# PyTorch {torch.__version__}, {f.name}, negative_slope {slope}: x dy u y dx ddy", file=out)
                for rows in inputs(f):
                    print(f"tensor {len(rows)}", file=out)
                    for row in run(f, slope, rows):
                        print(*(format(p, f.code) for p in row), file=out)


main()
