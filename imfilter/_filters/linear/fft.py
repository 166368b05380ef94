"""Correlation of very large kernels by products of Fourier transforms."""

import math

import numpy.typing as npt

from imfilter._base.loops import Placement
from imfilter._base.program import Program, Settings
from imfilter._filters.linear import whole_numbers
from imfilter._filters.linear.algorithm import Algorithm, Call, Offer, Request
from imfilter._filters.linear.fft_lengths import tile_of
from imfilter._filters.linear.operators import Operator

#: Costs of cutting a tile, of the real transforms of scipy.fft and the product, and of storing; see `STAGE`.
_COST = {4: 22.0, 8: 29.0}


class FFT(Algorithm):
    """Products of Fourier transforms, tile by tile, computed by SciPy."""

    name = "fft"

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of the transforms of all tiles. Whole numbers are transformed in float64."""
        size = request.real.itemsize
        least = min((other.cost for other in others.values()), default=math.inf)
        if not operator.small or (request.auto and _COST[size] >= least) or not request.product(operator):
            return None
        exact = request.peak is not None and whole_numbers.power(operator, size) is not None
        kernel, lengths = operator.shape, request.lengths
        shapes = zip(tile_of(kernel, lengths), kernel, lengths, strict=True)
        waste = math.prod(t * -(-n // (t - k + 1)) / n for t, k, n in shapes)
        return Offer(waste * _COST[8 if exact else size])

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Raise NotImplementedError, because transforms have no kernel."""
        raise NotImplementedError

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
        from imfilter._filters.linear import (
            fft_sums,  # importing SciPy takes longer than filtering most images
        )

        fft_sums.correlate(image, operator.components()[0], target, call, workers)
        return True
