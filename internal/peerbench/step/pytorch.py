# The steps of gan's default runs in PyTorch: the same networks, losses, penalty,
# solver and averaging, on one thread. Its one argument is the data, ring or digits.
# It prints its name. Then it reads numbers of steps from standard input, one in
# each line. After each number it does the steps and prints the time in nanoseconds.
import copy
import math
import sys
import time

import torch
from torch import nn
from torch.nn.functional import softplus

torch.set_num_threads(1)
torch.manual_seed(1)
SLOPE = 0.1


def perceptron(*sizes):
    layers = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        layers += [nn.LeakyReLU(SLOPE)] * (i > 0) + [nn.Linear(a, b)]
    return nn.Sequential(*layers)


def ring(n):
    mode = torch.randint(8, (n,)) * (2 * math.pi / 8)
    return 5 * (torch.stack([mode.cos(), mode.sin()], 1) + 0.01 * torch.randn(n, 2))


if sys.argv[1] == "ring":
    batch, latent, beta1, rate, weight = 128, 2, 0.0, 4e-3, 0.1
    generator = perceptron(latent, 64, 64, 64, 64, 2)
    discriminator = perceptron(2, 64, 64, 64, 64, 1)
    draw = ring
else:
    batch, latent, beta1, rate, weight = 64, 32, 0.5, 2e-3, 0.3
    c = 16
    generator = nn.Sequential(
        nn.Linear(latent, 128), nn.LeakyReLU(SLOPE),
        nn.Linear(128, 16 * 2 * c), nn.LeakyReLU(SLOPE), nn.Unflatten(1, (2 * c, 4, 4)),
        nn.ConvTranspose2d(2 * c, c, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(c, 1, 4, stride=2, padding=1))
    discriminator = nn.Sequential(
        nn.Conv2d(1, c, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE),
        nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE),
        nn.Conv2d(2 * c, 1, 4), nn.Flatten())
    # The benchmark does not compare drawing, so drawing is very cheap here.
    pictures = torch.rand(1000, 1, 16, 16) * 2 - 1
    draw = lambda n: pictures[torch.randint(1000, (n,))]

average = copy.deepcopy(generator)
adam = lambda network: torch.optim.Adam(network.parameters(), lr=rate, betas=(beta1, 0.99), foreach=True)
solve_g, solve_d = adam(generator), adam(discriminator)


def noise():
    return torch.rand(batch, latent) * 2 - 1


def step():
    real = draw(batch)
    with torch.no_grad():
        samples = torch.cat([real, generator(noise())])
    samples.requires_grad_()
    ratings = discriminator(samples)
    (gradient,) = torch.autograd.grad(ratings.sum(), samples, create_graph=True)
    loss = softplus(ratings[batch:] - ratings[:batch]).mean() + weight * gradient.square().sum() / (2 * batch)
    solve_d.zero_grad(set_to_none=True)
    loss.backward()
    solve_d.step()

    discriminator.requires_grad_(False)
    loss = softplus(discriminator(real) - discriminator(generator(noise()))).mean()
    solve_g.zero_grad(set_to_none=True)
    loss.backward()
    solve_g.step()
    discriminator.requires_grad_(True)
    with torch.no_grad():
        for a, p in zip(average.parameters(), generator.parameters()):
            a.lerp_(p, 0.005)


print("PyTorch", torch.__version__, flush=True)
for line in sys.stdin:
    steps = int(line)
    start = time.perf_counter_ns()
    for _ in range(steps):
        step()
    print(time.perf_counter_ns() - start, flush=True)
