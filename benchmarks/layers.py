"""Comparison of the layers with PyTorch, two threads each: `python -m benchmarks.layers` (extra ``torch``).

Figures are medians of interleaved runs. Before the measurement, the results of both libraries are compared. A
ratio is PyTorch's time divided by imfilter's time. Both libraries create a new array for every result.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

import imfilter
from imfilter import layers

from . import measure, report

THREADS = 2
#: Name, shape of the input, shape of the weights, padding, groups.
CONVOLUTIONS = (
    ("3x3, 64 to 64 channels, 8 of 56x56", (8, 64, 56, 56), (64, 64, 3, 3), 1, 1),
    ("3x3, 3 to 64 channels, 224x224", (1, 3, 224, 224), (64, 3, 3, 3), 1, 1),
    ("1x1, 64 to 256 channels, 8 of 56x56", (8, 64, 56, 56), (256, 64, 1, 1), 0, 1),
    ("3x3, 256 to 256 channels, 8 of 14x14", (8, 256, 14, 14), (256, 256, 3, 3), 1, 1),
    ("3x3, depthwise, 64 channels, 8 of 56x56", (8, 64, 56, 56), (64, 1, 3, 3), 1, 64),
    ("3x3, one channel, 3840x2160", (1, 1, 2160, 3840), (1, 1, 3, 3), 1, 1),
)
#: Shape of the input of the pools, of 2x2.
POOLED = (8, 64, 112, 112)

Call = Callable[[], np.ndarray]


def contests() -> Iterator[tuple[str, Call, Call]]:
    """Yield the name, and the calls of both libraries, of each comparison."""
    import torch

    torch.set_num_threads(THREADS)
    functional, rng = torch.nn.functional, np.random.default_rng(0)
    for name, shape, kernel, padding, groups in CONVOLUTIONS:
        x, weight = (rng.normal(size=s).astype(np.float32) for s in (shape, kernel))
        options = {"padding": padding, "groups": groups}
        tensors = torch.from_numpy(x), torch.from_numpy(weight)
        yield (
            name,
            lambda x=x, weight=weight, o=options: layers.conv(x, weight, workers=THREADS, **o),
            lambda t=tensors, o=options: functional.conv2d(*t, **o).numpy(),
        )
    x = rng.normal(size=POOLED).astype(np.float32)
    tensor = torch.from_numpy(x)
    for name, ours, theirs in (
        ("max_pool", imfilter.max_pool, functional.max_pool2d),
        ("avg_pool", imfilter.avg_pool, functional.avg_pool2d),
    ):
        yield (
            f"{name} 2x2, 64 channels, 8 of 112x112",
            lambda f=ours: f(x, 2, axes=(2, 3), workers=THREADS),
            lambda f=theirs: f(tensor, 2).numpy(),
        )


def main() -> None:
    """Print a line for each comparison, and the geometric mean of the convolutions."""
    ratios = []
    for name, ours, theirs in contests():
        np.testing.assert_allclose(ours(), theirs(), atol=1e-3)
        times = measure.race({"imfilter": ours, "PyTorch": theirs}, runs=25, patience=5.0)
        our_time, their_time = (times[library].median * 1e3 for library in ("imfilter", "PyTorch"))
        ratios.append(their_time / our_time)
        times_text = f"imfilter {report.ms(our_time)} ms, PyTorch {report.ms(their_time)} ms"
        print(f"{name}: {times_text}, {ratios[-1]:.2f} times")
    convolutions = ratios[: len(CONVOLUTIONS)]
    mean = math.prod(convolutions) ** (1 / len(convolutions))
    print(f"geometric mean of the convolutions: {mean:.2f} times")


if __name__ == "__main__":
    main()
