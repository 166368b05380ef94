"""Layers of convolutional networks: functions, cost, and stacks of layers.

Every name is loaded on first use, as in `imfilter`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imfilter.layers import networks
    from imfilter.layers.activation import Activation, Dropout
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
    from imfilter.layers.branches import Branches, Residual
    from imfilter.layers.convolution import PreparedConv, conv, dynamic_conv, prepare
    from imfilter.layers.loss import cross_entropy
    from imfilter.layers.normalization import BatchNorm
    from imfilter.layers.pool_gradients import avg_pool_gradient, max_pool_gradient
    from imfilter.layers.pools import GlobalPool, Pool
    from imfilter.layers.receptive import ReceptiveField, Window, receptive_fields
    from imfilter.layers.separable import depthwise, depthwise_separable, pointwise
    from imfilter.layers.specs import Conv, Dense, Flatten
    from imfilter.layers.stack import Stack
    from imfilter.layers.summary import Memory, Row

__all__ = [
    "Activation",
    "BatchNorm",
    "Branches",
    "Comparison",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalPool",
    "Memory",
    "Pool",
    "PreparedConv",
    "ReceptiveField",
    "Residual",
    "Row",
    "Stack",
    "Window",
    "avg_pool_gradient",
    "conv",
    "conv_bias_gradient",
    "conv_input_gradient",
    "conv_transpose",
    "conv_weight_gradient",
    "cross_entropy",
    "depthwise",
    "depthwise_separable",
    "dynamic_conv",
    "max_pool_gradient",
    "memory",
    "multiplications",
    "networks",
    "output_shape",
    "parameters",
    "pointwise",
    "prepare",
    "receptive_fields",
    "separable_cost",
    "stacked_kernels",
]

#: The module of each public name.
_HOMES = {
    "activation": ("Activation", "Dropout"),
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
    "branches": ("Branches", "Residual"),
    "convolution": ("PreparedConv", "conv", "dynamic_conv", "prepare"),
    "loss": ("cross_entropy",),
    "normalization": ("BatchNorm",),
    "pool_gradients": ("avg_pool_gradient", "max_pool_gradient"),
    "pools": ("GlobalPool", "Pool"),
    "receptive": ("ReceptiveField", "Window", "receptive_fields"),
    "separable": ("depthwise", "depthwise_separable", "pointwise"),
    "specs": ("Conv", "Dense", "Flatten"),
    "stack": ("Stack",),
    "summary": ("Memory", "Row"),
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
