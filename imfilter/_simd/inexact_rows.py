"""How algorithms whose outputs share sums report samples of very different size, which may make sums inexact.

They use four words in the workspace. Word 0 is the number of a task that may be inexact, plus one. Word 1 is
its first inexact row. Words 2 and 3 are set to compute only some rows of a task, without this check: the
first row, and the row after the last.
"""

from imfilter._simd.jit import part
from imfilter._simd.vector import peek, poke

WORDS = 4


@part
def rows_of(job, workspace, top):
    """Return the first row to compute of the task at `top`, the end, and whether to check exactness."""
    first, end = peek(workspace + job.inexact + 16), peek(workspace + job.inexact + 24)
    if end:
        return first, end, False
    return top, min(top + job.rows_per_task, job.rows), True


@part
def inexact(job, workspace, unit, row):
    """Report that a task may be inexact from a row on."""
    poke(workspace + job.inexact, unit + 1)
    poke(workspace + job.inexact + 8, row)
