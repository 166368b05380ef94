"""The reach of filters that combine several calls of the engine."""

from typing import Any

import numpy as np

from imfilter._arrays.calls import Call, dry
from imfilter._base.plan import settled
from imfilter._base.reach import Along, Reach, of_sizes

Axes = tuple[int, ...]


def widest(*found: Reach) -> Reach:
    """Return a reach that covers all of the given ones."""
    merged: Reach = {}
    for reach in found:
        for axis, along in reach.items():
            other = merged.get(axis, along)
            merged[axis] = along._replace(
                before=max(along.before, other.before), after=max(along.after, other.after)
            )
    return merged


def gabor(call: Call, axes: Axes) -> Reach:
    """Return the reach of all waves of a bank."""
    theta, direction = call.get("theta"), call.get("direction")
    one = dry(call, call.image.shape)
    changes: list[dict[str, Any]] = [{}]
    if theta is not None and np.ndim(theta) == 1:
        changes = [{"theta": float(angle)} for angle in theta]
    elif direction is not None and np.ndim(direction) == 2:
        changes = [{"direction": vector} for vector in np.asarray(direction)]
    frequencies = np.ravel(call.get("frequency")).tolist()
    plans = [
        settled(one.changed(frequency=frequency, **change).run)
        for frequency in frequencies
        for change in changes
    ]
    return widest(*(plan.reach for plan in plans))


def template(call: Call, axes: Axes) -> Reach:
    """Return the reach of a template."""
    sizes = np.shape(call.get("template"))
    if call.get("padding") == "valid":
        return {a: Along(0, n - 1) for a, n in zip(axes, sizes, strict=True)}
    return of_sizes(axes, sizes)


def corners(call: Call, axes: Axes) -> Reach:
    """Return the reach of a window of derivatives."""
    aperture = call.get("aperture") // 2
    if call.get("window") == "box":
        size = call.get("size")
    else:
        from imfilter.weights import gaussian as bell

        sigma = call.get("sigma")
        size = len(bell(1.0 if sigma is None else float(sigma)))
    found = of_sizes(axes, (size,) * len(axes))
    return {a: Along(w.before + aperture, w.after + aperture) for a, w in found.items()}


def patterns(call: Call, axes: Axes) -> Reach:
    """Return the reach of both patterns of a hit-or-miss transform."""
    given = [call.get("present"), call.get("absent")]
    return widest(*(of_sizes(axes, np.shape(pattern)) for pattern in given if pattern is not None))
