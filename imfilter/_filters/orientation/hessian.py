"""Hessian matrices and their eigenvalues: the checks, and the way of a call."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, dtypes, engine
from imfilter._base.keywords import Common
from imfilter._base.reach import Reach
from imfilter._base.store import Store
from imfilter._filters.linear.operators import Term
from imfilter._filters.local.pieces import Cut, Frame
from imfilter._filters.orientation import taps
from imfilter._filters.orientation.family import Piece, Shared, Source, checked, family, filtered, over
from imfilter._filters.orientation.measures import write_eigenvalues
from imfilter._filters.orientation.taps import Bells

#: Largest number of taps of a kernel along an axis: pieces have a halo of this size.
MOST_TAPS = 1 << 14


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    shared: Shared
    frame: Frame
    terms: tuple[Term, ...]
    solved: bool  # whether the results are eigenvalues
    outputs: int
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.frame.reach

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the result."""
        return self.shared.dtype


def apply(
    image: npt.ArrayLike,
    solved: bool,
    bells: Bells,
    sigma: Any,
    truncate: Any,
    radius: Any,
    spacing: Any,
    common: Common,
) -> npt.NDArray:
    """Return the components of the Hessian matrices, or their eigenvalues if `solved`."""
    return engine.apply(FAMILY, image, common, (solved, bells), (sigma, truncate, radius, spacing))


def _settled(array: npt.NDArray, given: Common, fixed: tuple[bool, Bells], own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    solved, bells = fixed
    sigma, truncate, radius, spacing = own
    shared = checked(array, given, (1, 2, 3), "a Hessian matrix")
    count = len(shared.axes)
    steps = arguments.spacings(spacing, count)
    terms = taps.hessian(bells, arguments.sigmas(sigma, count), truncate, radius, steps)
    sizes = sizes_of(terms[0], "sigma")
    frame = Frame.of(array.shape, shared.axes, sizes, shared.mode)
    outputs = count if solved else len(terms)
    return Call(shared, frame, terms, solved, outputs, (outputs, *array.shape))


def sizes_of(term: Term, name: str) -> tuple[int, ...]:
    """Return the lengths of a kernel. `name` is the argument that gives it."""
    sizes = tuple(map(len, term))
    if max(sizes) > MOST_TAPS:
        raise ValueError(f"{name} must give a kernel of at most {MOST_TAPS} taps, got {max(sizes)}")
    return sizes


def _fill(
    call: Call,
    source: Source,
    views: list[npt.NDArray],
    unknown: npt.NDArray | None,
    workers: int | None,
) -> None:
    """Write the results of all pieces."""

    def task(cut: Cut, store: Store) -> None:
        piece = Piece.of(call.shared, call.frame, cut, source, store)
        found, few = filtered(piece, call.terms, store, "component", wanted=unknown is not None)
        place(solved(found, store) if call.solved else found, few, cut, views, unknown)

    over(call.frame, workers, task)


def solved(components: list[npt.NDArray], store: Store) -> list[npt.NDArray]:
    """Return the eigenvalues of matrices, the largest first."""
    if len(components) == 1:
        return components
    count = {3: 2, 6: 3}[len(components)]
    first = components[0]
    results = [store.array(f"eigenvalue {i}", first.shape, first.dtype) for i in range(count)]
    write_eigenvalues(components, results)
    return results


def place(
    results: list[npt.NDArray],
    few: npt.NDArray | None,
    cut: Cut,
    views: list[npt.NDArray],
    unknown: npt.NDArray | None,
) -> None:
    """Write the results of a piece to the views of the results, and where too little is present."""
    for result, view in zip(results, views, strict=True):
        dtypes.place(result, view[cut.where])
    if unknown is not None:
        unknown[cut.where] = False if few is None else few


FAMILY: engine.Family[Call] = family(_settled, _fill)
