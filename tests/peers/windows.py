"""The rows of `cases.py` for functions of windows, local statistics, thresholds and moving statistics."""

import functools

import cv2
import numba
import numpy as np
import pandas
import scipy.ndimage as ndi
import skimage.filters
from scipy import LowLevelCallable

from imfilter import threshold
from tests.peers.case import Case, ours
from tests.peers.libraries import CV_MIRROR, Peer

try:
    import bottleneck
except ImportError:  # optional, only in the `bench` extra
    bottleneck = None

BILEVEL = ("uint8->bool", "uint16->bool")


def spread(window):
    """Return the range of a window."""
    low = high = window[0]
    for value in window:
        low = min(low, value)
        high = max(high, value)
    return high - low


def deviation(window):
    """Return the standard deviation of a window, by two loops."""
    mean = 0.0
    for value in window:
        mean += value
    mean /= len(window)
    squares = 0.0
    for value in window:
        squares += (value - mean) * (value - mean)
    return np.sqrt(squares / len(window))


def contrast(window):
    """Return the centre of a window minus its mean."""
    total = 0.0
    for value in window:
        total += value
    return window[len(window) // 2] - total / len(window)


def middle(window):
    """Return the median of a window, by sorting."""
    return np.sort(window)[len(window) // 2]


@functools.cache
def low_level(function):
    """Return a callback for SciPy that calls the compiled function."""
    inner = numba.njit(function, error_model="numpy")
    pointer = numba.types.CPointer(numba.types.float64)

    @numba.cfunc(numba.types.intc(pointer, numba.types.intp, pointer, numba.types.voidptr))
    def call(samples, size, result, data):
        result[0] = inner(numba.carray(samples, (size,)))
        return 1

    return LowLevelCallable(call.ctypes, signature="int (double *, intptr_t, double *, void *)")


def scipy_windows(function, size, mode="mirror"):
    """SciPy's `generic_filter` with a compiled callback."""
    return Peer(
        lambda x, out, dtype: ndi.generic_filter(
            x, low_level(function), size, output=dtype if out is None else out, mode=mode
        )
    )


def window_rows():
    for function, name in ((spread, "range"), (deviation, "std"), (contrast, "contrast"), (middle, "median")):
        call = ours("generic", function, 5)
        types = ("float64", "float32", "uint8->float32") if function is spread else ("float64",)
        yield Case(f"generic {name} 5", call, {"SciPy": scipy_windows(function, 5)}, 4.0, types, work=25)
    call = ours("generic", spread, 3)
    yield Case("generic range 3, 3-D", call, {"SciPy": scipy_windows(spread, 3)}, 0.0, ("float64",), ndim=3)
    for k in (5, 15, 61):
        for root in (True, False):
            peers = {"OpenCV": cv_spread(k, root), "SciPy": ndi_spread(k, root)}
            # The other libraries subtract squares. In float32, of values up to 255, this costs digits.
            name, gain = ("std", 100.0) if root else ("variance", 64.0)
            call = ours(f"local_{name}", k)
            yield Case(f"local_{name} {k}", call, peers, gain, ("float32", "uint8->float32"), work=2 * k)
    for radius in (5, 15):
        y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
        disc = x * x + y * y <= radius * radius
        peers = {"scikit-image": Peer(lambda x, out, dtype, disc=disc: skimage.filters.rank.entropy(x, disc))}
        call = ours("local_entropy", footprint=disc, mode="shrink")
        yield Case(f"local_entropy, disc {radius}", call, peers, 1.0, ("uint8->float32",), work=99)


def cv_spread(k, root):
    """The standard deviation or variance: the mean of the squares minus the square of the mean."""

    def call(x, out, dtype):
        mean = cv2.boxFilter(x, cv2.CV_32F, (k, k), borderType=CV_MIRROR)
        squares = cv2.sqrBoxFilter(x, cv2.CV_32F, (k, k), borderType=CV_MIRROR)
        found = cv2.max(cv2.subtract(squares, cv2.multiply(mean, mean)), 0, dst=out)
        return cv2.sqrt(found, dst=found) if root else found

    return Peer(call)


def ndi_spread(k, root):
    """The same in SciPy, in float64."""

    def call(x, out, dtype):
        x = x.astype(np.float64)
        mean = ndi.uniform_filter(x, k, mode="mirror")
        found = np.maximum(ndi.uniform_filter(x * x, k, mode="mirror") - mean * mean, 0)
        return np.sqrt(found) if root else found

    return Peer(call)


def bilevel(find):
    """A call that compares an image with the threshold that `find` returns."""

    def call(image, out=None, dtype=None, workers=None):
        return np.greater(image, find(image, workers), out=out)

    return call


def as_wide(image):
    """Floats as float64."""
    return image.astype(np.float64) if image.dtype.kind == "f" else image


def threshold_rows():
    for name in ("otsu", "li", "yen", "triangle", "isodata", "minimum", "mean"):
        function, peer = getattr(threshold, name), getattr(skimage.filters, f"threshold_{name}")
        call = bilevel(lambda image, workers, f=function: f(image, workers=workers))
        peers = {"scikit-image": Peer(lambda x, out, dtype, f=peer: np.greater(x, f(x), out=out))}
        # The minimum of 16 bits is searched in 10,000 passes over the histogram.
        types = BILEVEL[:1] if name == "minimum" else BILEVEL
        yield Case(f"threshold.{name}", call, peers, 0.0, types, work=2, steps=0)
    call = bilevel(lambda image, workers: threshold.multi_otsu(image, 3, workers=workers)[1])
    several = skimage.filters.threshold_multiotsu
    peers = {"scikit-image": Peer(lambda x, out, dtype: np.greater(x, several(x, 3)[1], out=out))}
    yield Case("threshold.multi_otsu 3", call, peers, 0.0, BILEVEL[:1], work=2, steps=0)
    types = ("float32", "uint8->float32")
    for name in ("niblack", "sauvola"):
        peer = getattr(skimage.filters, f"threshold_{name}")
        # Its sums of float32 are float32, and lose digits.
        call = Peer(lambda x, out, dtype, f=peer: f(x, 25), prepare=as_wide)
        peers = {"scikit-image": call}
        # Floats have r=1, so the factor of sauvola is up to 0.2 * 128.
        gain = 64.0 if name == "sauvola" else 4.0
        yield Case(f"threshold.{name} 25", ours(f"threshold.{name}", 25), peers, gain, types, work=50)
    for method in ("gaussian", "mean", "median"):
        peers = {
            "scikit-image": Peer(
                lambda x, out, dtype, method=method: skimage.filters.threshold_local(
                    x, 25, method, mode="mirror"
                )
            )
        }
        call = ours("threshold.local", 25, method=method)
        work = 625 if method == "median" else 50
        yield Case(f"threshold.local {method} 25", call, peers, 2.0, types, work=work)


def moving_rows():
    for k in (25, 1000):
        yield moving_row("minimum", "min", k)
        yield moving_row("maximum", "max", k)
        yield moving_row("sum", "sum", k, gain=16.0 * k)
        # The running sums of the other libraries keep half of the digits of a deviation.
        yield moving_row("std", "std", k, gain=2e5, pandas_options={"ddof": 0})
        yield moving_row("variance", "var", k, gain=2e5, pandas_options={"ddof": 0})
    yield moving_row("quantile", "quantile", 25, 0.3, gain=4.0, known=False)
    yield moving_row("rank", "rank", 25, gain=4.0, known=False)
    call = ours("series.moving_apply", spread, 25)
    peers = {"SciPy": scipy_windows(spread, 25, mode="nearest")}
    yield Case("series.moving_apply range 25", call, peers, 0.0, ("float64",), ndim=1, work=25)


def moving_row(name, theirs, k, *args, gain=0.0, known=True, pandas_options=None):
    """A row of whole windows. The other libraries begin with windows that are not whole."""

    def frame(x, out, dtype):
        rolling = pandas.Series(x).rolling(k)
        return getattr(rolling, theirs)(*args, **(pandas_options or {})).to_numpy()

    def finish(result, image):
        return result[k - 1 :]

    peers = {"pandas": Peer(frame, finish=finish)}
    if bottleneck is not None and known:
        move = getattr(bottleneck, f"move_{theirs}")
        peers["bottleneck"] = Peer(lambda x, out, dtype: move(x, k), finish=finish)
    call = ours(f"series.moving_{name}", k, *args, align="causal", mode="valid")
    return Case(f"series.moving_{name} {k}", call, peers, gain, ("float64",), ndim=1, work=k)
