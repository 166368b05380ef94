"""Compilation in advance: the kernels of convolution layers for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.layers import conv_layer
from imfilter._filters.layers.kernels.conv import convolve, slide_layer
from imfilter._filters.layers.kernels.depthwise import correlate_rows
from imfilter._filters.layers.kernels.pointwise import multiply_pixels, slide_pixels
from imfilter._filters.layers.kernels.weight_values import transform_weights
from imfilter._filters.layers.kernels.winograd import multiply_values, restore, slide_tiles, transform
from imfilter._simd.jit import Combination
from imfilter._simd.registers import REGISTERS

_F32 = np.dtype("f4")


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    for driver in (slide_layer, slide_pixels, slide_tiles, transform_weights):
        yield driver, ()
    block = conv_layer.BLOCK
    yield convolve, (_F32, block)
    yield correlate_rows, (_F32, 3, 3)
    yield multiply_pixels, (_F32, REGISTERS, block)
    yield transform, (REGISTERS,)
    yield multiply_values, (REGISTERS, block)
    yield restore, (REGISTERS,)
