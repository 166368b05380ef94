"""The kernels of matrices, called with arrays: one array for each component, and one for each result."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imfilter._base.program import address, set_addresses
from imfilter._filters.orientation.kernels.angles import ANGLE, COHERENCE, angles
from imfilter._filters.orientation.kernels.directions import LARGEST, LINES, PLANES, SMALLEST, directions
from imfilter._filters.orientation.kernels.eigenvalues import eigenvalues
from imfilter._filters.orientation.kernels.job import MATRIX_JOB, over_matrices
from imfilter._filters.orientation.kernels.ridges import FRANGI, measure
from imfilter._simd.jit import Kernel

Arrays = Sequence[npt.NDArray]
#: Whose direction is meant: across planes (in two dimensions across lines), or along lines.
PLANE, LINE = "plane", "line"
FEATURES = PLANE, LINE


def axes_of(components: Arrays) -> int:
    """Return the number of rows of a matrix from its number of components: 1, 3 or 6."""
    return {1: 1, 3: 2, 6: 3}[len(components)]


def write_eigenvalues(components: Arrays, results: Arrays) -> None:
    """Write the eigenvalues of matrices of two or three rows, the largest first."""
    _run(eigenvalues, components, results)


def write_directions(clear: bool, feature: str, components: Arrays, results: Arrays) -> None:
    """Write the angle or the eigenvector of matrices of two or three rows, or if `clear`, the coherence.

    Of `PLANE` it is that of the largest eigenvalue, and of `LINE` that of the smallest.
    """
    if axes_of(components) == 3:
        pair = (PLANES, LINES) if clear else (LARGEST, SMALLEST)
        _run(directions, components, results, form=pair[feature == LINE])
        return
    if feature == LINE and not clear:  # the other eigenvector: that of the negative matrix
        components = [np.negative(component) for component in components]
    _run(angles, components, results, form=COHERENCE if clear else ANGLE)


def keep_ridges(
    form: int,
    parameters: tuple[float, float, float],
    sigma: float,
    components: Arrays,
    results: Arrays,
) -> None:
    """Write a measure where it is larger than the result so far, and its scale to the second result, if any.

    parameters: alpha, beta and gamma of `FRANGI`; alpha of `MEIJERING`.
    """
    a, b, c = parameters
    if form == FRANGI:
        with np.errstate(all="ignore"):
            first, second = (-0.5 * np.divide(1.0, value) ** 2 for value in (a, b))
            a, b, c = float(first), float(second), float(np.divide(math.sqrt(0.5), c))
    _run(measure, components, results, form=form, a=a, b=b, c=c, sigma=sigma)


def _run(kernel: Kernel, components: Arrays, results: Arrays, **fields: float) -> None:
    """Run a kernel over contiguous arrays of one shape and type."""
    job = np.zeros((), MATRIX_JOB)
    job["count"] = components[0].size
    for name, value in fields.items():
        job[name] = value
    tables = {f"c{i}": array for i, array in enumerate(components)}
    tables |= {f"to_{i}": array for i, array in enumerate(results)}
    real, ndim = components[0].dtype, axes_of(components)
    kinds = (real,) if kernel in (angles, directions) else (real, ndim)
    owners = set_addresses(job, tables)
    over_matrices.entry()(kernel.address(*kinds), address(job), len(kinds))
    del owners
