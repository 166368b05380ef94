"""What algorithms whose outputs share sums say where samples differ so much in size that this could matter.

There are four words in the workspace: one more than the number of a task that may be inexact, and the first
row of it that is; and, if only some rows of a task are to be computed, and without doubts, the first of
them and the first behind them.
"""

from imfilter._simd.jit import part
from imfilter._simd.vector import peek, poke

WORDS = 4


@part
def rows_of(job, workspace, top):
    """Return the first row to compute of the task from `top` on, the end, and whether to have doubts."""
    first, end = peek(workspace + job.inexact + 16), peek(workspace + job.inexact + 24)
    if end:
        return first, end, False
    return top, min(top + job.rows_per_task, job.rows), True


@part
def inexact(job, workspace, unit, row):
    """Say that a task may be inexact from a row on."""
    poke(workspace + job.inexact, unit + 1)
    poke(workspace + job.inexact + 8, row)
