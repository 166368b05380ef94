"""Writing float64 results to arrays of any type, as a cast in C does."""

import numpy as np
import numpy.typing as npt


def truncated(values: npt.NDArray, out: npt.NDArray) -> None:
    """Write float64 `values` to `out`. Integers lose the fraction, and too large ones wrap, as on x86."""
    if out.dtype.kind == "b":  # C writes the number to the byte
        out = out.view(np.uint8)
    kind = out.dtype
    with np.errstate(all="ignore"):
        if kind.kind not in "iu":
            np.copyto(out, values, casting="unsafe")
        elif kind.itemsize == 8 and kind.kind == "u":
            high = values >= 2.0**63
            whole = np.where(high, values - 2.0**63, values).astype(np.int64).view(np.uint64)
            np.copyto(out, np.where(high, whole ^ np.uint64(1 << 63), whole), casting="unsafe")
        else:
            # Processors convert to 64 bits for 4 unsigned bytes, and to 32 bits for fewer: NaN is -2**31.
            wide = np.int64 if kind.itemsize == 8 or kind == np.uint32 else np.int32
            np.copyto(out, values.astype(wide), casting="unsafe")
