"""Compilation in advance: the kernels of convolution layers for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.layers import conv_layer
from imfilter._filters.layers.kernels.conv import convolve, slide_layer
from imfilter._simd.jit import Combination

_F32 = np.dtype("f4")


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    yield slide_layer, ()
    yield convolve, (_F32, conv_layer.BLOCK)
