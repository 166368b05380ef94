"""A call of a public function with an array of another library."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from imfilter._base import arguments, dtypes


@functools.lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function. A block makes several calls, and to look takes 0.3 ms."""
    return inspect.signature(function).parameters


class Call:
    """A public function and its arguments by name, without those that the caller has left out."""

    def __init__(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        self.function, self.arguments = function, dict(arguments)
        self.first = next(iter(_parameters(function)))

    @classmethod
    def of(cls, function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> "Call":
        """Return the call of a function with its arguments."""
        return cls(function, inspect.signature(function).bind(*args, **options).arguments)

    def __dask_tokenize__(self) -> Any:
        return self.name, self.arguments

    @property
    def image(self) -> Any:
        """The first argument."""
        return self.arguments[self.first]

    @property
    def name(self) -> str:
        """The public name, with the module if that is not the package."""
        parts = self.function.__module__.removeprefix("imfilter.").split(".")
        home = parts[0] if len(parts) > 1 or parts[0] == "color" else ""
        return f"{home}.{self.function.__name__}" if home else self.function.__name__

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of the function."""
        return _parameters(self.function)

    def get(self, name: str) -> Any:
        """Return an argument or its default. None: the function does not have it."""
        if name in self.arguments:
            return self.arguments[name]
        parameter = self.parameters.get(name)
        return None if parameter is None else parameter.default

    def changed(self, **arguments: Any) -> "Call":
        """Return the call with other values of some arguments."""
        return Call(self.function, {**self.arguments, **arguments})

    def without(self, *names: str) -> "Call":
        """Return the call without some arguments."""
        return Call(self.function, {k: v for k, v in self.arguments.items() if k not in names})

    def run(self) -> Any:
        """Call the function."""
        return self.function(**self.arguments)


#: Arguments about missing data. Whether data is missing does not change the shape or the type of a result.
_ABSENCE = ("mask", "nan", "min_coverage")


def dry(call: Call, shape: tuple[int, ...]) -> Call:
    """Return the call for an image of zeros that takes no memory, without absent samples."""
    changed: dict[str, Any] = {call.first: dtypes.blank(shape, call.image.dtype)}
    if call.get("mode") == "shrink":
        changed["mode"] = "mirror"
    if call.arguments.get("guide") is not None:
        guide = call.arguments["guide"]
        changed["guide"] = dtypes.blank(guide.shape, guide.dtype)
    return call.without(*_ABSENCE).changed(**changed)


def filtered_axes(call: Call) -> tuple[int, ...]:
    """Return the axes of the image that are filtered."""
    if "axes" not in call.parameters and "axis" in call.parameters:  # of time
        return (arguments.axis_index(call.get("axis"), call.image.ndim, "axis"),)
    image = dtypes.blank(call.image.shape, float)
    return arguments.chosen_axes(image, call.get("axes"), call.get("channel_axis"))
