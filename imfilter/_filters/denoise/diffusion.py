"""Anisotropic diffusion: the checks, and the steps."""

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes
from imfilter._base.plan import Plan
from imfilter._base.program import address, set_addresses
from imfilter._filters.denoise.grid import Grid, over_bands
from imfilter._filters.denoise.kernels.diffusion import DIFFUSION_JOB, RATIONAL, diffuse, diffuse_bands
from imfilter._filters.denoise.kernels.planes import MASKED

FUNCTIONS = ("exponential", "rational")
#: Range of factors of differences in float32.
_LEAST, _MOST = 1e-30, 1e30
#: Range of squares of spacings.
_SMALLEST, _LARGEST = 1e-280, 1e280


class Settings(NamedTuple):
    """The arguments of the filter. spacing: in the increasing order of axes."""

    iterations: int
    kappa: float
    function: str
    step: float
    spacing: tuple[float, ...]


class Diffusion:
    """Steps of diffusion that is slow at edges."""

    plan = Plan("steps", "explicit steps, each once through the image", math.nan)

    def checked(self, axes: tuple[int, ...], *own: Any) -> Settings:
        """Check the arguments."""
        iterations, kappa, function, step, spacing = own
        count = arguments.integer(iterations, "iterations", least=0)
        number = arguments.number(kappa, "kappa")
        if number <= 0:
            raise ValueError(f"kappa must be positive, got {number}")
        word = arguments.word(function, "function", FUNCTIONS)
        lengths = arguments.spacings(spacing, len(axes))
        if not all(_SMALLEST < h * h < _LARGEST for h in lengths):
            raise ValueError(f"spacing must be from 1e-139 to 1e139, got {spacing}")
        most = 1 / (2 * sum(1 / (h * h) for h in lengths))
        length = most if step is None else arguments.number(step, "step")
        if not 0 < length <= most * (1 + 1e-9):
            raise ValueError(
                f"step must be more than 0 and at most {most:.6g}, the largest stable step, got {length}"
            )
        return Settings(
            count, number, word, length, tuple(h for _, h in sorted(zip(axes, lengths, strict=True)))
        )

    def distance(self, settings: Settings) -> int:
        """Return how far the samples are that a result depends on: each step reads the next ones."""
        return settings.iterations

    def together(self, settings: Settings) -> bool:
        """Tell whether the channels are filtered together: they need less memory one after the other."""
        return False

    def real(self, settings: Settings, block: npt.NDArray, real: np.dtype) -> np.dtype:
        """Return float64 if float32 cannot hold the factors of a step."""
        numbers = [v for pair in self._factors(settings) for v in pair]
        return real if all(_LEAST < v < _MOST for v in numbers) else dtypes.FLOAT64

    def _factors(self, settings: Settings) -> list[tuple[float, float]]:
        """Return the factors of differences and of flows for each axis, the last axis first."""
        root = math.sqrt(math.log2(math.e)) if settings.function == "exponential" else 1.0
        # An infinite factor times a difference of 0 would be NaN.
        products, largest = [settings.kappa * h for h in settings.spacing], sys.float_info.max
        factors = [min(root / p, largest) if p else largest for p in products]
        each = [(f, settings.step / (h * h)) for f, h in zip(factors, settings.spacing, strict=True)]
        return [each[-1], *each[:-1]]

    def filtered(
        self,
        settings: Settings,
        values: npt.NDArray,
        grid: Grid,
        marks: npt.NDArray | None,
        workers: int | None,
    ) -> npt.NDArray:
        """Return the results in the layout of a grid."""
        if settings.iterations == 0:
            return values
        job = np.zeros((), DIFFUSION_JOB)
        form = (0 if marks is None else MASKED) | (RATIONAL if settings.function == "rational" else 0)
        numbers = {
            **grid.layout,
            "axes": grid.axes,
            "band": grid.band(),
            "kernel": diffuse.address(grid.real, form),
        }
        for name, value in numbers.items():
            job[name] = value
        table = np.array(self._factors(settings), np.float64)
        owners = set_addresses(job, {"table": table} if marks is None else {"table": table, "marks": marks})
        entry, other = diffuse_bands.entry(), grid.zeros()

        def task(first: int, stop: int) -> None:
            own = job.copy()
            # The flow before the first sample of a row is in the margin, and stays 0.
            work = [np.zeros(n, grid.real) for n in (grid.step_y, 2 * grid.step_y, 2 * grid.step_z)]
            for name, array in zip(("along", "down", "deep"), work, strict=True):
                own[name] = address(array)
            own["first"], own["stop"] = first, stop
            entry(address(own))

        for _ in range(settings.iterations):
            job["image"], job["to"] = address(values), address(other)
            over_bands(task, grid, workers)
            values, other = other, values
        del owners
        return values


DIFFUSION = Diffusion()
