"""The guided filter: the checks, and the two passes over a piece."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, engine
from imfilter._base.grouping import levels_of
from imfilter._base.keywords import Common
from imfilter._base.loops import tiles
from imfilter._base.missing import Presence
from imfilter._base.plan import Plan
from imfilter._base.program import address, layout_workspace, set_addresses
from imfilter._base.reach import Reach
from imfilter._base.store import Store
from imfilter._filters.edge_preserving.kernels import guided as kernels
from imfilter._filters.edge_preserving.kernels.guided_fit import MERGED, SECOND
from imfilter._filters.edge_preserving.kernels.guided_rows import ROWS
from imfilter._filters.edge_preserving.planes import (
    Guide,
    Piece,
    Shapes,
    Sources,
    direct,
    fill,
    new,
    place,
    with_guide,
)
from imfilter._filters.local.family import bounded
from imfilter._filters.local.pieces import Cut, Frame
from imfilter._simd.registers import BYTES

#: Bytes of all lines that a tile keeps, which stay in the second-level cache, and the least columns of a tile
#: in windows and in samples.
_RING, _LONG, _LEAST = 1 << 19, 4, 128
#: Samples that are worth a thread of their own: 512x512 takes 1.45 ms with two threads, and 1.95 with one
#: (Zen 4).
_SMALL = 1 << 17


@dataclass(frozen=True, eq=False)
class Call:
    """The part of a call that is known before the samples are read."""

    guide: Guide | None
    shapes: Shapes
    frame: Frame  # of windows of windows
    sizes: tuple[int, int, int]
    eps: float
    cval: float
    real: np.dtype
    dtype: np.dtype
    result_shape: tuple[int, ...]

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.shapes.reach(self.frame)

    @property
    def taps(self) -> int:
        """The number of samples of a window."""
        return math.prod(self.sizes)

    @property
    def fine(self) -> bool:
        """Whether results show the last digits of float64."""
        return self.dtype.itemsize >= 8


def apply(image: npt.ArrayLike, guide: Any, common: Common, radius: Any, eps: Any) -> npt.NDArray:
    """Return the filtered image."""
    checked, common = with_guide(image, guide, common)
    return engine.apply(FAMILY, image, common, "guided", (checked, radius, eps))


def _checked(array: npt.NDArray, given: Common, fixed: str, own: tuple[Any, ...]) -> Call:
    """Check the arguments."""
    guide, radius, eps = own
    shapes = Shapes.of(array, given, guide)
    radii = arguments.integers(radius, len(shapes.axes), "radius", least=0)
    bounded([4 * r + 1 for r in radii], "radius")
    least = arguments.number(eps, "eps")
    if least <= 0:
        raise ValueError(f"eps must be positive, got {least}")
    mode = borders.check_mode(given.mode, more=("shrink",))
    cval = arguments.beyond(given.cval, mode)
    dtype = arguments.dtype(given.dtype, given.out, array.dtype.newbyteorder("="))
    real = dtypes.working(array.dtype, dtype)
    if guide is not None:
        real = np.promote_types(real, dtypes.derived(guide.array.dtype))
    frame = Frame.of(shapes.spatial, shapes.axes, tuple(4 * r + 1 for r in radii), mode)
    z, y, x = (n // 2 + 1 for n in frame.sizes)
    return Call(guide, shapes, frame, (z, y, x), least, cval, real, dtype, array.shape)


def _filled(
    call: Call,
    array: npt.NDArray,
    out: npt.NDArray | None,
    workers: int | None,
    presence: Presence | None,
    few: npt.NDArray[np.bool_] | None,
) -> npt.NDArray:
    """Return the result, in `out` or a new array."""
    sources = Sources.of(call.frame, call.shapes, array, call.guide, presence)
    target = new(out, array, call.guide, call.dtype)
    least = 0.0 if presence is None else presence.least(call.taps)

    def task(cut: Cut, results: list[npt.NDArray], store: Store) -> npt.NDArray[np.bool_] | None:
        piece = Piece.of(call.frame, cut, sources, call.real, call.cval, store)
        found = direct(results, results[0].shape, call.real)
        unknown = _windows(call, piece, presence is None, least, store, found)
        place(found, results)
        return unknown

    fill(call.frame, call.shapes, target, few, task, workers, small=_SMALL)
    return engine.delivered(target, out, call.dtype)


def _windows(
    call: Call, piece: Piece, whole: bool, least: float, store: Store, results: list[npt.NDArray]
) -> npt.NDArray[np.bool_] | None:
    """Write the results of a piece, a plane for each channel. Return where too little is present.

    `whole` tells whether all samples of the image are present. Only then are the coefficients those of
    `guided_fit.solve_grey`: it rounds otherwise, and results must not depend on where pieces end.
    """
    padded, n_images, n_guides = piece.image[0].shape, len(piece.image), len(piece.guide)
    middle = _valid(padded, call.sizes)
    shape = _valid(middle, call.sizes)
    missing, own = piece.counts is not None, piece.guide is piece.image
    n_references = n_guides + (0 if own else n_images)
    summed = n_images * (n_guides + 1) + missing
    more = n_images + 1 if missing else 0  # means, and sums of counts
    planes = store.array("planes", (summed + more + call.fine * n_references, *middle), np.float64)
    to = list(_addresses([*planes]))
    # The first pass writes means and sums of counts before references, see `guided_fit.solve`.
    ahead = [*to[:summed], *to[len(to) - more :]] if missing else [*to[:summed], *[0] * (n_images + 2)]
    ahead += to[summed : summed + n_references] if call.fine else []
    counts = {} if piece.counts is None else {"counts": piece.counts}
    flag = np.zeros(1, np.int64)
    tables = {
        "images": _addresses(piece.image),
        "guides": _addresses(piece.guide),
        "planes": planes,
        "flag": flag,
        **counts,
    }
    job = np.zeros((), kernels.GUIDED_JOB)
    job["n_images"], job["n_guides"], job["own"], job["eps"] = n_images, n_guides, own, call.eps
    job["grey"] = own and n_images == 1 and whole
    job["plane"], job["relative"] = planes[0].nbytes, call.fine
    for name, lengths in (("image", padded), ("plane", middle)):
        for axis, letter in enumerate("bzy"):
            job[f"{name}_{letter}"] = math.prod(lengths[axis + 1 :])
    sums = n_guides + n_guides * (n_guides + 1) // 2 + missing + (0 if own else n_images * (n_guides + 1))
    fits = tables | {"to": np.array(ahead, np.int64)}
    if not call.fine:
        _run(call, job, 0, sums, fits, middle, planes, store)
    if call.fine or flag[0]:
        job["fill"] = not call.fine
        _run(call, job, MERGED, sums, fits, middle, planes, store)
    second = SECOND | (MERGED if call.fine else 0)
    _run(call, job, second, summed, tables | {"to": _addresses(results)}, shape, results, store)
    if not missing:
        return None
    assert piece.counts is not None
    assert piece.known is not None
    radii = [n // 2 for n in call.sizes]
    inner = tuple(slice(r, r + n) for r, n in zip(radii, shape[1:4], strict=True))
    own_place = tuple(slice(2 * r, 2 * r + n) for r, n in zip(radii, shape[1:4], strict=True))
    alone = piece.known[(slice(None), *own_place)] == 0
    unknown = ~(planes[-1][(slice(None), *inner)] > least)
    for found, mean in zip(results, planes[len(planes) - more :], strict=False):
        np.copyto(found, mean[(slice(None), *inner)], where=alone, casting="same_kind")
        found[unknown] = np.nan
    return unknown


def _valid(shape: tuple[int, ...], sizes: tuple[int, int, int]) -> tuple[int, ...]:
    """Return the shape of results whose windows are inside a shape."""
    lengths = [n - k + 1 for n, k in zip(shape[1:4], sizes, strict=True)]
    return (shape[0], *lengths, shape[4])


def _run(
    call: Call,
    job: npt.NDArray,
    form: int,
    sums: int,
    tables: dict[str, npt.NDArray],
    to: tuple[int, ...],
    targets: npt.NDArray | list[npt.NDArray],
    store: Store,
) -> None:
    """Complete the job of a pass and run it. to, targets: the shape and the planes of what it writes."""
    sizes, second = call.sizes, bool(form & SECOND)
    n_guides, n_images = int(job["n_guides"]), int(job["n_images"])
    n_references = n_guides + (0 if job["own"] else n_images)
    job["sums"], job["quantities"] = sums, sums + (n_references if form & MERGED else 0)
    job["batch"], job["depth"], job["rows"] = to[:3]
    for letter, step in zip("bzy", targets[0].strides, strict=False):
        job[f"to_{letter}"] = step // targets[0].itemsize
    steps = [int(job[f"image_{letter}"]) for letter in "zy"] + [to[4]]
    job["centre"] = (1 + second) * sum(n // 2 * s for n, s in zip(sizes, steps, strict=True))
    job["kernel"] = kernels.box_pass.address(call.real, form)
    down, down_parts = _tables(sizes[1])
    along, along_parts = _tables(sizes[2])
    beside, columns, quantities = to[4], to[3] * to[4], int(job["quantities"])
    margin, n_lines = (sizes[2] - 1) * beside, int(down[:, 4].sum()) + len(along)
    most = _RING // (8 * quantities * n_lines) - margin
    cut = tiles(columns, max(1, columns // max(most, _LONG * margin, _LEAST)))
    segment = -(-8 * (int(np.diff(cut).max()) + margin) // BYTES) * BYTES + BYTES
    pitch = segment * quantities + BYTES + 64
    # The matrix, the sides and what is written; or the record of a sample, and changes of references.
    stage = BYTES * (
        n_guides * n_guides + n_images * (n_guides + 2) + 2 + int(job["quantities"]) + n_references
    )
    down[1, 4] += ROWS - 1  # groups of single rows are written together
    levels: list[npt.NDArray] = [*down, *along[1:]]
    names = [str(number) for number in range(len(levels))]
    most_parts = max(int(level[1]) for level in (*down, *along))
    places = dict.fromkeys([*names, "stage", "spots"], 0)
    size = layout_workspace(
        places,
        {name: pitch * int(level[4]) for name, level in zip(names, levels, strict=True)}
        | {"stage": stage + BYTES, "spots": 16 * max(most_parts, ROWS)},
    )
    for name, level in zip(names, levels, strict=True):
        level[3] = places[name]
    workspace = store.array("workspace", (size + BYTES,), np.uint8)
    job["taps_z"], job["taps_y"], job["taps_x"] = sizes
    job["taps"], job["beside"], job["n_tiles"] = math.prod(sizes), beside, len(cut) - 1
    job["n_down"], job["n_along"], job["segment"], job["pitch"] = len(down), len(along), segment, pitch
    tables = {**tables, "tiles": cut, "workspace": workspace, "down": down, "along": along}
    tables |= {"down_parts": down_parts, "along_parts": along_parts}
    owners = set_addresses(job, tables)
    for name in ("stage", "spots"):
        job[name] = int(job["workspace"]) + places[name]
    kernels.run_pass.entry()(address(job))
    del owners


def _tables(size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the tables of the levels of windows of `size` rows, and of their parts."""
    levels, parts = [[1, 0, 0, 0, 1]], list[tuple[int, int]]()
    for width, members in levels_of(size):
        levels.append([width, len(members), len(parts), 0, 1])
        parts += members
        for level, row in members:  # a group is kept until the last group that contains it is complete
            levels[level][4] = max(levels[level][4], width - row - levels[level][0] + 1)
    return np.array(levels, np.int64), np.array(parts, np.int64)


def _addresses(arrays: list[npt.NDArray]) -> npt.NDArray[np.int64]:
    return np.array([address(array) for array in arrays], np.int64)


def _plan(call: Call, image: npt.NDArray) -> Plan:
    """Return the algorithm."""
    return Plan("groups", "two passes over groups of rows and columns", math.nan)


FAMILY: engine.Family[Call] = engine.family_of(_checked, _plan, _filled)
