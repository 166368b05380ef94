"""The arithmetic of a convolution layer: what a network does, with no framework for it."""

from imfilter.layers.backward import (
    conv_bias_gradient,
    conv_input_gradient,
    conv_transpose,
    conv_weight_gradient,
)
from imfilter.layers.conv import conv, depthwise, depthwise_separable, dynamic_conv, pointwise

__all__ = [
    "conv",
    "conv_bias_gradient",
    "conv_input_gradient",
    "conv_transpose",
    "conv_weight_gradient",
    "depthwise",
    "depthwise_separable",
    "dynamic_conv",
    "pointwise",
]
