"""Differences of two images of one type, rounded and saturated in the type of the result."""

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes


def difference(a: npt.NDArray, b: npt.NDArray, out: npt.NDArray) -> None:
    """Write ``a - b`` to `out`, rounded and saturated at the end. Of truth values: in a and not in b."""
    if a.dtype.kind == "f":
        with np.errstate(invalid="ignore", over="ignore"):
            dtypes.place(a - b, out)
    elif a.dtype.kind == "b" and out.dtype.kind == "b":
        np.greater(a, b, out=out)
    elif a.dtype == out.dtype and a.dtype.kind == "u":
        np.subtract(a, np.minimum(a, b), out=out)
    elif a.dtype.itemsize < 8:
        dtypes.place(a.astype(np.int64) - b, out)
    else:
        _wide(a, b, out)


def _wide(a: npt.NDArray, b: npt.NDArray, out: npt.NDArray) -> None:
    """Do what `difference` does for integers of 64 bits, whose difference may have 65."""
    size = a.astype(np.uint64) - b.astype(np.uint64)  # modulo 2**64: right where a >= b
    negative = a < b
    size = np.where(negative, 0 - size, size)
    if out.dtype.kind == "f":
        real = size.astype(out.dtype)
        out[...] = np.where(negative, -real, real)
    elif out.dtype.kind == "b":
        out[...] = ~negative & (size > 0)
    else:
        bounds = np.iinfo(out.dtype)
        above = np.minimum(size, np.uint64(bounds.max)).astype(out.dtype)
        low = np.uint64(-int(bounds.min))
        below = (0 - np.minimum(size, low)).astype(out.dtype)  # modulo: right for the smallest integer, too
        out[...] = np.where(negative, below, above)
