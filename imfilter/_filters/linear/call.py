"""What a call of a linear filter settles before it sees a sample."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imfilter._base.padding import Padding
from imfilter._base.program import Program
from imfilter._filters.linear.algorithm import LinearPlan
from imfilter._filters.linear.operators import Operator


@dataclass(frozen=True, eq=False)
class Call:
    """The operator, where it goes, and what comes out."""

    operator: Operator
    plan: LinearPlan
    axes: tuple[int, ...]
    paddings: tuple[Padding, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    bias: float
    mode: str
    cval: float
    shape: tuple[int, ...]
    dtype: np.dtype
    real: np.dtype  # of the arithmetic
    native: np.dtype  # of what the kernels write
    tolerance: float  # of cosines in place of taps, if they may be
    divisor: int  # of sums of integers, if the result is their mean
    whole: bool  # whether all samples are whole numbers
    programs: dict[Any, Program | None] = field(default_factory=dict)
    apart: "Call | None" = None  # for what is not finite, where weights of both signs are folded into one
