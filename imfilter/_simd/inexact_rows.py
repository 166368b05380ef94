"""What algorithms whose outputs share sums say where samples differ so much in size that this could matter.

There are four words in the workspace: one more than the number of a stretch of rows in doubt, and the first
row of it that is; and, if only some rows of a stretch are to be computed, and without doubts, the first of
them and the first behind them.
"""

from imfilter._simd.jit import part
from imfilter._simd.vector import peek, poke

WORDS = 4


@part
def rows_of(job, room, top):
    """Return the first row to compute of the stretch from `top` on, the end, and whether to have doubts."""
    first, end = peek(room + job.doubt + 16), peek(room + job.doubt + 24)
    if end:
        return first, end, False
    return top, min(top + job.stretch, job.rows), True


@part
def doubt(job, room, unit, row):
    """Say that a stretch is in doubt from a row on."""
    poke(room + job.doubt, unit + 1)
    poke(room + job.doubt + 8, row)
