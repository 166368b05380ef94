"""The results of a chain of filters. Each step keeps one result, and a change computes from its step on."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imfilter._base.memo import once

from .._cli.command import PLACES, Command
from .._files.image import Image
from . import forms, steps, view
from .pictures import Picture, Pictures
from .steps import Step
from .view import View

Array = NDArray[Any]
Tone = Callable[[Array], Array]

#: A change that is expected to take longer shows a preview first.
PATIENCE = 0.12
#: The time that a preview should take, and its least and largest number of pixels.
_PREVIEW, _LEAST, _MOST = 0.06, 1 << 16, 1 << 19
#: Pixels of which a filter with an unknown speed is expected to be done at once.
_SMALL = 1 << 19
#: A filter that is expected to take longer runs in bands, so that it can end early.
_LONG = 0.25
#: Most steps of a chain.
MOST_STEPS = 8


class StepError(ValueError):
    """A step cannot be computed. The message is one line; `place` is its number from 0."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of one step.

    Parameters
    ----------
    key : tuple
        What it is the result of: the picture and the steps up to this one.
    image : Image
        Raw values.
    tone : callable or None
        The conversion to bytes. None: black is the least value and white is the largest.
    seconds : float
        How long the filter took.
    reason : str
        The algorithm and its reason, or an empty text.
    """

    key: tuple[Any, ...]
    image: Image
    tone: Tone | None
    seconds: float = 0.0
    reason: str = ""

    @once
    def ends(self) -> tuple[float, float]:
        """The least and the largest value."""
        return view.range_of(self.image.pixels)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a request shows: the bytes of the view, and what is told about it."""

    pixels: Array
    told: dict[str, Any]


class Engine:
    """Compute chains of filters on the pictures that are open.

    Parameters
    ----------
    pictures : Pictures
        The pictures.
    """

    def __init__(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self._kept: list[Result] = []  # that of the picture, then that of each step
        self._rates: dict[str, float] = {}  # seconds a pixel that a filter took
        self._computing = threading.Lock()
        self._small: tuple[Any, Image] = (None, Image(np.zeros((1, 1), np.uint8)))  # for previews

    def answer(
        self,
        picture: str,
        chain: Sequence[Step],
        seen: View,
        *,
        stretch: bool = False,
        final: bool = False,
        check: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Return what a view shows of a result. It is a preview if the result would take long.

        Parameters
        ----------
        picture : str
            The key of the picture.
        chain : sequence of Step
            The filters.
        seen : View
            The part that is shown.
        stretch : bool
            Show the least value as black and the largest as white.
        final : bool
            Wait for the result: no preview.
        check : callable
            Raises `Cancelled` when the answer is no longer wanted.
        """
        source = self.pictures.get(picture)
        kept = self._known(source, chain)
        if not final and len(kept) <= len(chain) and self._is_slow(kept[-1].image, chain[len(kept) - 1 :]):
            preview = self._preview(source, chain, kept, seen, stretch, check)
            if preview is not None:
                return preview
        kept = self.results(source, chain, check)
        last = kept[-1]
        ends = last.ends if stretch or last.tone is None else None
        pixels = view.rgba(last.image, seen, last.tone, ends)
        return Answer(pixels, self._told(kept, seen, ends, final=True))

    def results(
        self, source: Picture, chain: Sequence[Step], check: Callable[[], None] = lambda: None
    ) -> list[Result]:
        """Return the result of the picture itself and of each step. Raise StepError if a filter fails."""
        if len(chain) > MOST_STEPS:
            raise StepError(f"a chain has at most {MOST_STEPS} steps, got {len(chain)}", MOST_STEPS)
        kept = self._known(source, chain)
        if len(kept) > len(chain):
            return kept
        with self._computing:
            kept = self._known(source, chain)
            while len(kept) <= len(chain):
                self._kept = kept  # the results after these are of an older chain: free them first
                kept = [*kept, self._next(source, chain, kept, check)]
            self._kept = kept
        return kept

    def _known(self, source: Picture, chain: Sequence[Step]) -> list[Result]:
        """Return the kept results of a chain up to the first step that changed."""
        keys: list[tuple[Any, ...]] = [(source.key, *chain[:n]) for n in range(len(chain) + 1)]
        kept = []
        for key, result in zip(keys, self._kept, strict=False):
            if result.key != key:
                break
            kept.append(result)
        if kept:
            return kept
        tone = steps.byte_tone(source.image.pixels.dtype)
        return [Result(keys[0], source.image, tone)]

    def _next(
        self, source: Picture, chain: Sequence[Step], kept: list[Result], check: Callable[[], None]
    ) -> Result:
        """Compute the step after those that are known."""
        place = len(kept) - 1
        step, image = chain[place], kept[-1].image
        try:
            if place and chain[place - 1].command.kind in PLACES:
                raise ValueError(f"{chain[place - 1].command.name} marks places, so it must be the last step")
            options = step.options(lambda key: self._picture(source, key))
            steps.check_signed(options)
            slow = self._expected(step.command, image) > _LONG
            began = time.perf_counter()
            found = steps.run(step.command, image, options, check, banded=slow)
            seconds = time.perf_counter() - began
            tone = steps.tone(step.command, options, image, found)
        except (ValueError, TypeError, ArithmeticError, OSError, RuntimeError) as error:
            raise StepError(str(error), place) from error
        except MemoryError:
            raise StepError("not enough memory for this filter", place) from None
        self._rates[step.command.name] = seconds / _size(image)
        reason = steps.reason(step.command, image, options)
        key = (source.key, *chain[: place + 1])
        return Result(key, found, tone, seconds, reason)

    def _picture(self, source: Picture, key: str) -> Image:
        return (source if key == forms.ORIGINAL else self.pictures.get(key)).image

    def _expected(self, command: Command, image: Image) -> float:
        """Return how long a filter is expected to take, in seconds."""
        rate = self._rates.get(command.name)
        if rate is None:
            return 0.0 if _size(image) <= _SMALL else 1.0
        return rate * _size(image)

    def _is_slow(self, image: Image, remaining: Sequence[Step]) -> bool:
        busy = self._computing.locked() and _size(image) > _SMALL
        return busy or sum(self._expected(step.command, image) for step in remaining) > PATIENCE

    def _preview(
        self,
        source: Picture,
        chain: Sequence[Step],
        kept: list[Result],
        seen: View,
        stretch: bool,
        check: Callable[[], None],
    ) -> Answer | None:
        """Filter the view instead of the picture, with lengths divided by its factor.

        Return None if the view cannot stand for the picture: if a filter changes the size or fails.
        """
        remaining = chain[len(kept) - 1 :]
        if any(step.command.kind == "resampling" for step in remaining):
            return None
        image = kept[-1].image
        rate = sum(self._rates.get(step.command.name, _PREVIEW / _LEAST) for step in remaining)
        small = seen.limited(min(max(_PREVIEW / max(rate, 1e-12) / _channels(image), _LEAST), _MOST))
        factor = small.factor(image)
        found, tone = self._reduced(kept[-1], small), kept[-1].tone
        try:
            for step in remaining:
                check()
                options = step.options(lambda key: view.part(self._picture(source, key), small))
                options = reduced(step.command, options, factor)
                before, found = found, steps.run(step.command, found, options, check)
                tone = steps.tone(step.command, options, before, found)
        except (ValueError, TypeError, ArithmeticError, OSError, RuntimeError, MemoryError):
            return None  # the filter itself tells what is wrong
        ends = view.range_of(found.pixels) if stretch or tone is None else None
        pixels = view.rgba(found, View(width=found.pixels.shape[1], height=found.pixels.shape[0]), tone, ends)
        return Answer(pixels, self._told([*kept[:1], *kept[-1:]], seen, ends, final=False))

    def _reduced(self, result: Result, small: View) -> Image:
        """Return the view of a result. It is the same for all changes of a slider, so it is kept."""
        wanted = (result.key, small)
        key, image = self._small
        if key != wanted:
            image = view.part(result.image, small)
            self._small = (wanted, image)
        return image

    def _told(
        self, kept: list[Result], seen: View, ends: tuple[float, float] | None, *, final: bool
    ) -> dict[str, Any]:
        """Return what is told about an answer."""
        last = kept[-1]
        rows, columns = last.image.pixels.shape[:2]
        values = "" if ends is None else f"black is {ends[0]:.4g}, white is {ends[1]:.4g}"
        return {
            "final": final,
            "size": [columns, rows],
            "rectangle": seen.rectangle(last.image),
            "type": str(last.image.pixels.dtype),
            "values": values,
            "steps": [{"seconds": r.seconds, "reason": r.reason} for r in kept[1:]],
        }


def reduced(command: Command, options: dict[str, Any], factor: float) -> dict[str, Any]:
    """Return options for a picture that is smaller by a factor. Windows keep at least one pixel."""
    if factor <= 1:
        return options
    changed = dict(options)
    for option in command.options:
        names = {option.name, f"{command.name} {option.name}"}
        if not names & set(forms.LENGTHS) or options[option.name] is None:
            continue
        changed[option.name] = _divided(options[option.name], factor, odd=option.name in ("size", "search"))
    return changed


def _divided(value: Any, factor: float, *, odd: bool) -> Any:
    if isinstance(value, tuple):
        return tuple(_divided(one, factor, odd=odd) for one in value)
    if isinstance(value, float):
        return value / factor
    whole = max(1, round(value / factor))
    return whole | 1 if odd else whole


def _size(image: Image) -> int:
    return int(image.pixels.size)


def _channels(image: Image) -> int:
    return image.pixels.shape[-1] if image.channels else 1
