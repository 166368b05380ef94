"""Products of Fourier transforms, for very large kernels."""

import math

import numpy.typing as npt

from imfilter._base.loops import Placement
from imfilter._base.program import Program, Settings
from imfilter._filters.linear import whole_numbers
from imfilter._filters.linear.algorithm import Algorithm, Call, Offer, Request
from imfilter._filters.linear.fft_lengths import tile_of
from imfilter._filters.linear.operators import Operator

#: Cutting a tile, forward and inverse real transform with scipy.fft and the product, placing; see `STAGE`.
_COST = {4: 22.0, 8: 29.0}


class FFT(Algorithm):
    """Products of Fourier transforms, tile by tile, with a transform of SciPy's."""

    name = "fft"

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of transforms of all tiles: those of whole numbers are of float64."""
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
        """Raise NotImplementedError: transforms are no kernel."""
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
        """Correlate `image` into `target`; it takes any."""
        from imfilter._filters.linear import (
            fft_sums,  # SciPy takes longer to import than most images to filter
        )

        fft_sums.correlate(image, operator.components()[0], target, call, workers)
        return True
