"""Hysteresis in a lazy array: components of each block, joined across the faces of the blocks."""

import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import numpy.typing as npt
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from imfilter._arrays import lazy
from imfilter._arrays.calls import Call, dry
from imfilter._arrays.tasks import Opaque
from imfilter._base import colour_warning

#: Values of a map: below the low threshold, between both, above the high one.
WEAK, STRONG = 1, 2
_Place = tuple[int, ...]


class Components(NamedTuple):
    """The connected samples of a block. Few samples are in one, so only these have a number."""

    shape: tuple[int, ...]
    inside: npt.NDArray[np.uint8]  # bits
    numbers: npt.NDArray[np.int32]  # of the samples inside, from 1 on


class Faces(NamedTuple):
    """What other blocks must know of a block: which components are strong, and the numbers at its ends."""

    strong: npt.NDArray[np.bool_]
    ends: dict[tuple[int, ...], npt.NDArray[np.int32]]  # by direction: 1 last, -1 first, 0 all


def components(marks: npt.NDArray[np.uint8], steps: int) -> tuple[Components, Faces]:
    """Return the components of a block, whose neighbours differ along at most `steps` axes."""
    from scipy import ndimage

    structure = ndimage.generate_binary_structure(marks.ndim, steps)
    labels = np.zeros(marks.shape, np.int32)
    count = int(ndimage.label(marks, structure, output=labels))
    strong = np.zeros(count + 1, bool)
    strong[labels[marks == STRONG]] = True
    ends = {}
    for direction in itertools.product((-1, 0, 1), repeat=marks.ndim):
        if 0 < sum(map(abs, direction)) <= steps:
            ends[direction] = labels[tuple(_END[d] for d in direction)].copy()
    inside = marks > 0
    return Components(marks.shape, np.packbits(inside), labels[inside]), Faces(strong, ends)


_END = {-1: slice(0, 1), 0: slice(None), 1: slice(-1, None)}


def merged(places: list[_Place], faces: list[Faces], steps: int) -> list[npt.NDArray[np.bool_]]:
    """Return which components of each block are connected to a strong one."""
    from scipy import sparse
    from scipy.sparse import csgraph

    at = dict(zip(places, faces, strict=True))
    first = dict(zip(places, np.cumsum([0, *(len(f.strong) for f in faces)])[:-1].tolist(), strict=True))
    pairs = [np.zeros((2, 0), np.int64)]
    for place, here in at.items():
        for direction, end in here.ends.items():
            other = tuple(p + d for p, d in zip(place, direction, strict=True))
            if direction > (0,) * len(direction) and other in at:
                beyond = at[other].ends[tuple(-d for d in direction)]
                found = touching(end, beyond, direction, steps)
                pairs.append(found + np.array([[first[place]], [first[other]]]))
    total = sum(len(f.strong) for f in faces)
    a, b = np.concatenate(pairs, axis=1)
    graph = sparse.coo_matrix((np.ones(len(a), bool), (a, b)), (total, total))
    _, group = csgraph.connected_components(graph, directed=False)
    strong = np.concatenate([f.strong for f in faces])
    kept = np.zeros(group.max(initial=0) + 1, bool)
    kept[group[strong]] = True
    found = kept[group]
    return [found[first[place] : first[place] + len(at[place].strong)] for place in places]


def touching(
    end: npt.NDArray[np.int32], beyond: npt.NDArray[np.int32], direction: tuple[int, ...], steps: int
) -> npt.NDArray[np.int64]:
    """Return the pairs of components that touch across a face, an edge or a corner of two blocks."""
    used, found = sum(map(abs, direction)), []
    free = [axis for axis, d in enumerate(direction) if d == 0]
    for shift in itertools.product((-1, 0, 1), repeat=len(free)):
        if used + sum(map(abs, shift)) > steps:
            continue
        one, two = [slice(None)] * end.ndim, [slice(None)] * end.ndim
        for axis, s in zip(free, shift, strict=True):
            n = end.shape[axis]
            one[axis], two[axis] = slice(max(-s, 0), n - max(s, 0)), slice(max(s, 0), n - max(-s, 0))
        a, b = end[tuple(one)].ravel(), beyond[tuple(two)].ravel()
        both = (a > 0) & (b > 0)
        found.append(np.unique(np.stack([a[both], b[both]]), axis=1))
    return np.concatenate(found, axis=1).astype(np.int64)


def kept(found: Components, strong: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the samples of a block in components that are kept."""
    count = int(np.prod(found.shape))
    inside = np.unpackbits(found.inside, count=count).view(bool)
    result = np.zeros(count, bool)
    result[inside] = strong[found.numbers]
    return result.reshape(found.shape)


def _item(values: Any, number: int) -> Any:
    return values[number]


def spread(marks: da.Array, steps: int) -> da.Array:
    """Return where a map is strong, or weak and connected to it. A chunk takes four tasks."""
    name = f"hysteresis-{tokenize(marks.name, steps)}"
    places = list(itertools.product(*(range(n) for n in marks.numblocks)))
    layer: dict[Any, Any] = {}
    for number, place in enumerate(places):
        layer[f"{name}-both", *place] = (components, (marks.name, *place), steps)
        layer[f"{name}-faces", *place] = (_item, (f"{name}-both", *place), 1)
        layer[f"{name}-strong", *place] = (_item, f"{name}-merged", number)
        layer[name, *place] = (_final, (f"{name}-both", *place), (f"{name}-strong", *place))
    faces = [(f"{name}-faces", *place) for place in places]
    layer[f"{name}-merged"] = (_merged, Opaque(places), faces, steps)
    dependencies: list[Any] = [marks]
    graph = HighLevelGraph.from_collections(name, layer, dependencies=dependencies)
    return da.Array(graph, name, marks.chunks, dtype=bool)


def _merged(places: Any, faces: list[Faces], steps: int) -> list[npt.NDArray[np.bool_]]:
    return merged(places.value, faces, steps)


def _final(both: tuple[Components, Faces], strong: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return kept(both[0], strong)


def hysteresis(call: Call) -> Any:
    """Return the lazy result of `hysteresis_threshold`."""
    colour_warning.of_colours(call.image, None, None, all_axes=True)
    image = call.image
    dry(call, (1,) * image.ndim).run()  # checks the arguments
    steps = call.get("connectivity")
    low, high = call.get("low"), call.get("high")
    plain = call.without("low", "high", "connectivity")
    marks = lazy.mapped(plain, threshold_marks, {"low": low, "high": high}, np.dtype(np.uint8), {})
    return spread(marks, image.ndim if steps is None else int(steps))


def threshold_marks(image: npt.NDArray, *, low: Any, high: Any, **absence: Any) -> npt.NDArray[np.uint8]:
    """Return the map of samples above both thresholds."""
    from imfilter.edges import hysteresis_threshold

    found: Mapping[str, Any] = absence
    weak, strong = (
        np.asarray(np.ma.getdata(hysteresis_threshold(image, bound, bound, **found))) for bound in (low, high)
    )
    return weak.astype(np.uint8) + strong
