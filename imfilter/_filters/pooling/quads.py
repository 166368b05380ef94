"""Programs for means of 2x2 samples: half the size of an image is asked for most."""

import numpy as np

from imfilter._base.loops import Loops
from imfilter._base.program import Job, Program
from imfilter._filters.pooling.kernels import pixel_quads, quads
from imfilter._filters.pooling.windows import Windows

#: Number of bytes of samples whose means take as long as a multiply-add in `Program`. The bytes of
#: 3840x2160 take 0.17 ms on one thread, and 0.21 ms on two: the second one starts too late (Zen 4).
_BYTES = 3
#: Most bytes of a piece of a line of means. Threads can share even an image of two lines.
_PIECE = 1 << 17


def apply_to(source: np.dtype, target: np.dtype, loops: Loops, cuts: tuple[Windows, ...]) -> bool:
    """Tell whether the means are those of whole squares of 2x2 samples, and have the samples' type."""
    z, y, x = cuts
    return (
        source == target
        and source in quads.QUADS
        and loops.channels in (1, *pixel_quads.CHANNELS)
        and (z.taps, z.padding, z.cells) == (1, 0, False)
        and x.stride == 2
        and all(
            a.taps == 2
            and a.dilation == 1
            and a.padding == 0
            and not a.cells
            and (a.length - 1) * a.stride + 2 <= a.samples
            for a in (y, x)
        )
    )


def program(loops: Loops, dtype: np.dtype) -> Program:
    """Return the program for means of samples of a type that has a kernel."""
    z, y, x = loops[:3]
    size, channels = dtype.itemsize, loops.channels
    piece = min(x.length, _PIECE // (size * channels))
    job = Job(quads.QUADS_JOB)
    job["planes"], job["rows"], job["pixels"] = z.length, y.length, x.length
    job["size"], job["channels"] = size, channels
    job["line"], job["source_y"] = y.source_step, y.stride * y.source_step
    job["source_z"] = z.stride * z.source_step
    job["target_z"], job["target_y"] = z.target_step, y.target_step
    job["piece"], job["pieces"] = piece, -(-x.length // piece)
    job["batch"] = loops.batch
    if channels == 1:
        job["means"] = quads.mean_quads.address(dtype)
    else:
        job["means"] = pixel_quads.mean_pixel_quads.address(dtype, channels)
    lines = len(loops.batch) * z.length * y.length
    work = lines * y.taps * x.samples * size * channels // _BYTES
    return job.program(quads.slide_quads, lines=lines * job["pieces"], work=work, rows=1, workspace=0)
