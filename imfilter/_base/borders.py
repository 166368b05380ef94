"""Border modes: the sample of the image at each position outside the image."""

import functools

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.suggestions import BORDERS, suggestion

#: Period of a border in samples, as a function of the length of the axis.
PERIODS = {"wrap": lambda n: n, "symmetric": lambda n: 2 * n, "mirror": lambda n: max(2 * n - 2, 1)}

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")


def check_mode(
    mode: object, name: str = "mode", more: tuple[str, ...] = (), offered: tuple[str, ...] = ()
) -> str:
    """Return `mode` if it is a border or one of `more` words. The error message lists `offered`, if given."""
    if isinstance(mode, str) and (mode in MODES or mode in more):
        return mode
    accepted = offered or MODES + more
    names = ", ".join(map(repr, accepted))
    if not isinstance(mode, str):
        raise TypeError(f"{name} must be one of {names}, got {arguments.brief(mode)}")
    if mode.lower() == "reflect":
        raise ValueError(
            f"{name} 'reflect' is ambiguous: use 'mirror' for d c b | a b c d | c b a (NumPy's reflect), "
            "'symmetric' for c b a | a b c d | d c b (SciPy's reflect)"
        )
    if mode.lower() in ("valid", "same", "full") and not offered and "valid" not in more:
        raise ValueError(
            f"{name} must be one of {names}, got {mode!r}, "
            "which is a value of padding: correlate(padding=...)"
        )
    hint = suggestion(mode, accepted, BORDERS.get(mode.lower()))
    raise ValueError(f"{name} must be one of {names}, got {mode!r}{hint}")


@functools.lru_cache(maxsize=256)
def outside(n: int, before: int, after: int, mode: str) -> npt.NDArray[np.int64]:
    """Return the index of the sample at each position of the border of an axis of `n` samples.

    The result lists the `before` positions before the image, then the `after` positions after it. -1 is
    the constant. The pattern repeats if the border is longer than the axis.
    """
    i = np.concatenate([np.arange(-before, 0), np.arange(n, n + after)]).astype(np.int64)
    if mode == "wrap":
        i %= n
    elif mode == "edge":
        i = i.clip(0, n - 1)
    elif mode == "symmetric":
        i %= 2 * n
        i = np.minimum(i, 2 * n - 1 - i)
    elif mode == "mirror":
        i %= max(2 * n - 2, 1)
        i = np.minimum(i, np.abs(2 * n - 2 - i))
    else:
        i[:] = -1
    i.flags.writeable = False
    return i


def nearest(offsets: np.ndarray, n: int, last: int, mode: str, further: int = 0) -> np.ndarray:
    """Return the offsets nearest to 0 at which every output reads the same sample as at `offsets`.

    With `further` 1 instead of 0, return the next such offsets, which are different.
    """
    if mode in PERIODS:
        period = PERIODS[mode](n)
        result = (offsets + period // 2) % period - period // 2 + further * period
    else:
        # One sample beyond the image is the constant. For mode edge, it is the last sample.
        beyond = mode != "edge"
        low, high = -last - beyond, n - 1 + beyond
        result = np.where(offsets <= low, low - further, np.where(offsets >= high, high + further, offsets))
    return result.astype(np.int64)
