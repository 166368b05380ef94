"""One of the eigenvalues of Hessian matrices, or their product, as the result of a filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import imfilter
from imfilter._base import arguments, dtypes


def chosen(which: str) -> Callable[..., Any]:
    """Return a filter that gives the largest or the smallest eigenvalue, or the determinant."""
    arguments.word(which, "which", ("largest", "smallest", "determinant"))

    def function(
        image: NDArray[Any],
        *,
        dtype: np.dtype[Any] | None = None,
        out: NDArray[Any] | None = None,
        **options: Any,
    ) -> NDArray[Any]:
        values = imfilter.hessian_eigenvalues(image, **options)
        found: NDArray[Any]
        if which == "determinant":
            found = values[0] * values[-1] if len(values) == 2 else np.prod(values, axis=0)
        else:
            found = values[0 if which == "largest" else -1]
        if dtype is None and out is None:
            return found
        if out is None:
            assert dtype is not None
            out = dtypes.empty(found.shape, dtype)
        dtypes.place(np.ma.getdata(found), out)
        return np.ma.MaskedArray(out, found.mask) if isinstance(found, np.ma.MaskedArray) else out

    return function
