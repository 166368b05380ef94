"""Weights of layers in the order of the kernels, and a memory of recent ones."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.program import address, pitch
from imfilter._filters.layers.kernels.weight_values import transform_weights

#: Bytes of weights, laid out and as they came, that the memory keeps at most beside the newest: enough for
#: all layers of ResNet-18. Bytes of the largest weights that it keeps.
_KEPT, _LARGEST = 1 << 27, 1 << 24
#: Number of weights from which threads share their transform.
_SHARED = 1 << 18
#: Number of weights that a key of the memory contains.
_SAMPLED = 16


class LaidOut:
    """The weights of a layer, and their copies in the order of each kernel, made when first needed."""

    def __init__(self, weight: npt.NDArray, groups: int) -> None:
        self.weight, self.groups = weight, groups
        self._made: dict[tuple[str, int], npt.NDArray] = {}
        self._norm: float | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the weights and of their copies."""
        return self.weight.nbytes + sum(made.nbytes for made in list(self._made.values()))

    @property
    def norm(self) -> float:
        """The largest root of the sum of the squared weights of an output; not finite if a weight is not."""
        if self._norm is None:
            with np.errstate(over="ignore", invalid="ignore"):
                squares = np.square(self.weight, dtype=np.float64).reshape(len(self.weight), -1).sum(axis=1)
            self._norm = math.sqrt(squares.max(initial=0))
        return self._norm

    def blocked(self, block: int) -> npt.NDArray:
        """Return the weights in the order group, block of outputs, input, tap, output."""
        return self._keep("blocked", block, lambda: blocked(self.weight, self.groups, block))

    def transformed(self, block: int, workers: int | None) -> npt.NDArray:
        """Return the weights of tiles in the order group, value, block of outputs, input, output."""
        return self._keep(
            "transformed", block, lambda: _transformed(self.weight, self.groups, block, workers)
        )

    def _keep(self, kind: str, block: int, make: Callable[[], npt.NDArray]) -> npt.NDArray:
        found = self._made.get((kind, block))
        if found is None:  # two threads may both make it, with the same result
            found = self._made[kind, block] = make()
        return found


def blocked(weight: npt.NDArray, groups: int, block: int) -> npt.NDArray:
    """Return weights in the order group, block of outputs, input, tap, output. The last block ends with 0."""
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    blocks = -(-outputs // block)
    padded = np.zeros((groups, blocks * block, inputs, math.prod(weight.shape[2:])), weight.dtype)
    padded[:, :outputs] = weight.reshape(groups, outputs, inputs, -1)
    return np.ascontiguousarray(padded.reshape(groups, blocks, block, inputs, -1).transpose(0, 1, 3, 4, 2))


def _transformed(weight: npt.NDArray, groups: int, block: int, workers: int | None) -> npt.NDArray:
    """Return the values of float32 kernels at the 36 points of their tiles: see `transform_weights`."""
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    blocks = -(-outputs // block)
    weight, step = np.ascontiguousarray(weight), point_step(inputs, block, blocks)
    values = np.zeros(groups * 36 * step // weight.itemsize, weight.dtype)
    where = address(weight), address(values), step, inputs, outputs, block, blocks
    transform = transform_weights.entry()

    def task(start: int, stop: int) -> None:
        transform(*where, start, stop)

    threads.run(task, groups * blocks, workers if weight.size >= _SHARED else 1)
    return values


def point_step(inputs: int, block: int, blocks: int) -> int:
    """Return the distance in bytes between the weights of two points.

    With a multiple of 4096, all points use the same set of the cache: the transform took 38 ms instead of 9
    for 512 to 512 channels (Zen 4).
    """
    return pitch(blocks * inputs * block * 4)


_lock = threading.Lock()
_recent: OrderedDict[tuple[object, ...], LaidOut] = OrderedDict()


def recent(weight: npt.NDArray, groups: int) -> LaidOut:
    """Return the laid-out copy of weights, from the memory of recent ones where it is there.

    The memory compares every bit with a copy of its own. So it notices an array that was changed in place.
    A comparison of 2.4 MB takes 0.1 ms; the layer with these weights takes 5 ms (Zen 4).
    """
    if weight.nbytes > _LARGEST:
        return LaidOut(weight, groups)
    weight = np.ascontiguousarray(weight)
    flat = weight.reshape(-1)
    sample = flat[:: max(1, len(flat) // _SAMPLED)].tobytes()
    key = weight.shape, weight.dtype, groups, sample
    with _lock:
        found = _recent.get(key)
        if found is not None:
            _recent.move_to_end(key)
    word = "u8" if weight.nbytes % 8 == 0 else f"u{weight.itemsize}"
    if found is not None and np.array_equal(flat.view(word), found.weight.reshape(-1).view(word)):
        return found
    made = LaidOut(weight.copy(), groups)
    with _lock:
        _recent[key] = made
        _recent.move_to_end(key)
        # What has been laid out since is counted now. The newest stays.
        while len(_recent) > 1 and sum(one.nbytes for one in _recent.values()) > _KEPT:
            _recent.popitem(last=False)
    return made


def forget() -> None:
    """Empty the memory of recent weights."""
    with _lock:
        _recent.clear()
