"""The interface of an algorithm for linear filters: when it applies, what it costs, and how it runs."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.engine import cached
from imfilter._base.loops import ArrayLayout, Placement, along, over_merged
from imfilter._base.padding import Padding
from imfilter._base.plan import Plan, Section, by_window, part_of
from imfilter._base.program import Program, Settings
from imfilter._base.reach import Reach, of_paddings
from imfilter._filters.linear import whole_numbers
from imfilter._filters.linear.operators import Operator

# Nanoseconds a sample on one core, measured on a Cascade Lake Xeon at 2.7 GHz. Only the ratios matter.
# A tap is one multiply-add for 16 float32 lanes (one cycle) and its loads. The loads are fewest in a window
# of two or three dimensions, because its rows share what they read.
SHARED_TAP = {4: 0.023, 8: 0.036}
LINE_TAP = {4: 0.027, 8: 0.055}
# A stage is one pass over a line: loop set-up, a store, and the load that follows.
STAGE = {4: 0.5, 8: 1.5}
#: Weights outside this range are not summed in float32. Sums outside its tenth power are not transformed.
TINY, HUGE = 1e-25, 1e25


#: Let the planner choose: among all algorithms, or those whose results depend on the window alone.
AUTO, WINDOW = "auto", "window"


def method_of(requested: str) -> str:
    """Return the method for a requested one. Parts of an image are filtered as the whole image is."""
    alone = by_window.get() and part_of.get() is None
    return WINDOW if alone and requested in (AUTO, "fft") else requested


class Request(NamedTuple):
    """Everything except the operator that an algorithm may depend on."""

    source: np.dtype
    dtype: np.dtype  # of the result
    real: np.dtype  # of the arithmetic
    image: tuple[int, ...]  # shape of the image
    shape: tuple[int, ...]  # shape of the result
    axes: tuple[int, ...]
    unit: bool  # whether stride and dilation are 1
    bias: float
    cval: float
    divisor: int
    method: str

    @property
    def auto(self) -> bool:
        """Whether the planner chooses the method."""
        return self.method in (AUTO, WINDOW)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Lengths of the filtered axes of the image."""
        return tuple([self.image[axis] for axis in self.axes])

    @property
    def peak(self) -> float | None:
        """The largest magnitude of samples if all are whole numbers, else None."""
        return whole_numbers.peak(self.source, self.cval)

    def exact(self, operator: Operator) -> bool:
        """Tell whether all products are whole multiples of one number, so that the sums must be exact."""
        return bool(self.peak) and whole_numbers.power(operator, self.real.itemsize) is not None

    def product(self, operator: Operator) -> bool:
        """Tell whether every output is one plain sum, so that a product of transforms can compute it."""
        if not self.unit or operator.norm or self.divisor:
            return False
        return TINY**10 < operator.gain() < HUGE**10

    def along_line(self, operator: Operator) -> bool:
        """Tell whether every output is one plain sum, and the last of the filtered axes is the line."""
        return self.product(operator) and along(self.image, self.axes)


class Offer(NamedTuple):
    """The cost of an algorithm for an operator, in nanoseconds a sample, and the operator as it uses it."""

    cost: float
    operator: Operator | None = None  # None: the whole kernel, which is made if the algorithm is chosen
    what: str = ""  # text before the number of taps
    name: str = ""  # in plans, if it differs from the algorithm's name


def least_cost(offers: Mapping[str, Offer]) -> float:
    """Return the cost of the cheapest offer; infinity if there is none."""
    return min((offer.cost for offer in offers.values()), default=math.inf)


class Algorithm(ABC):
    """One way to correlate an image with an operator."""

    #: The name in plans.
    name: ClassVar[str]
    #: The algorithm that replaces it if samples are too large or not finite. None if it accepts any sample.
    fallback: ClassVar[Algorithm | None] = None

    @abstractmethod
    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost. Return None if the algorithm does not apply, or cannot be the cheapest."""

    def shares(self, request: Request) -> bool:
        """Tell whether outputs share rounded sums, so that their bits depend on where the image begins."""
        return False

    @abstractmethod
    def run(
        self,
        call: Call,
        operator: Operator,
        image: npt.NDArray,
        target: npt.NDArray,
        workers: int | None,
        *,
        assume_finite: bool = True,
    ) -> int:
        """Correlate `image` into `target`. Return whether the algorithm accepted it, as `Program.run` does.

        With `assume_finite` it may refuse an image that has samples that are not finite.
        """


class Compiled(Algorithm):
    """An algorithm that runs as a program, which is made for each layout of image and output."""

    @abstractmethod
    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program for one layout. Return None if lines must be packed and are not."""

    def run(
        self,
        call: Call,
        operator: Operator,
        image: npt.NDArray,
        target: npt.NDArray,
        workers: int | None,
        *,
        assume_finite: bool = True,
    ) -> int:
        """Correlate `image` into `target` with the program for their layouts."""
        if assume_finite and math.isinf(call.cval):
            return False
        if image.ndim > max(call.axes) + 2:

            def task(image: npt.NDArray, target: npt.NDArray) -> int:
                return self.run(call, operator, image, target, workers, assume_finite=assume_finite)

            return over_merged(task, image, target, call.axes)
        key = self.name, assume_finite, image.strides, target.strides  # the call fixes shapes and types
        made = cached(call.programs, key, self._made, call, operator, key, assume_finite, image, target)
        if made is None:
            packed = np.ascontiguousarray(image)
            return self.run(call, operator, packed, target, workers, assume_finite=assume_finite)
        return made.run(image, target, workers)

    def _made(
        self,
        call: Call,
        operator: Operator,
        key: tuple[Any, ...],
        assume_finite: bool,
        image: npt.NDArray,
        result: npt.NDArray,
    ) -> Program | None:
        """Return the program for one layout, by the key of `run`."""

        def case() -> tuple[Settings, Placement]:
            settings = Settings(
                *(self.name, call.real, call.mode, call.bias, call.cval),
                *(call.tolerance, assume_finite, call.divisor, call.watch, call.part),
            )
            sides = ArrayLayout.of(image), ArrayLayout.of(result)
            return settings, Placement(
                *sides, operator.shape, call.axes, call.paddings, call.stride, call.dilation
            )

        return self.program(operator, *cached(call.cases, key, case))


class Choice(NamedTuple):
    """The chosen algorithm, the operator in the form that it uses, its offer, and the reason."""

    implementation: Algorithm
    operator: Operator
    offer: Offer
    reason: str

    def plan(self, shape: tuple[int, ...]) -> Plan:
        """Return the plan for a result of a shape."""
        seconds = self.offer.cost * math.prod(shape) * 1e-9
        return Plan(self.offer.name or self.implementation.name, self.reason, seconds)


@dataclass(eq=False)
class Call:
    """The operator, its axes and borders, and the types of the result."""

    operator: Operator
    choice: Choice
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
    tolerance: float  # largest error of cosines in place of taps; 0 if they are not allowed
    divisor: int  # of sums of integers, if the result is their mean
    whole: bool  # whether all samples are whole numbers
    programs: dict[Any, Program | None] = field(default_factory=dict)
    #: What programs depend on except the weights, for each layout.
    cases: dict[Any, tuple[Settings, Placement]] = field(default_factory=dict)
    watch: bool = False  # whether an image with samples that are not finite must be refused
    watching: Call | None = None  # the same call with `watch`
    apart: Call | None = None  # sums samples that are not finite, if folding adds weights of both signs
    reads: Reach | None = None  # the samples that a result depends on, if the kernel was folded
    part: Section | None = None  # where the image is in a larger one

    @property
    def result_shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return self.shape

    @property
    def reach(self) -> Reach:
        """The samples that a result depends on."""
        return self.reads or of_paddings(
            self.axes, self.paddings, self.operator.shape, self.stride, self.dilation
        )

    def changed(self, **fields: Any) -> Call:
        """Return a call with other values of some fields. Its programs are its own."""
        return replace(self, programs={}, cases={}, apart=None, watching=None, **fields)

    def with_weights(self, operator: Operator) -> Call:
        """Return the same call for an operator that plans do not tell from this one; see `likeness`."""
        implementation, old, offer, reason = self.choice
        used = operator if old is self.operator else operator.whole()
        call = object.__new__(Call)  # `copy.copy` takes 2 us more, `replace` ten
        call.__dict__.update(self.__dict__)
        call.operator, call.programs, call.watching = operator, {}, None
        call.choice = Choice(implementation, used, offer, reason)
        return call
