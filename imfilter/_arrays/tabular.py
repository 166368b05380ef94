"""Series and tables of pandas: filters of series return them with their index."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from imfilter._arrays.calls import Call


def served(function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Return the result of a public function for a series or a table.

    The index of a table is its axis of time, so `axis` is 0 unless it is given. A result of another shape is
    an array, and so is the result of a filter of images.
    """
    call = Call.of(function, args, options)
    table, plain = call.image, call.changed(**{call.first: np.asarray(call.image)})
    if not call.name.startswith("series."):
        return plain.run()
    if table.ndim == 2 and "axis" in call.parameters and "axis" not in call.arguments:
        plain = plain.changed(axis=0)
    result = plain.run()
    if not isinstance(result, np.ndarray) or result.shape != table.shape:
        return result
    labels = {"columns": table.columns} if table.ndim == 2 else {"name": table.name}
    return type(table)(result, index=table.index, **labels)
