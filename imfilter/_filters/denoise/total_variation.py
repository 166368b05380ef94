"""Total variation: the checks, the iteration, and the rule that ends it."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.denormals import as_zeros
from imfilter._base.plan import Plan
from imfilter._base.program import address, set_addresses
from imfilter._filters.denoise.grid import Grid, over_bands
from imfilter._filters.denoise.kernels.planes import MASKED
from imfilter._filters.denoise.kernels.total_variation import (
    FINISH,
    MEASURE,
    START,
    START_DUAL,
    STEP,
    TOTAL_VARIATION_JOB,
    minimize,
    minimize_bands,
)

#: Steps between two looks at the gap, each of which takes half the time of a step.
_STEPS = 10
#: Smallest and largest quotient of samples and weight in float32, whose squares are in its range.
_LEAST, _MOST = 1e-12, 1e30
#: Largest quotient of weight and samples in float64.
_MOST_WEIGHT = 2.0**300
#: Denormal samples count as 0, except beside a weight below this number.
_TINY = 2.0**-960
#: Weights that are not between this number and its inverse have a unit that float32 cannot hold.
_SMALLEST = 2.0**-126

Progress = Callable[[int, float], object]


class Settings(NamedTuple):
    """The arguments of the filter."""

    weight: float
    tolerance: float
    most: int
    coupled: bool
    progress: Progress | None


class TotalVariation:
    """The image with the smallest sum of half the squared distance and the weighted total variation."""

    plan = Plan("dual", "accelerated projected gradient of the dual problem", math.nan)

    def checked(self, axes: tuple[int, ...], *own: Any) -> Settings:
        """Check the arguments."""
        weight, tolerance, most, coupled, progress = own
        number = arguments.number(weight, "weight")
        if number < 0:
            raise ValueError(f"weight must be at least 0, got {number}")
        share = arguments.number(tolerance, "tolerance")
        if share < 0:
            raise ValueError(f"tolerance must be at least 0, got {share}")
        steps = arguments.integer(most, "max_iterations", least=1)
        together = arguments.flag(coupled, "coupled")
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be a function, got {arguments.brief(progress)}")
        return Settings(number, share, steps, together, progress)

    def distance(self, settings: Settings) -> None:
        """Return how far the samples are that a result depends on: all of them."""

    def together(self, settings: Settings) -> bool:
        """Tell whether the channels are filtered together."""
        return settings.coupled

    def real(self, settings: Settings, block: npt.NDArray, real: np.dtype) -> np.dtype:
        """Return float64 if float32 cannot hold the samples in the unit of the weight."""
        if real == dtypes.FLOAT32 and settings.weight and not _SMALLEST < settings.weight < 1 / _SMALLEST:
            return dtypes.FLOAT64
        if real == dtypes.FLOAT32 and settings.weight:
            if block.dtype.kind != "f":  # a sample is 0, or at least 1
                return dtypes.FLOAT64 if settings.weight * _LEAST > 1 else real
            with np.errstate(all="ignore"):
                largest = float(np.nanmax(np.abs(block), initial=0.0, where=np.isfinite(block)))
            if largest and not _LEAST < largest / settings.weight < _MOST:
                return dtypes.FLOAT64
        return real

    def filtered(
        self,
        settings: Settings,
        values: npt.NDArray,
        grid: Grid,
        marks: npt.NDArray | None,
        workers: int | None,
    ) -> npt.NDArray:
        """Return the results in the layout of a grid."""
        if settings.weight == 0:
            return values
        inner = grid.inner(values)
        if not np.isfinite(inner).all():
            inner[...] = np.nan  # every result depends on every sample
            return values
        # So many times the samples, a weight has the same result as any larger one.
        weight = min(settings.weight, float(np.abs(inner).max(initial=0.0)) * _MOST_WEIGHT or math.inf)
        # The unit is a power of two near the weight, so that squares stay in the range of the type.
        unit = 2.0 ** min(-math.frexp(weight)[1], 1000)
        factor = grid.real.type(unit) if 1e-30 < unit < 1e30 else unit
        scale = _scale if settings.weight < _TINY else _scale_normal
        scale(np.multiply, inner, factor)
        _Iteration(settings, values, grid, marks, workers, weight * unit).run()
        scale(np.divide, inner, factor)
        return values


def _scale(change: np.ufunc, samples: npt.NDArray, factor: Any) -> None:
    """Multiply or divide samples."""
    with np.errstate(over="ignore"):
        change(samples, factor, out=samples)


#: The same where denormals count as 0, before and after.
_scale_normal = as_zeros(_scale)


class _Iteration:
    """The memory of an iteration, and its steps."""

    def __init__(
        self,
        settings: Settings,
        values: npt.NDArray,
        grid: Grid,
        marks: npt.NDArray | None,
        workers: int | None,
        weight: float,
    ) -> None:
        self.settings, self.grid, self.workers = settings, grid, workers
        self.job = np.zeros((), TOTAL_VARIATION_JOB)
        fields = grid.zeros(2, grid.axes)
        self.bands = math.ceil(grid.planes / grid.band())
        self.sums = np.zeros((grid.planes * grid.rows, 2))
        plane = grid.channels * grid.step_z
        tables = {
            "image": values,
            "dual": fields[0],
            "starts": np.zeros(self.bands * plane, grid.real),
            "sums": self.sums,
        }
        self.owners = set_addresses(self.job, tables if marks is None else {**tables, "marks": marks})
        self.owners += (fields,)
        self.job["ahead"] = address(fields) + fields[0].nbytes
        self.plane = plane
        numbers = {
            **grid.layout,
            "axes": grid.axes,
            "step_k": grid.channels * grid.step_c,
            "band": grid.band(),
            "kernel": minimize.address(grid.real, 0 if marks is None else MASKED),
            "step": 1 / (4 * grid.axes),  # the squared norm of a gradient is at most 4 for each axis
            "weight": weight,
        }
        for name, value in numbers.items():
            self.job[name] = value

    def run(self) -> None:
        """Iterate until the gap is small, and write the result in place of the image."""
        settings, momentum = self.settings, 1.0
        for step in range(1, settings.most + 1):
            following = (1 + math.sqrt(1 + 4 * momentum * momentum)) / 2
            self.job["beta"] = (momentum - 1) / following
            momentum = following
            self._over(STEP)
            if step % _STEPS == 0 and step < settings.most:
                gap = self._gap(MEASURE)
                if settings.progress is not None:
                    settings.progress(step, gap)
                if gap <= settings.tolerance:
                    break
        gap = self._gap(FINISH)
        if settings.progress is not None and step == settings.most:
            settings.progress(step, gap)

    def _gap(self, what: int) -> float:
        """Return the gap by the energy."""
        self._over(what)
        gap, energy = (math.fsum(column) for column in self.sums.T)
        return max(gap, 0.0) / energy if energy > 0 else 0.0

    def _over(self, what: int) -> None:
        """Compute the planes at the starts of bands, and then all bands."""
        self.job["what"] = START if what == STEP else START_DUAL
        self.job["first"], self.job["stop"] = 0, self.bands
        entry = minimize_bands.entry()
        entry(address(self.job))
        self.job["what"] = what

        def task(first: int, stop: int) -> None:
            job, table = self.job.copy(), np.zeros(8, np.int64)
            work = np.zeros(2 * self.plane, self.grid.real)
            job["first"], job["stop"] = first, stop
            job["work"], job["table"] = address(work), address(table)
            entry(address(job))

        over_bands(task, self.grid, self.workers)


TOTAL_VARIATION = TotalVariation()
