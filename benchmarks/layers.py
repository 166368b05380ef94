"""Comparison of the layers with PyTorch, two threads each: `python -m benchmarks.layers` (extra ``torch``).

Figures are medians of runs in turns. Before the measurement, the results of both libraries are compared. A
ratio is PyTorch's time divided by imfilter's time. Both libraries create a new array for every result.

After a call, PyTorch's threads wait for the next one in a loop, for some milliseconds, and take a core from
whatever runs then. So each turn starts with a pause. After a pause, the threads of both libraries need some
calls to wake up. So a turn also has calls that are not measured.

The C library may return the memory of a large array to the system, and then each page of the next array costs
time. Whether it does depends on what else is allocated. So this process keeps its memory, if the C library is
glibc. Otherwise PyTorch takes up to five times as long for results of 13 to 26 MB.
"""

import ctypes
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import imfilter
from imfilter import layers

from . import measure, report

THREADS = 2
#: Seconds of the pause before each turn, of calls that are not measured, and of the measured calls.
PAUSE, AWAKE, TURN = 0.02, 0.03, 0.03
#: Turns of each library.
TURNS = 25
#: Options of glibc's `mallopt`, and a size in bytes: memory below it is kept.
TRIM_THRESHOLD, MMAP_THRESHOLD, KEPT = -1, -3, 1 << 30
#: Largest difference of the results, as a share of the largest.
DIFFERENCE = 1e-5
#: Number of the first layers whose geometric mean is printed by itself.
USUAL = 5
# The lower bounds on one core of a Zen 4, which does 54 thousand million float32 multiply-adds a second:
#
#   layer             multiply-adds   directly   by tiles of 4x4    input and output   measured
#   3x3, 64 to 64     925 million     17.0 ms    4.3 ms             12.8 MB            7.3 ms
#   3x3, 3 to 64      87 million      1.6 ms     too few channels   13.4 MB            2.4 ms
#   1x1, 64 to 256    411 million     7.6 ms                        32.1 MB            9.1 ms
#   3x3, 256 to 256   925 million     17.0 ms    5.6 ms             3.2 MB             7.7 ms
#   3x3, depthwise    14 million      0.3 ms                        12.8 MB            0.8 ms
#
# A tile of 4x4 needs 36 multiply-adds instead of 144. 14 rows need four tiles, as 16 do. Writing 12.8 MB
# takes 0.2 ms. PyTorch's 3x3 kernels compute directly, at 54 thousand million a second.

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


def keep_memory() -> None:
    """Let the C library keep the memory that is freed."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(TRIM_THRESHOLD, KEPT)
            library.mallopt(MMAP_THRESHOLD, KEPT)


def whole_network() -> tuple[str, Call, Call]:
    """Return the name, and the calls of both libraries, of the forward pass of a ResNet-18 for one image."""
    import torch

    from tests.layers.torch_networks import ResNet

    module = ResNet((2, 2, 2, 2), False, 1000).eval()
    stack = layers.networks.resnet(18)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        np.savez(path, **{name: value.numpy() for name, value in module.state_dict().items()})
        weights = stack.load_weights(path)
    x = np.random.default_rng(0).normal(size=(1, 3, 224, 224)).astype(np.float32)
    tensor = torch.from_numpy(x)

    def theirs() -> np.ndarray:
        with torch.inference_mode():
            return module(tensor).numpy()

    def ours() -> np.ndarray:
        with imfilter.set_workers(THREADS):
            return stack.forward(x, weights)

    return "ResNet-18, one image of 224x224", ours, theirs


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
    yield whole_network()


def race(*calls: Call) -> list[measure.Timing]:
    """Time calls in turns."""
    samples: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for call, found in zip(calls, samples, strict=True):
            time.sleep(PAUSE)
            begin = time.perf_counter()
            while time.perf_counter() - begin < AWAKE:
                call()
            count, begin = 0, time.perf_counter()
            while (duration := time.perf_counter() - begin) < TURN:
                call()
                count += 1
            found.append(duration / count)
    return [measure.Timing.of(found) for found in samples]


def mean(ratios: list[float]) -> float:
    """Return the geometric mean."""
    return math.prod(ratios) ** (1 / len(ratios))


def main() -> None:
    """Print a line for each comparison, and the geometric means of the convolutions."""
    keep_memory()
    ratios = []
    for name, ours, theirs in contests():
        result = theirs()
        np.testing.assert_allclose(ours(), result, rtol=0, atol=DIFFERENCE * np.abs(result).max())
        our_time, their_time = (timing.median * 1e3 for timing in race(ours, theirs))
        ratios.append(their_time / our_time)
        times_text = f"imfilter {report.ms(our_time)} ms, PyTorch {report.ms(their_time)} ms"
        print(f"{name}: {times_text}, {ratios[-1]:.2f} times")
    print(f"geometric mean of the first {USUAL}: {mean(ratios[:USUAL]):.2f} times")
    print(f"geometric mean of the convolutions: {mean(ratios[: len(CONVOLUTIONS)]):.2f} times")


if __name__ == "__main__":
    main()
