"""Least squares for a kernel: solve the normal equations, then refine the solution by its residuals.

Times for a float32 frame of 3840x2160, on two shared cores of Cascade Lake: a 5x5 kernel takes 1.2 s with one
thread and 1.0 s with two threads, a 3x3 kernel 0.55 s, and a 15x15 kernel 6.7 s. Sums of products by BLAS
take a third of the time.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from imfilter._filters.learn import normal_equations
from imfilter._filters.learn.normal_equations import Array, Examples, Lines, Sums

_EPS = float(np.finfo(np.float64).eps)
#: Iteration ends if a correction is below this fraction of the kernel. The next correction would be about
#: the square of this fraction.
_SETTLED, _MOST_CORRECTIONS = 1e-7, 4


class Undetermined(ValueError):
    """The examples do not determine all weights."""

    def __init__(self, message: str, known: int, wanted: int) -> None:
        super().__init__(message)
        self.known, self.wanted = known, wanted


class Fit(NamedTuple):
    """A kernel with axes (outputs, channels, planes, rows, taps), and bias and residual of each output."""

    kernel: Array
    bias: Array
    residual: Array


class _Levels(NamedTuple):
    """The levels to subtract from each channel and output. A large mean would reduce the precision."""

    channels: Array
    outputs: Array

    def lines(self, read: Array, shape: tuple[int, int, int]) -> Lines:
        read -= self.channels[:, None]
        return Lines(read, shape)

    def goal(self, values: Array) -> Array:
        values -= self.outputs[:, None]
        return values


@dataclass(frozen=True)
class _Equations:
    """Normal equations: a row for each tap of each channel. They are centred if a bias is fitted."""

    matrix: Array
    right: Array  # a column for each output
    ones: Array  # the sum of the samples that each tap reads; zeros without a bias
    count: int


def fit(examples: Examples, biased: bool, ridge: float, workers: int | None) -> Fit:
    """Return kernel and bias with the least sum of squared errors plus `ridge` times the squared taps.

    Raise ValueError, with the argument names of the caller, if the examples do not determine them.
    """
    levels = _levels(examples, biased, workers)
    equations = _equations(examples, levels, biased, workers)
    noise = 16 * _EPS * levels.channels  # rounding error of a sample minus its level
    inverse = _Inverse(equations, np.tile(np.repeat(noise, examples.shape[2]), _rows(examples)), ridge)
    inverse.check(examples, biased)
    taps = inverse.solve(equations.right)
    offset = -(equations.ones @ taps) / equations.count  # for targets minus their mean
    residual = np.zeros_like(offset)
    for _ in range(_MOST_CORRECTIONS):
        # The residuals have more correct digits than the equations. So they can correct the solution.
        missing, errors, squares = _missing(examples, levels, taps, offset, workers)
        if biased:
            missing = missing - np.outer(equations.ones, errors / equations.count)
            squares = squares - errors**2 / equations.count
        step = inverse.solve(missing - ridge * taps)
        taps = taps + step
        if biased:
            offset = offset + (errors - equations.ones @ step) / equations.count
        squares = squares - (step * (2 * missing - equations.matrix @ step)).sum(axis=0)
        residual = np.sqrt(np.maximum(squares, 0) / equations.count)
        if (np.abs(step).max(axis=0) <= _SETTLED * np.abs(taps).max(axis=0)).all():
            break
    planes, rows, width = examples.shape
    kernel = taps.reshape(planes, rows, examples.channels, width, -1).transpose(4, 2, 0, 1, 3)
    bias = levels.outputs + offset - kernel.sum(axis=(2, 3, 4)) @ levels.channels
    return Fit(np.ascontiguousarray(kernel), bias, residual)


def _rows(examples: Examples) -> int:
    return examples.shape[0] * examples.shape[1]


def _levels(examples: Examples, biased: bool, workers: int | None) -> _Levels:
    """Return the means, or zeros if there is no bias to compensate for them."""

    def measure(read: Array, goal: Array) -> Sums:
        around = (0, 1, 2, 4)
        return read.sum(axis=around), np.array(read[..., 0, :].size), goal.sum(axis=around)

    if not biased:
        return _Levels(np.zeros(examples.channels), np.zeros(examples.items[0].target.shape[1]))
    channels, count, outputs = normal_equations.summed(examples, measure, workers)
    return _Levels(channels / count, outputs / examples.samples)


def _equations(examples: Examples, levels: _Levels, biased: bool, workers: int | None) -> _Equations:
    """Return the normal equations, summed over all tiles."""

    def measure(read: Array, goal: Array) -> Sums:
        lines, goal = levels.lines(read, examples.shape), levels.goal(goal)
        squares = np.einsum("boyxn,boyxn->", goal, goal)  # checked for overflow later
        return lines.crossed(goal), lines.sums(), goal.sum(axis=(0, 1, 2, 4)), squares, *lines.products()

    crossed, sums, outputs, squares, *products = normal_equations.summed(examples, measure, workers)
    for name, arrays in (("inputs", products), ("targets", [crossed, squares])):
        if not all(np.isfinite(values).all() for values in arrays):
            raise ValueError(f"{name} must be finite numbers below 1e150, got larger ones, NaN or infinity")
    matrix = normal_equations.gram(tuple(products), examples.shape)
    right, ones = crossed.swapaxes(-1, -2).reshape(len(matrix), -1), sums.ravel()
    if not biased:
        return _Equations(matrix, right, np.zeros_like(ones), examples.samples)
    share = ones / examples.samples
    return _Equations(
        matrix - np.outer(ones, share), right - np.outer(share, outputs), ones, examples.samples
    )


def _missing(
    examples: Examples, levels: _Levels, taps: Array, offset: Array, workers: int | None
) -> tuple[Array, Array, Array]:
    """Sum the residuals: their products with the samples of each tap, themselves, and their squares."""
    kernel = taps.reshape(*examples.shape[:2], -1, taps.shape[1]).swapaxes(-1, -2)
    kernel = np.ascontiguousarray(kernel)

    def measure(read: Array, goal: Array) -> Sums:
        lines = levels.lines(read, examples.shape)
        errors = lines.missed(levels.goal(goal), kernel, offset)
        around = (0, 1, 2, 4)
        return lines.crossed(errors), errors.sum(axis=around), np.square(errors).sum(axis=around)

    crossed, errors, squares = normal_equations.summed(examples, measure, workers)
    return crossed.swapaxes(-1, -2).reshape(taps.shape), errors, squares


class _Inverse:
    """The inverse of the normal equations with a ridge, by the eigenvectors of the scaled matrix."""

    def __init__(self, equations: _Equations, noise: Array, ridge: float) -> None:
        matrix = equations.matrix + ridge * np.eye(len(equations.matrix))
        strength = np.diagonal(matrix)
        dead = strength <= equations.count * noise**2
        self._scale = np.sqrt(np.where(dead, 1.0, strength))
        scaled = matrix / self._scale / self._scale[:, None]
        scaled[dead] = scaled[:, dead] = 0.0
        values, self._vectors = np.linalg.eigh(scaled)
        known = values > 4 * len(values) * _EPS * values[-1]
        self.rank = int(known.sum())
        self._inverse = np.where(known, 1.0, 0.0) / np.where(known, values, 1.0)

    def solve(self, right: Array) -> Array:
        """Return the unknowns for each column of a right side."""
        inner = self._vectors.T @ (right / self._scale[:, None])
        return self._vectors @ (inner * self._inverse[:, None]) / self._scale[:, None]

    def check(self, examples: Examples, biased: bool) -> None:
        """Raise an error if the examples do not determine a tap."""
        if self.rank == len(self._scale):
            return
        known, wanted = self.rank, len(self._scale)
        next_step = "use ridge > 0, a smaller shape, or more examples that differ"
        if self.rank == 0:
            values = "constant values, which a bias also explains" if biased else "only zeros"
            message = f"inputs must vary, got {values}; use ridge > 0 or other examples"
            raise Undetermined(message, known, wanted)
        raise Undetermined(
            f"inputs must determine all {wanted} taps, got inputs that determine {known}; {next_step}",
            known,
            wanted,
        )
