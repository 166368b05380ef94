"""Compilation in advance: the kernels of colour spaces for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.color.kernels import conversion
from imfilter._filters.color.kernels.rows import slide_color
from imfilter._simd.jit import Combination

_U8, _U16, _F32 = map(np.dtype, ("u1", "u2", "f4"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    yield slide_color, ()
    for formula in (conversion.GRAY, conversion.LINEAR, conversion.LAB, conversion.FROM_LAB):
        yield conversion.convert, (_F32, formula)
    for kind in (_U8, _F32):
        yield conversion.part, (_F32, kind)
        yield conversion.join, (_F32, kind)
    for kind in (_U8, _U16):
        yield conversion.look_up, (_F32, kind)
