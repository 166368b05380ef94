"""Arrays of other libraries that public functions take: which they are, and who serves them."""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

#: The module of a library, the name of its arrays, and the module of this package that serves them. It is
#: loaded by its name when it is needed: this package knows no filter.
_LIBRARIES = (
    ("xarray", "DataArray", "imfilter._arrays.labelled"),
    ("dask.array", "Array", "imfilter._arrays.lazy"),
    ("pandas", "Series", "imfilter._arrays.tabular"),
    ("pandas", "DataFrame", "imfilter._arrays.tabular"),
)


def library_of(value: Any) -> str | None:
    """Return the module that serves an array. None: it is not an array of a library that is imported."""
    for library, name, module in _LIBRARIES:
        found = sys.modules.get(library)
        if found is not None and isinstance(value, getattr(found, name, ())):
            return module
    return None


def serve(
    module: str, function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]
) -> Any:
    """Return what a public function returns for an array of another library."""
    return importlib.import_module(module).served(function, args, options)
