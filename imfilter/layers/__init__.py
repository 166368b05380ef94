"""Layers of convolutional networks: their arithmetic, and stacks of them that run with given weights.

Every name loads on first use, as in `imfilter` itself.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imfilter.layers import networks
    from imfilter.layers.activation import Activation
    from imfilter.layers.arithmetic import (
        Comparison,
        depthwise_separable,
        memory,
        multiplications,
        output_shape,
        parameters,
        stacked_kernels,
    )
    from imfilter.layers.receptive import ReceptiveField, Window, receptive_fields
    from imfilter.layers.specs import Conv, Dense, Flatten, GlobalPool, Pool
    from imfilter.layers.stack import Memory, Row, Stack

__all__ = [
    "Activation",
    "Comparison",
    "Conv",
    "Dense",
    "Flatten",
    "GlobalPool",
    "Memory",
    "Pool",
    "ReceptiveField",
    "Row",
    "Stack",
    "Window",
    "depthwise_separable",
    "memory",
    "multiplications",
    "networks",
    "output_shape",
    "parameters",
    "receptive_fields",
    "stacked_kernels",
]

#: Where each public name lives.
_HOMES = {
    "activation": ("Activation",),
    "arithmetic": (
        "Comparison",
        "depthwise_separable",
        "memory",
        "multiplications",
        "output_shape",
        "parameters",
        "stacked_kernels",
    ),
    "receptive": ("ReceptiveField", "Window", "receptive_fields"),
    "specs": ("Conv", "Dense", "Flatten", "GlobalPool", "Pool"),
    "stack": ("Memory", "Row", "Stack"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "networks":
        return importlib.import_module("imfilter.layers.networks")
    if name not in _MODULES:
        raise AttributeError(f"module 'imfilter.layers' has no attribute {name!r}")
    home = importlib.import_module(f"imfilter.layers.{_MODULES[name]}")
    # All names of the module at once: importing one puts the module itself under its own name, which
    # may be that of one of its functions.
    globals().update({public: getattr(home, public) for public in _HOMES[_MODULES[name]]})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
