"""Write onnx.txt: the node test cases of ONNX's LeakyRelu operator.

    python3 testdata/onnx.py

The cases are defined in github.com/onnx/onnx, onnx/backend/test/case/node/
leakyrelu.py, by formulas over NumPy's generator seeded with 0 (case/base.py).
The numbers computed here are those of the files that ONNX 1.9.0 publishes in
onnx/backend/test/data/node/test_leakyrelu*, bit for bit. Last written with
NumPy 1.24.2.

A case is its name, slope and shape, then the inputs, then the outputs, float32
in the fewest digits that identify them.
"""

import pathlib

import numpy as np


def normal():
    np.random.seed(0)
    return np.random.randn(3, 4, 5)


CASES = [
    ("test_leakyrelu", 0.1, normal()),
    ("test_leakyrelu_default", 0.01, normal()),
    ("test_leakyrelu_example", 0.1, np.array([-1, 0, 1])),
]

with open(pathlib.Path(__file__).parent / "onnx.txt", "w") as out:
    for name, alpha, x in CASES:
        x = x.astype(np.float32)
        y = np.clip(x, 0, np.inf) + np.clip(x, -np.inf, 0) * alpha
        assert y.dtype == np.float32
        print(name, alpha, *x.shape, file=out)
        print(*x.flat, file=out)
        print(*y.flat, file=out)
