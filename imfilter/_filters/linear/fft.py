"""Correlation of very large kernels by products of Fourier transforms."""

import math

import numpy.typing as npt

from imfilter._filters.linear.algorithm import Algorithm, Call, Offer, Request, least_cost
from imfilter._filters.linear.fft_lengths import tile_of
from imfilter._filters.linear.operators import Operator

#: Costs of cutting a tile, of the real transforms of scipy.fft and the product, and of storing; see `STAGE`.
_COST = {4: 22.0, 8: 29.0}


class FFT(Algorithm):
    """Products of Fourier transforms, tile by tile, computed by SciPy."""

    name = "fft"

    def shares(self, request: Request) -> bool:
        """Tell that the outputs of a tile share sums."""
        return True

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of the transforms of all tiles. Whole numbers are transformed in float64."""
        size = request.real.itemsize
        too_dear = request.auto and _COST[size] >= least_cost(others)
        if not operator.small or too_dear or not request.product(operator):
            return None
        kernel, lengths = operator.shape, request.lengths
        shapes = zip(tile_of(kernel, lengths), kernel, lengths, strict=True)
        waste = math.prod(t * -(-n // (t - k + 1)) / n for t, k, n in shapes)
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
