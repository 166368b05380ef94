"""The bins of a histogram of samples."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes

#: Largest number of bins.
MOST_LEVELS = 1 << 16


class Bins(NamedTuple):
    """Equal bins over a range of values, or over all values of an integer type."""

    dtype: np.dtype
    levels: int
    limits: tuple[float, float] | None

    @classmethod
    def of(cls, dtype: np.dtype, levels: Any, value_range: Any) -> "Bins":
        """Check the arguments."""
        count = arguments.integer(levels, "levels", least=2, most=MOST_LEVELS)
        native = dtype.newbyteorder("=")
        if value_range is None:
            if native.kind == "f":
                raise ValueError(
                    f"value_range must be given for an image of {native}: the lowest and the highest value, "
                    "for example value_range=(0, 1)"
                )
            return cls(native, count, None)
        return cls(native, count, arguments.interval(value_range, "value_range"))

    @property
    def floating(self) -> bool:
        """Whether samples may be NaN."""
        return self.dtype.kind == "f" or self.limits is not None

    @property
    def absent(self) -> int:
        """The code of absent samples."""
        return self.levels

    @property
    def nan(self) -> int:
        """The code of NaN."""
        return self.levels + 1

    @property
    def direct(self) -> bool:
        """Whether the samples are codes."""
        return self.limits is None and self.dtype == np.uint8 and self.levels == 256

    def kind(self, *, absent: bool) -> np.dtype:
        """Return the type of codes."""
        count = self.levels + 2 if absent or self.floating else self.levels
        return np.dtype("u1" if count <= 256 else "u2" if count <= 65536 else "i4")

    def constant(self, value: float) -> int:
        """Return the code of a constant beyond the border."""
        if self.limits is None:
            value = dtypes.rounded(self.dtype, value)
            return int(self.codes(np.array([value], self.dtype))[0])
        return int(self._within(np.array([value]), *self.limits)[0])

    def codes(self, samples: npt.NDArray) -> npt.NDArray:
        """Return the number of the bin of each sample."""
        if self.limits is not None:
            return self._within(samples, *self.limits)
        if self.direct:
            return samples
        if self.dtype.kind == "b":
            return samples.astype(np.int64) * self.levels // 2
        bits = 8 * self.dtype.itemsize
        values = samples.astype(self.dtype, copy=False).view(f"u{self.dtype.itemsize}").astype(np.uint64)
        if self.dtype.kind == "i":
            values ^= np.uint64(1 << (bits - 1))
        levels, half = np.uint64(self.levels), np.uint64(32)
        if bits < 64:
            return (values * levels) >> np.uint64(bits)
        low = ((values & np.uint64(0xFFFFFFFF)) * levels) >> half
        return ((values >> half) * levels + low) >> half

    def _within(self, samples: npt.NDArray, low: float, high: float) -> npt.NDArray:
        """Return the number of the bin of each sample in a range. Values beyond it are in the nearest bin."""
        with np.errstate(all="ignore"):
            places = np.floor((samples.astype(np.float64) - low) * (self.levels / (high - low)))
        unknown = np.isnan(places)
        places[unknown] = 0
        codes = np.clip(places, 0, self.levels - 1).astype(np.int64)
        codes[unknown] = self.nan
        return codes
