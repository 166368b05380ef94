"""Correlation of very large kernels by products of Fourier transforms."""

import math

import numpy.typing as npt

from imfilter._filters.linear.algorithm import Algorithm, Call, Offer, Request, least_cost
from imfilter._filters.linear.fft_lengths import tile_of
from imfilter._filters.linear.operators import Operator

#: Costs of cutting a tile, of the real transforms of scipy.fft and the product, and of storing; see `STAGE`.
_COST = {4: 22.0, 8: 29.0}
#: The same in float64 for so many tiles over two axes, each of so many samples. In float32, dark windows of
#: photographs are computed again, and fewer tiles leave threads idle. 23x23, 25x25 and 31x31 float64 at 1080p
#: took 29, 28 and 32 ms, and 34, 37 and 53 by Winograd's sums. 25x25 of 512x512 is one tile: 4.1 and 2.4 ms
#: on two threads (Zen 4). Threads take turns between the steps of small tiles. 31x31 of 60x20000 has tiles of
#: 90x320 samples: 26 and 29 ms on one thread, 25 to 30 and 15 on two. 150x8000 has tiles of 180x432: 18 and
#: 31, then 11 and 16. A cost below 14 would need a lower `_SHORT` in `planner`, where choices for shorter
#: kernels are kept without the size of the image: 19x19 costs 14.5 by sums, and the least transform 14.7.
_COST_OF_MANY, _MANY, _LARGE = 14.0, 8, 1 << 16


class FFT(Algorithm):
    """Products of Fourier transforms, tile by tile, computed by SciPy."""

    name = "fft"

    def shares(self, request: Request) -> bool:
        """Tell that the outputs of a tile share sums."""
        return True

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of the transforms of all tiles. Whole numbers are transformed in float64."""
        size, plane = request.real.itemsize, len(operator.shape) == 2
        least = _COST_OF_MANY if size == 8 and plane else _COST[size]
        too_dear = request.auto and least >= least_cost(others)
        if not operator.small or too_dear or not request.product(operator):
            return None
        kernel, lengths = operator.shape, request.lengths
        tile = tile_of(kernel, lengths)
        counts = [-(-n // (t - k + 1)) for t, k, n in zip(tile, kernel, lengths, strict=True)]
        waste = math.prod(t * c / n for t, c, n in zip(tile, counts, lengths, strict=True))
        if least == _COST_OF_MANY and math.prod(counts) >= _MANY and math.prod(tile) >= _LARGE:
            return Offer(waste * _COST_OF_MANY)
        return Offer(waste * _COST[8 if request.exact(operator) else size])

    def run(
        self,
        call: Call,
        operator: Operator,
        image: npt.NDArray,
        target: npt.NDArray,
        workers: int | None,
        *,
        assume_finite: bool = True,
    ) -> bool:
        """Correlate `image` into `target`. Every image is accepted."""
        # Importing SciPy takes longer than filtering most images.
        from imfilter._filters.linear import fft_sums

        fft_sums.correlate(image, operator.components()[0], target, call, workers)
        return True
