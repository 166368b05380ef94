"""Layers of convolutional networks: functions, cost, and stacks of layers.

Every name is loaded on first use, as in `imfilter`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imfilter.layers import networks
    from imfilter.layers.activation import Activation
    from imfilter.layers.arithmetic import (
        Comparison,
        memory,
        multiplications,
        output_shape,
        parameters,
        separable_cost,
        stacked_kernels,
    )
    from imfilter.layers.backward import (
        conv_bias_gradient,
        conv_input_gradient,
        conv_transpose,
        conv_weight_gradient,
    )
    from imfilter.layers.convolution import conv, dynamic_conv
    from imfilter.layers.receptive import ReceptiveField, Window, receptive_fields
    from imfilter.layers.separable import depthwise, depthwise_separable, pointwise
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
    "conv",
    "conv_bias_gradient",
    "conv_input_gradient",
    "conv_transpose",
    "conv_weight_gradient",
    "depthwise",
    "depthwise_separable",
    "dynamic_conv",
    "memory",
    "multiplications",
    "networks",
    "output_shape",
    "parameters",
    "pointwise",
    "receptive_fields",
    "separable_cost",
    "stacked_kernels",
]

#: The module of each public name.
_HOMES = {
    "activation": ("Activation",),
    "arithmetic": (
        "Comparison",
        "separable_cost",
        "memory",
        "multiplications",
        "output_shape",
        "parameters",
        "stacked_kernels",
    ),
    "backward": ("conv_bias_gradient", "conv_input_gradient", "conv_transpose", "conv_weight_gradient"),
    "convolution": ("conv", "dynamic_conv"),
    "receptive": ("ReceptiveField", "Window", "receptive_fields"),
    "separable": ("depthwise", "depthwise_separable", "pointwise"),
    "specs": ("Conv", "Dense", "Flatten", "GlobalPool", "Pool"),
    "stack": ("Memory", "Row", "Stack"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "networks":
        return importlib.import_module("imfilter.layers.networks")
    if name not in _MODULES:
        from imfilter._base.suggestions import attribute_error

        raise attribute_error(__name__, name, __all__)
    home = importlib.import_module(f"imfilter.layers.{_MODULES[name]}")
    # Set all names of the module: the import sets the name of the module, which may also be the name of
    # one of its functions.
    globals().update({public: getattr(home, public) for public in _HOMES[_MODULES[name]]})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted(__all__)
