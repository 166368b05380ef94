"""The filters of each widget, and the signatures from which magicgui makes their forms."""

from __future__ import annotations

import functools
import inspect
import operator
import re
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal

import imfilter

#: The filters of each widget. The names are those of functions in `imfilter`.
FAMILIES: dict[str, tuple[str, ...]] = {
    "smooth": ("gaussian", "box", "median", "percentile", "minimum", "maximum", "fill"),
    "denoise": ("bilateral", "guided", "non_local_means", "total_variation", "anisotropic_diffusion"),
    "enhance": ("sharpen", "unsharp_mask", "clahe", "rolling_ball", "butterworth", "homomorphic"),
    "edges": (
        *("sobel", "scharr", "prewitt", "farid", "roberts", "canny", "laplacian", "laplacian_of_gaussian"),
        *("difference_of_gaussians", "gaussian_gradient_magnitude"),
    ),
    "ridges": ("frangi", "sato", "meijering", "coherence"),
    "statistics": ("local_variance", "local_std", "local_entropy"),
    "morphology": tuple(
        f"morphology.{name}"
        for name in (
            *("erosion", "dilation", "opening", "closing", "white_tophat", "black_tophat", "gradient"),
            *("area_opening", "area_closing", "fill_holes", "clear_border", "h_maxima", "h_minima"),
            *("local_maxima", "local_minima", "distance", "skeleton", "thin"),
        )
    ),
    "threshold": tuple(
        f"threshold.{name}"
        for name in (
            *("otsu", "multi_otsu", "li", "yen", "triangle", "isodata", "minimum", "mean"),
            *("niblack", "sauvola", "local"),
        )
    ),
    "detect": ("harris", "shi_tomasi", "corner_peaks", "blobs"),
}
#: Filters that take the luminance of a colour layer. Others filter each channel.
GREY = {
    *(
        name
        for family in ("edges", "ridges", "statistics", "threshold", "detect")
        for name in FAMILIES[family]
    ),
    *(f"morphology.{name}" for name in ("h_maxima", "h_minima", "local_maxima", "local_minima")),
    *(f"morphology.{name}" for name in ("distance", "skeleton", "thin")),
}

#: Arguments that the layer gives, or that a form cannot give.
_GIVEN = {"image", "response", "mask", "axes", "channel_axis", "spacing", "dtype", "out"}
_HIDDEN = _GIVEN | {
    *("footprint", "guide", "weights", "progress", "workers", "return_scale", "indices", "value_range"),
}
#: Values to start with, where the function has no default.
_STARTS: dict[str, Any] = {
    "sigma": 1.0,
    "size": 3,
    "q": 50.0,
    "sigma_space": 2.0,
    "sigma_range": 25.0,
    "radius": 5,
    "eps": 100.0,
    "weight": 10.0,
    "iterations": 10,
    "kappa": 15.0,
    "cutoff": 0.1,
    "low": 1.0,
    "area": 64,
    "h": 10.0,
}
#: Least and largest value, and the step of the arrows, by argument or by function and argument.
_RANGES: dict[str, tuple[float, float, float]] = {
    "sigma": (0, 1000, 0.5),
    "truncate": (0.5, 10, 0.5),
    "q": (0, 100, 1),
    "size": (1, 9999, 2),
    "patch": (1, 99, 2),
    "search": (1, 999, 2),
    "aperture": (3, 7, 2),
    "classes": (2, 6, 1),
    "bins": (2, 65536, 1),
    "levels": (2, 65536, 1),
    "connectivity": (1, 3, 1),
    "cutoff": (0.001, 1, 0.01),
    "min_coverage": (0, 1, 0.05),
    "relative": (0, 1, 0.01),
    "overlap": (0, 1, 0.05),
    "balance": (0, 1e6, 0.01),
    "sigma_ratio": (1.01, 10, 0.1),
    "tolerance": (1e-6, 1, 0.001),
    "k": (-1, 1, 0.01),
    "cval": (-1e9, 1e9, 1),
    "offset": (-1e9, 1e9, 1),
    "sharpen.amount": (0, 100, 0.1),
    "unsharp_mask.amount": (0, 100, 0.1),
}
_OTHERS = (0, 1e9, 1)  # the range of other numbers

#: Elements by name. The cross is that of the connectivity.
Element = Literal["cross", "round", "box"]
_ELEMENT = "cross: the nearest neighbours. round: a disk, or a ball in three axes. box: a square or a cube."
_AXES = "The filtered axes: the last two, the last three, or all (of layers with more axes the last three)."
_SCALE = "Whether lengths are in the unit of the layer's scale. If not, they are in samples."


def function_of(name: str) -> Callable[..., Any]:
    """Return a function by its name in the package."""
    found: Callable[..., Any] = operator.attrgetter(name)(imfilter)
    return found


@functools.cache
def parameters_of(name: str) -> dict[str, inspect.Parameter]:
    """Return the parameters of a function."""
    return dict(inspect.signature(function_of(name)).parameters)


@functools.cache
def signature(name: str) -> inspect.Signature:
    """Return the signature of the form of a filter, with ranges and help for magicgui.

    Every argument has a default. Arguments that may be left out are texts: a number, several numbers, or
    nothing.

    Parameters
    ----------
    name : str
        The function in `imfilter`.
    """
    function = function_of(name)
    hints = typing.get_type_hints(function)
    told = _help(function)
    parameters, shown = parameters_of(name), []
    for parameter in parameters.values():
        if parameter.name == "element":
            shown.append(_parameter("element", Element, "cross", {"tooltip": _ELEMENT}))
            shown.append(
                _parameter("element_radius", int, 3, {"min": 0, "max": 999, "tooltip": "Its radius."})
            )
        elif parameter.name not in _HIDDEN:
            tip = {"tooltip": told.get(parameter.name, "")}
            shown.append(_field(name, parameter, hints[parameter.name], tip))
    if "axes" in parameters:
        shown.append(_parameter("axes", Literal["all", "last 2", "last 3"], "all", {"tooltip": _AXES}))
    if "spacing" in parameters:
        shown.append(_parameter("use_scale", bool, True, {"tooltip": _SCALE}))
    return inspect.Signature(shown)


def _parameter(name: str, kind: Any, default: Any, options: dict[str, Any]) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, options]
    )


def _field(name: str, parameter: inspect.Parameter, hint: Any, tip: dict[str, Any]) -> inspect.Parameter:
    """Return one argument of a form."""
    default = parameter.default
    if default is inspect.Parameter.empty:
        default = _STARTS[parameter.name]
    words = words_of(hint)
    if words:
        return _parameter(parameter.name, Literal[words], default, tip)
    if isinstance(default, bool):
        return _parameter(parameter.name, bool, default, tip)
    if isinstance(default, int | float):
        return _number(name, parameter.name, hint, default, tip)
    text = "" if default is None else ", ".join(map(str, default))
    return _parameter(parameter.name, str, text, tip)


def _number(name: str, argument: str, hint: Any, default: float, tip: dict[str, Any]) -> inspect.Parameter:
    own = f"{name.rpartition('.')[2]}.{argument}"
    least, most, step = _RANGES.get(own, _RANGES.get(argument, _OTHERS))
    real = isinstance(default, float) or float in _members(hint)
    if real:
        step = step if argument in _RANGES or own in _RANGES else max(abs(default) / 10, 0.01)
        options = {"min": float(least), "max": float(most), "step": step}
        return _parameter(argument, float, float(default), {**options, "widget_type": "FloatSpinBox", **tip})
    return _parameter(argument, int, default, {"min": int(least), "max": int(most), "step": int(step), **tip})


def _members(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the only type."""
    return tuple(typing.get_args(hint)) or (hint,)


def words_of(hint: Any) -> tuple[str, ...]:
    """Return the words that an annotation accepts: those of its Literal."""
    kinds = [hint] if typing.get_origin(hint) is Literal else _members(hint)
    found = [typing.get_args(kind) for kind in kinds if typing.get_origin(kind) is Literal]
    return tuple(word for words in found for word in words if isinstance(word, str))


def values_of(name: str, form: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a function from the values of its form. Texts become numbers.

    Raises
    ------
    ValueError
        If a text is not a number, or several with commas.
    """
    found = {}
    for parameter in signature(name).parameters.values():
        value = form[parameter.name]
        if typing.get_args(parameter.annotation)[0] is str:
            if not value.strip():
                continue
            value = _numbers(parameter.name, value)
        found[parameter.name] = value
    return found


def _numbers(name: str, text: str) -> Any:
    try:
        values = [float(part) for part in text.strip("()[] ").removesuffix(",").split(",")]
    except ValueError:
        raise ValueError(
            f"{name} must be a number, several numbers with commas, or empty, got {text!r}"
        ) from None
    whole = [int(value) if value.is_integer() else value for value in values]
    return whole[0] if len(whole) == 1 else tuple(whole)


def _help(function: Callable[..., Any]) -> dict[str, str]:
    """Return the paragraph of each parameter in a numpydoc docstring."""
    section = inspect.getdoc(function) or ""
    section = section.partition("Parameters\n----------\n")[2].partition("\n\nReturns\n")[0]
    parts = re.split(r"^(\S[^:\n]*) :[^\n]*\n", section, flags=re.M)[1:]
    return {
        name: " ".join(text.partition("\n\n")[0].split()).replace("`", "")
        for names, text in zip(parts[::2], parts[1::2], strict=True)
        for name in names.split(", ")
    }
