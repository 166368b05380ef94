"""The one table of borders: which sample of the image stands at each position around it."""

import functools

import numpy as np
import numpy.typing as npt

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")

#: Other libraries' words, and what they are called here.
_ELSEWHERE = {
    "nearest": "edge",
    "replicate": "edge",
    "border_replicate": "edge",
    "circular": "wrap",
    "grid-wrap": "wrap",
    "periodic": "wrap",
    "border_wrap": "wrap",
    "grid-mirror": "symmetric",
    "half_sample": "symmetric",
    "reflect101": "mirror",
    "reflect_101": "mirror",
    "border_reflect_101": "mirror",
    "border_reflect101": "mirror",
    "border_default": "mirror",
    "border_reflect": "symmetric",
    "grid-constant": "constant",
    "border_constant": "constant",
    "zeros": "zero",
}


def check_mode(mode: object) -> str:
    """Return the border `mode`, or say which name to use here."""
    if mode in MODES:
        return str(mode)
    names = ", ".join(map(repr, MODES))
    if not isinstance(mode, str):
        raise TypeError(f"mode must be one of {names}, got {mode!r}")
    if mode.lower() == "reflect":
        raise ValueError(
            "mode 'reflect' means two things: use 'mirror' for d c b | a b c d | c b a (NumPy's reflect), "
            "'symmetric' for c b a | a b c d | d c b (SciPy's reflect)"
        )
    if mode.lower() in ("valid", "same", "full"):
        raise ValueError(
            f"mode must be one of {names}, got {mode!r}, which is a padding: correlate(padding=...)"
        )
    known = _ELSEWHERE.get(mode.lower())
    hint = f"; here it is called {known!r}" if known else ""
    raise ValueError(f"mode must be one of {names}, got {mode!r}{hint}")


@functools.lru_cache(maxsize=256)
def _short_map(n: int, before: int, after: int, mode: str) -> npt.NDArray[np.int64]:
    source = _index_map(n, before, after, mode)
    source.flags.writeable = False
    return source


def _index_map(n: int, before: int, after: int, mode: str) -> npt.NDArray[np.int64]:
    i = np.arange(-before, n + after, dtype=np.int64)
    if mode == "wrap":
        return i % n
    if mode == "edge":
        return i.clip(0, n - 1)
    if mode == "symmetric":
        i %= 2 * n
        return np.minimum(i, 2 * n - 1 - i)
    if mode == "mirror":
        period = max(2 * n - 2, 1)
        i %= period
        return np.minimum(i, period - i) if n > 1 else i
    i[(i < 0) | (i >= n)] = -1
    return i


def index_map(n: int, before: int, after: int, mode: str) -> npt.NDArray[np.int64]:
    """Return, for each position of an axis of `n` samples padded by `before` and `after`, its sample.

    -1 stands for the constant. Patterns repeat for paddings longer than the axis.
    """
    if n + before + after <= 4096:
        return _short_map(n, before, after, mode)
    return _index_map(n, before, after, mode)
