"""Control of the engine: the plan of a call, compilation in advance and the number of threads."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter._base.plan import Plan, Planned, planning
from imfilter._base.threads import set_workers
from imfilter.typing import DTypeLike

__all__ = ["Plan", "plan", "set_workers", "warmup"]


def plan(shape: Any, dtype: DTypeLike, kernel: Any, /, *args: Any, **options: Any) -> Plan:
    """Return the algorithm that a call would run, the reason and the predicted cost.

    The filter does not run.

    Parameters
    ----------
    shape : int or tuple of int
        Shape of the image.
    dtype : dtype
        Element type of the image.
    kernel : callable, array_like or sequence of ndarray
        A filter of this package, or a kernel for `imfilter.correlate`.
    *args, **options
        The other arguments of the filter.

    Returns
    -------
    Plan
        Object with the attributes `algorithm`, `reason` and `cost`. The cost is in seconds on one core.

    Raises
    ------
    TypeError, ValueError
        If the call would raise it, or if `kernel` is a function that is not a filter of this package.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.plan((1080, 1920), "uint8", imfilter.gaussian, 2.0).algorithm
    'separable'
    >>> imfilter.plan((1080, 1920), "float32", [[0, 1, 0], [1, -4, 1], [0, 1, 0]]).algorithm
    'direct'
    """
    lengths = shape if isinstance(shape, tuple | list) else (shape,)
    extents = tuple(arguments.integer(n, "shape", least=0) for n in lengths)
    element = np.zeros((), arguments.dtype(dtype, None, np.dtype(float)))
    try:
        image = np.broadcast_to(element, extents)  # takes no memory for any shape
    except ValueError:
        raise ValueError(f"shape must fit into the address space, got {shape}") from None
    if not callable(kernel):
        from imfilter.convolution import correlate

        args, kernel = (kernel, *args), correlate
    plans: list[Plan] = []
    token = planning.set(plans)
    try:
        with contextlib.suppress(Planned):
            kernel(image, *args, **options)
    finally:
        planning.reset(token)
    if not plans:
        raise TypeError(f"kernel must be an array or a filter of imfilter, got {kernel!r}")
    return plans[0]


def warmup() -> None:
    """Compile the kernels for the usual element types, or load them from the cache.

    A filter is compiled at its first call, once on each machine. Call this function to compile in advance,
    for example before a measurement. The command ``imfilter warmup`` does the same and shows its progress.
    Use it when you build a container.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.warmup()
    """
    from imfilter._base.warmup import steps

    for _, step in steps():
        step()
