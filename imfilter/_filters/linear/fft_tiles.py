"""Correlation of tiles by the Fourier transform. Each window depends on its own samples alone."""

import functools
import math

import numpy as np
import numpy.typing as npt
import scipy.fft

from imfilter._base import dtypes
from imfilter._filters.linear.tile_ranges import Marks, any_within, surveyed

#: The error that a result may have, relative to sum|w| and the largest sample of its own window.
_BOUND = {4: 4e-6, 8: 1e-11}
#: The rounding error that transforms spread, in units of the last place of a product: the largest magnitude
#: in the kernel's spectrum times the geometric mean of the tile's root mean square and its largest sample.
#: Measured for flat shapes, noise and photographs in one to three dimensions. Flat shapes have the largest
#: error.
_SPREAD = 9.0
#: For largest samples in this range, and sums of a kernel with them in this range, no transform overflows,
#: and no underflow in it matters.
_RANGE = {4: (1e-15, 1e15), 8: (1e-140, 1e140)}
_SMALLEST = float(np.finfo(np.float64).smallest_subnormal)


class Transform:
    """A kernel, given by its bytes, shape and type, for tiles of one shape."""

    def __init__(self, data: bytes, shape: tuple[int, ...], real: np.dtype, tile: tuple[int, ...]) -> None:
        self._data, self._shape, self._real, self._tile = data, shape, real, tile
        self._spectrum, self._spread = _spectrum(data, shape, real, tile, real)
        self._gain = float(np.abs(self._kernel.astype(np.float64)).sum())

    @property
    def _kernel(self) -> npt.NDArray:
        return np.frombuffer(self._data, self._real).reshape(self._shape)

    def sums(self, blocks: npt.NDArray, outputs: list[tuple[int, ...]]) -> list[npt.NDArray]:
        """Return the sums of each block, as many as are needed of it. Blocks may be overwritten.

        The rounding errors of a transform spread over the tile. So if all samples of a window are small, its
        sum is computed again without the large samples of the tile.
        """
        low, high = _RANGE[self._real.itemsize]
        reads = [block[self._read(wanted)] for block, wanted in zip(blocks, outputs, strict=True)]
        seen = surveyed(blocks if len(reads) > 1 else reads[0][None], self._shape)
        alone = {}
        for i, (one, read) in enumerate(zip(seen, reads, strict=True)):
            if not (low <= one.peak <= high and low <= one.peak * self._gain <= high):
                alone[i] = self._alone(read)
                blocks[i] = 0.0
        sums = self._product(blocks, self._spectrum) if len(alone) < len(blocks) else blocks
        found = [alone.get(i, sums[i]) for i in range(len(outputs))]
        found = [one[tuple(map(slice, wanted))] for one, wanted in zip(found, outputs, strict=True)]
        for i, (one, read, wanted) in enumerate(zip(seen, reads, outputs, strict=True)):
            if i not in alone:
                least = self._least(one.peak, one.squares, self._spread, self._real)
                part = one.doubtful(least, wanted)
                if part is not None:
                    self._recompute(found[i], read, part, least)
        return found

    def _read(self, outputs: tuple[int, ...]) -> tuple[slice, ...]:
        """Return the part of a block that so many outputs read."""
        return tuple(slice(n + k - 1) for n, k in zip(outputs, self._shape, strict=True))

    def _product(self, blocks: npt.NDArray, spectrum: npt.NDArray) -> npt.NDArray:
        """Return the sums of blocks, as many along each axis as the tile has.

        The inverse goes axis by axis. Samples that are not needed along one axis are not transformed along
        the next. 31x31 at 1080p took 10% longer with the inverse in one call.
        """
        axes = range(1, blocks.ndim)
        steps = [t - k + 1 for t, k in zip(self._tile, self._shape, strict=True)]
        values = scipy.fft.rfftn(blocks, axes=tuple(axes), workers=1)
        values *= spectrum
        for axis in axes[:-1]:
            values = scipy.fft.ifft(values, axis=axis, overwrite_x=True, workers=1)
            values = values[(slice(None),) * axis + (slice(steps[axis - 1]),)]
        sums: npt.NDArray = scipy.fft.irfft(values, blocks.shape[-1], overwrite_x=True, workers=1)
        return sums[..., : steps[-1]]

    def _least(self, peak: float, squares: float, spread: float, real: np.dtype) -> float:
        """Return the least size that a window's largest sample needs for an exact result, in such a tile."""
        root = math.sqrt(squares / math.prod(self._tile))
        unit = float(np.finfo(real).eps) / 2
        return _SPREAD * unit / _BOUND[self._real.itemsize] * spread * math.sqrt(root * peak)

    def _recompute(self, sums: npt.NDArray, read: npt.NDArray, part: tuple[slice, ...], least: float) -> None:
        """Compute the `sums` of a part again if all samples of their windows are smaller than `least`."""
        near = read[tuple(slice(p.start, p.stop + k - 1) for p, k in zip(part, self._shape, strict=True))]
        small = ~any_within(np.abs(near) >= least, self._shape)
        if not small.any():
            return
        left = small & any_within(near != 0, self._shape)
        sums[part][small] = 0.0
        if left.any():
            whole = np.zeros(sums.shape, bool)
            whole[part] = left
            self._open(sums, np.array(read, np.float64), whole)

    def _open(self, sums: npt.NDArray, samples: npt.NDArray, left: Marks) -> None:
        """Compute the `sums` that are `left` in float64, and change the samples.

        If all samples of a window are small, its sum is computed again without the large samples. This is
        repeated until only zeros are left. So large samples do not influence other windows.
        """
        values = np.zeros(self._tile)
        inside = values[tuple(map(slice, samples.shape))]
        outputs = tuple(map(slice, sums.shape))
        spectrum, spread = _spectrum(self._data, self._shape, self._real, self._tile, dtypes.FLOAT64)
        while left.any():
            sizes = np.abs(samples)
            peak = float(sizes.max())
            if peak == 0.0:
                sums[left] = 0.0
                return
            _, exponent = math.frexp(peak)  # scale the samples to order 1 before the transform
            np.ldexp(samples, -exponent, out=inside)
            found = self._product(values[None], spectrum)[0][outputs]
            with np.errstate(over="ignore"):
                sums[left] = np.ldexp(found[left], exponent)
            least = math.ldexp(
                self._least(1.0, float((inside * inside).sum()), spread, dtypes.FLOAT64), exponent
            )
            large = sizes >= max(least, _SMALLEST)
            left &= ~any_within(large, self._shape)
            samples[large] = 0.0

    def _alone(self, read: npt.NDArray) -> npt.NDArray:
        """Return the sums of samples of any size, or not finite."""
        finite = np.isfinite(read)
        sums = np.zeros([n - k + 1 for n, k in zip(read.shape, self._shape, strict=True)])
        self._open(sums, np.where(finite, read, 0.0).astype(np.float64), np.ones(sums.shape, bool))
        if not finite.all():
            self._extend(sums, read)
        return sums

    def _extend(self, sums: npt.NDArray, read: npt.NDArray) -> None:
        """Write NaN and infinity to the sums that read such a sample with a weight that is not zero."""
        kernel, outputs = self._kernel, tuple(map(slice, sums.shape))

        def met(marks: Marks, weights: Marks) -> Marks:
            """Return which sums read a mark with such a weight. Counts are whole, so 0.5 is a safe limit."""
            if not marks.any() or not weights.any():
                return np.zeros(sums.shape, bool)
            values = np.zeros((1, *self._tile))
            values[0][tuple(map(slice, marks.shape))] = marks
            counts = self._product(values, scipy.fft.rfftn(weights.astype(np.float64), self._tile).conj())
            hit: Marks = counts[0][outputs] > 0.5
            return hit

        up = met(read == np.inf, kernel > 0) | met(read == -np.inf, kernel < 0)
        down = met(read == np.inf, kernel < 0) | met(read == -np.inf, kernel > 0)
        sums[up], sums[down] = np.inf, -np.inf
        sums[(up & down) | met(np.isnan(read), kernel != 0)] = np.nan


@functools.lru_cache(maxsize=4)  # for a loop over images
def _spectrum(
    data: bytes, shape: tuple[int, ...], real: np.dtype, tile: tuple[int, ...], of: np.dtype
) -> tuple[npt.NDArray, float]:
    """Return the conjugate transform of a kernel in a type, and its largest magnitude relative to sum|w|."""
    kernel = np.frombuffer(data, real).reshape(shape)
    spectrum: npt.NDArray = scipy.fft.rfftn(kernel.astype(of), tile).conj()
    spectrum.flags.writeable = False
    return spectrum, float(np.abs(spectrum).max() / np.abs(kernel.astype(np.float64)).sum())
