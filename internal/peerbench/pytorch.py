# Answers requests on standard input, one a line:
#     backward inplace n alpha reps
# with the nanoseconds that reps calls on n float32 values take.
import sys
import time

import torch

torch.set_num_threads(1)
leaky_relu = torch.ops.aten.leaky_relu.out
leaky_relu_backward = torch.ops.aten.leaky_relu_backward.grad_input

buffers, size = None, 0
print("PyTorch", torch.__version__, flush=True)
with torch.inference_mode():
    for line in sys.stdin:
        backward, inplace, n, alpha, reps = line.split()
        backward, inplace = backward == "true", inplace == "true"
        n, alpha, reps = int(n), float(alpha), range(int(reps))
        if n != size:
            buffers = None
            buffers, size = [torch.randn(n) for _ in range(3)], n
        dst, x, g = buffers
        if inplace:
            dst = g if backward else x
        start = time.perf_counter_ns()
        if backward:
            for _ in reps:
                leaky_relu_backward(g, x, alpha, False, grad_input=dst)
        else:
            for _ in reps:
                leaky_relu(x, alpha, out=dst)
        print(time.perf_counter_ns() - start, flush=True)
