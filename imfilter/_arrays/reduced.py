"""One value from all blocks of lazy arrays."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from imfilter._arrays.tasks import Opaque


def reduced(
    arrays: Sequence[da.Array],
    function: Callable[..., Any],
    merge: Callable[..., Any],
    settings: Any = None,
    before: Sequence[Delayed] = (),
) -> Any:
    """Return ``merge([function(blocks, settings, ...), ...], settings, ...)``, one task for each block.

    `blocks` are those of all arrays at the same place. The values `before` are further arguments.
    """
    names = [a.name for a in arrays]
    more = [d.key for d in before]
    token = tokenize(function, merge, settings, names, more)
    name = f"{function.__name__.strip('_')}-{token}"
    layer: dict[Any, Any] = {}
    parts = []
    for place in itertools.product(*(range(n) for n in arrays[0].numblocks)):
        key = (f"{name}-part", *place)
        layer[key] = (function, [(a.name, *place) for a in arrays], Opaque(settings), *more)
        parts.append(key)
    layer[name] = (merge, parts, Opaque(settings), *more)
    dependencies: list[Any] = [*arrays, *before]
    graph = HighLevelGraph.from_collections(name, layer, dependencies=dependencies)
    return Delayed(name, graph, layer=name)
