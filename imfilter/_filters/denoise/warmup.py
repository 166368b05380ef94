"""Compilation ahead of time: the kernels of denoising for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.denoise.kernels import diffusion, non_local, total_variation
from imfilter._simd.jit import Combination

_F32, _F64 = map(np.dtype, ("f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield non_local.average_tile, ()
    yield non_local.non_local, (_F32, 0)
    yield non_local.non_local, (_F32, non_local.COUNTED)
    yield non_local.non_local, (_F64, 0)
    yield total_variation.minimize_bands, ()
    yield diffusion.diffuse_bands, ()
    for real in (_F32, _F64):
        yield total_variation.minimize, (real, 0)
        yield diffusion.diffuse, (real, 0)
