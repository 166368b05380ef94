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
from imfilter._base.store import Store
from imfilter._filters.edge_preserving.kernels import guided as kernels
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
from imfilter._simd.vector import BYTES

#: Bytes of all lines that a tile keeps, which stay in the second-level cache, and the least columns of a tile
#: in windows and in samples.
_RING, _LONG, _LEAST = 1 << 19, 4, 128
#: Number of samples whose median is near all samples.
_SAMPLES = 1000
#: Distance of 0 from the samples, relative to their spread, from which on a reference is subtracted.
_NEAR = 64


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
    def taps(self) -> int:
        """The number of samples of a window."""
        return math.prod(self.sizes)


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
    cval = arguments.number(given.cval, "cval", finite=False)
    cval = cval if mode == "constant" else 0.0
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
    references = _references(sources)

    def task(cut: Cut, results: list[npt.NDArray], store: Store) -> npt.NDArray[np.bool_] | None:
        piece = Piece.of(call.frame, cut, sources, call.real, call.cval, store)
        found = direct(results, results[0].shape, call.real)
        unknown = _windows(call, piece, references, least, store, found)
        place(found, results)
        return unknown

    fill(call.frame, call.shapes, target, few, task, workers)
    return engine.delivered(target, out, call.dtype)


def _references(sources: Sources) -> npt.NDArray[np.float64]:
    """Return a number near the samples of each channel of guide and image."""
    guide = sources.image if sources.guide is None else sources.guide
    own: list[npt.NDArray | None] = [*sources.mask] or [None] * len(sources.image)
    masks = [own[0]] * len(guide) if sources.guide is not None else own
    return np.array([*map(_middle, guide, masks), *map(_middle, sources.image, own)])


def _middle(plane: npt.NDArray, mask: npt.NDArray | None) -> float:
    """Return 0, or a number near the samples of a plane if 0 is far away for their spread.

    It is the median of some present and finite samples, spread over the plane. It is rounded, so that few
    samples change it: it changes the rounding of all results.
    """
    n_samples = math.ceil(_SAMPLES ** (1 / sum(n > 1 for n in plane.shape) if plane.size > 1 else 1))
    for each in (n_samples, max(plane.shape)):
        at = tuple(slice(None, None, max(1, n // each)) for n in plane.shape)
        part = np.asarray(plane[at], np.float64)
        inside = np.isfinite(part)
        if mask is not None:
            inside &= mask[at] > 0
        if inside.any():
            low, middle, high = np.quantile(part[inside], (0.25, 0.5, 0.75), method="nearest").tolist()
            spread = high / 2 - low / 2  # finite
            step = math.ldexp(1.0, math.frexp(spread)[1]) if spread else 0.0
            near = step and abs(middle / step) < _NEAR
            return 0.0 if near else round(middle / step) * step if step else middle
    return 0.0


def _windows(
    call: Call,
    piece: Piece,
    references: npt.NDArray,
    least: float,
    store: Store,
    results: list[npt.NDArray],
) -> npt.NDArray[np.bool_] | None:
    """Write the results of a piece, a plane for each channel. Return where too little is present."""
    padded, n_images, n_guides = piece.image[0].shape, len(piece.image), len(piece.guide)
    middle = _valid(padded, call.sizes)
    shape = _valid(middle, call.sizes)
    missing, own = piece.counts is not None, piece.guide is piece.image
    summed = n_images * (n_guides + 1) + missing
    n_planes = n_images * (n_guides + 2) + 2 if missing else summed
    planes = store.array("planes", (n_planes, *middle), np.float64)
    counts = {} if piece.counts is None else {"counts": piece.counts}
    tables = {
        "images": _addresses(piece.image),
        "guides": _addresses(piece.guide),
        "references": references,
        "planes": planes,
        **counts,
    }
    quantities = n_guides + n_guides * (n_guides + 1) // 2 + missing
    if not own:
        quantities += n_images * (n_guides + 1)
    radii = [n // 2 for n in call.sizes]
    for second in (False, True):
        job = np.zeros((), kernels.GUIDED_JOB)
        job["n_images"], job["n_guides"], job["own"], job["eps"] = n_images, n_guides, own, call.eps
        to = shape if second else middle
        job["batch"], job["depth"], job["rows"] = to[:3]
        job["plane"] = planes[0].nbytes
        steps_to = [step // results[0].itemsize for step in results[0].strides] if second else None
        for name, lengths in (("image", padded), ("plane", middle), ("to", to)):
            for axis, letter in enumerate("bzy"):
                job[f"{name}_{letter}"] = math.prod(lengths[axis + 1 :])
                if name == "to" and steps_to is not None:
                    job[f"to_{letter}"] = steps_to[axis]
        steps = [int(job[f"image_{letter}"]) for letter in "zy"] + [padded[4]]
        job["centre"] = (1 + second) * sum(r * s for r, s in zip(radii, steps, strict=True))
        job["quantities"] = summed if second else quantities
        job["kernel"] = kernels.box_pass.address(call.real, int(second))
        more = {"to": _addresses(results if second else [*planes])}
        _run(job, call.sizes, to, tables | more, store)
    if not missing:
        return None
    assert piece.counts is not None
    assert piece.known is not None
    inner = tuple(slice(r, r + n) for r, n in zip(radii, shape[1:4], strict=True))
    own_place = tuple(slice(2 * r, 2 * r + n) for r, n in zip(radii, shape[1:4], strict=True))
    alone = piece.known[(slice(None), *own_place)] == 0
    unknown = ~(planes[-1][(slice(None), *inner)] > least)
    for j, found in enumerate(results):
        mean = planes[summed + j][(slice(None), *inner)]
        np.copyto(found, mean + references[n_guides + j], where=alone, casting="same_kind")
        found[unknown] = np.nan
    return unknown


def _valid(shape: tuple[int, ...], sizes: tuple[int, int, int]) -> tuple[int, ...]:
    """Return the shape of results whose windows are inside a shape."""
    lengths = [n - k + 1 for n, k in zip(shape[1:4], sizes, strict=True)]
    return (shape[0], *lengths, shape[4])


def _run(
    job: npt.NDArray,
    sizes: tuple[int, int, int],
    to: tuple[int, ...],
    tables: dict[str, npt.NDArray],
    store: Store,
) -> None:
    """Complete the job of a pass and run it."""
    down, down_parts = _tables(sizes[1])
    along, along_parts = _tables(sizes[2])
    beside, columns, quantities = to[4], to[3] * to[4], int(job["quantities"])
    margin, n_lines = (sizes[2] - 1) * beside, int(down[:, 4].sum()) + len(along)
    most = _RING // (8 * quantities * n_lines) - margin
    cut = tiles(columns, max(1, columns // max(most, _LONG * margin, _LEAST)))
    segment = -(-8 * (int(np.diff(cut).max()) + margin) // BYTES) * BYTES + BYTES
    pitch = segment * quantities + BYTES + 64
    n_guides, n_images = int(job["n_guides"]), int(job["n_images"])
    stage = BYTES * (n_guides * n_guides + n_images * (n_guides + 2) + 2)
    levels: list[npt.NDArray] = [*down, *along[1:]]
    names = [str(number) for number in range(len(levels))]
    most_parts = max(int(level[1]) for level in (*down, *along))
    places = dict.fromkeys([*names, "stage", "spots"], 0)
    size = layout_workspace(
        places,
        {name: pitch * int(level[4]) for name, level in zip(names, levels, strict=True)}
        | {"stage": stage + BYTES, "spots": 8 * most_parts},
    )
    for name, level in zip(names, levels, strict=True):
        level[3] = places[name]
    along[0, 3] = down[-1, 3]  # the sums along start from the sums down
    memory = store.array("workspace", (size + BYTES,), np.uint8)
    workspace = memory[-address(memory) % 64 :]
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
