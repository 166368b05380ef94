"""Padding of an axis, and the length of the output."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from imfilter._base import arguments


class Padding(NamedTuple):
    """Numbers of border samples `before` and `after` an axis, and the `length` of the output."""

    before: int
    after: int
    length: int

    @classmethod
    @functools.lru_cache(maxsize=1024)
    def same(cls, n: int, taps: int, stride: int, dilation: int, flipped: bool = False) -> "Padding":
        """Return the padding that centres output i on sample i*stride, as in SciPy.

        The centre of an even kernel is at taps // 2 (correlation), or at (taps - 1) // 2 if the kernel is
        `flipped` (convolution). For a dilated kernel, the gaps count as taps.
        """
        reach = dilation * (taps - 1)
        before = (reach + (not flipped)) // 2
        length = -(-n // stride)
        return cls(before, max((length - 1) * stride + reach - before - (n - 1), 0), length)


def positions(n: int, before: int, after: int, span: int, stride: int, *, ceil_mode: bool = False) -> int:
    """Return the number of positions of a window along a padded axis of `n` samples. It may be less than 1.

    With `ceil_mode`, the remaining samples get a last window that reaches beyond the padded image. The
    window must start before the padding after the image, as in PyTorch.
    """
    length, rest = divmod(n + before + after - span, stride)
    length += 1
    return length + bool(ceil_mode and rest and length * stride < before + n)


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if len(value) != 2:
            raise ValueError(f"padding must be an integer or (before, after) for each axis, got {value!r}")
        return arguments.integer(value[0], "padding", least=0), arguments.integer(
            value[1], "padding", least=0
        )
    both = arguments.integer(value, "padding", least=0)
    return both, both


def resolve(
    padding: Any,
    lengths: Sequence[int],
    taps: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    *,
    flipped: bool,
) -> tuple[Padding, ...]:
    """Return the padding of each filtered axis from the argument `padding`."""
    n_axes = len(lengths)
    if isinstance(padding, str) and padding == "same":
        each = zip(lengths, taps, stride, dilation, strict=True)
        return tuple([Padding.same(*axis, flipped) for axis in each])
    if isinstance(padding, str) and padding == "valid":
        pairs: list[tuple[int, int]] = [(0, 0)] * n_axes
    elif isinstance(padding, str):
        raise ValueError(
            f"padding must be 'same', 'valid', an integer or (before, after) per axis, got {padding!r}"
        )
    else:
        if isinstance(padding, np.ndarray):
            padding = padding.tolist()
        if isinstance(padding, Sequence) and not isinstance(padding, bytes):
            if n_axes == 1 and len(padding) == 2 and not isinstance(padding[0], Sequence):
                padding = [padding]
            if len(padding) != n_axes:
                raise ValueError(
                    f"padding must have one entry for each of {n_axes} filtered axes, got {len(padding)}"
                )
            pairs = [_pair(p) for p in padding]
        else:
            pairs = [_pair(padding)] * n_axes
    result = []
    for n, k, s, d, (before, after) in zip(lengths, taps, stride, dilation, pairs, strict=True):
        length = positions(n, before, after, d * (k - 1) + 1, s)
        if length < 1:
            raise ValueError(
                f"padding must leave room for the kernel: it spans {d * (k - 1) + 1} samples, "
                f"the padded axis has {n + before + after}"
            )
        result.append(Padding(before, after, length))
    return tuple(result)
