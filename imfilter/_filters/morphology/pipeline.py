"""Several erosions and dilations, and differences of them, as one pipeline without an image in between.

The rows that a stage has computed are a set like those of its footprint; see `chords` in the rank family. So
they stay in a ring buffer until the next stage has read them.
"""

import functools
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, engine
from imfilter._base.loops import ArrayLayout, Loops, over_merged
from imfilter._base.padding import Padding
from imfilter._base.program import Program
from imfilter._filters.morphology.kernels.combine import LARGEST, SMALLEST, difference
from imfilter._filters.morphology.structure import Structure
from imfilter._filters.rank import chords, unions
from imfilter._filters.rank.footprint import key, non_finite
from imfilter._filters.rank.targets import delivered, target_of

#: The number of the kind of a step that subtracts.
_DIFFERENCE = 2
#: Borders with a constant, or without samples.
_PLAIN = ("shrink", "zero", "constant")
#: Largest number of lines in all ring buffers. With more, single stages are as fast.
_MOST = 1500


class Call(Protocol):
    """The part of a call that a pipeline depends on."""

    @property
    def element(self) -> Structure: ...
    @property
    def iterations(self) -> int: ...
    @property
    def axes(self) -> tuple[int, ...]: ...
    @property
    def mode(self) -> str: ...
    @property
    def cval(self) -> Any: ...
    @property
    def dtype(self) -> np.dtype: ...
    @property
    def truth(self) -> bool: ...
    @property
    def programs(self) -> dict[Any, Program | None]: ...
    def sides(self) -> tuple[list[bool] | None, ...]: ...


def run(call: Call, array: npt.NDArray, out: npt.NDArray | None, workers: int | None) -> npt.NDArray | None:
    """Filter an image of which all samples are present, or return None if a pipeline cannot do this."""
    native = array.dtype.newbyteorder("=")
    lengths = [len(stages) * call.iterations for stages in call.sides() if stages is not None]
    if (
        not 2 <= sum(lengths) <= _MOST
        or call.element.weights is not None
        or call.dtype.newbyteorder("=") != native
    ):
        return None
    if native not in dtypes.NATIVE and native.kind != "b":
        return None
    if (max(lengths) > 1 and call.mode not in _PLAIN) or (call.mode == "constant" and non_finite(call.cval)):
        return None
    source = dtypes.readable(array)
    target = target_of(array, source.dtype, call.dtype, out)
    if not over_merged(functools.partial(_ran, call, workers), source, target, call.axes):
        return None
    return delivered(target, array, call.dtype, out)


def _ran(call: Call, workers: int | None, source: npt.NDArray, target: npt.NDArray) -> bool:
    """Run the program for the layout of image and output. Tell whether there is one that succeeds."""
    program = engine.cached(
        call.programs,
        (call.mode, source.shape, source.strides, target.strides),  # bands have other shapes
        lambda: _program(call, ArrayLayout.of(source), ArrayLayout.of(target)),
    )
    return program is not None and bool(program.run(source, target, workers))


def _program(call: Call, source: ArrayLayout, target: ArrayLayout) -> Program | None:
    """Return the program for one layout, or None if the element has several planes or is too large."""
    sides = [
        None
        if stages is None
        else [_Stage.of(call.element, dilates=dilates) for dilates in stages for _ in range(call.iterations)]
        for stages in call.sides()
    ]
    known = [stages for stages in sides if stages is not None]
    before = [max(sum(s.before[i] for s in stages) for stages in known) for i in range(len(call.axes))]
    after = [max(sum(s.after[i] for s in stages) for stages in known) for i in range(len(call.axes))]
    shape = tuple(b + a + 1 for b, a in zip(before, after, strict=True))
    paddings = tuple(
        Padding(b, a, source.shape[axis]) for b, a, axis in zip(before, after, call.axes, strict=True)
    )
    one = (1,) * len(shape)
    loops = Loops.of(source, target, shape, call.axes, paddings, one, one)
    if loops.z.taps > 1:
        return None
    prepared = chords.scheduled(_steps(sides, loops))
    if prepared.lines > _MOST:
        return None
    check = source.dtype.kind == "f"
    packed = call.truth and loops.channels == 1
    kernels = {} if packed else {_DIFFERENCE: difference.address(source.dtype, 0)}  # bits have their own
    return chords.make(
        prepared, loops, source, target, call.mode, _border_keys(call, source.dtype), check_finite=check,
        combine=kernels, packed=packed,
    )  # fmt: skip


def _border_keys(call: Call, dtype: np.dtype) -> dict[int, int]:
    """Return the key of the border for minima and for maxima."""
    if call.mode == "shrink":
        neutral = {what: dtypes.neutral(dtype, largest=what == LARGEST).item() for what in chords.EXTREMES}
        return {what: key(dtype, value, turned=False) for what, value in neutral.items()}
    cval = call.cval if call.mode == "constant" else 0
    cval = dtypes.rounded(call.dtype.newbyteorder("="), cval)  # truth values are compared as bytes
    return dict.fromkeys(chords.EXTREMES, key(dtype, cval, turned=False))


class _Stage(NamedTuple):
    """An erosion or a dilation by a footprint."""

    inside: npt.NDArray[np.bool_]
    what: int

    @classmethod
    def of(cls, element: Structure, *, dilates: bool) -> "_Stage":
        """Return the stage by an element."""
        return cls((element.reflected if dilates else element).inside, LARGEST if dilates else SMALLEST)

    @property
    def before(self) -> tuple[int, ...]:
        """The number of samples before the origin along each axis."""
        return tuple(n // 2 for n in self.inside.shape)

    @property
    def after(self) -> tuple[int, ...]:
        """The number of samples after the origin along each axis."""
        return tuple((n - 1) // 2 for n in self.inside.shape)

    def along(self, loops: Loops) -> "_Stage":
        """Return the stage with the axes of the loops: planes, rows, columns."""
        where = [part.axis for part in loops[:3] if part.axis is not None]
        lengths = [1 if part.axis is None else self.inside.shape[part.axis] for part in loops[:3]]
        return self._replace(inside=self.inside.transpose(where).reshape(lengths))


def _steps(sides: list[list[_Stage] | None], loops: Loops) -> list[chords.Step]:
    """Return the steps of all stages. The result of the second side, if there is one, is subtracted."""
    steps: list[chords.Step] = []
    results = [
        _chain(steps, [] if stages is None else [stage.along(loops) for stage in stages], loops)
        for stages in sides
    ]
    if len(results) > 1:
        steps.append(chords.Step(tuple(results), _DIFFERENCE, _DIFFERENCE))
    return steps


def _chain(steps: list[chords.Step], stages: list[_Stage], loops: Loops) -> unions.Copy:
    """Append the steps of stages that follow each other. Return the set of the result, from an output on."""
    left_y, left_x = loops.y.before, loops.x.before
    first = stages[0].what if stages else SMALLEST
    number = next((i for i, s in enumerate(steps) if s.plane == 0 and (s.what == first or not stages)), -1)
    if number < 0:
        number = len(steps)
        steps.append(chords.Step((), first, first, plane=0))
    for place, stage in enumerate(stages):
        union = unions.of(stage.inside)
        numbers = [number, *range(len(steps), len(steps) + len(union.copies) - 1)]
        for copies in union.copies[1:]:
            renamed = tuple((numbers[of], y, x) for of, y, x in copies)
            steps.append(chords.Step(renamed, stage.what, stage.what))
        number = numbers[-1]
        left_y, left_x = left_y - stage.inside.shape[1] // 2, left_x - stage.inside.shape[2] // 2
        if place < len(stages) - 1:
            border = stages[place + 1].what
            steps[number] = steps[number]._replace(border=border, bounded=(left_y, left_x))
    return number, left_y, left_x
