"""Pyramids: images of half the size, and what each level loses."""

import itertools
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments, borders, dtypes, missing
from imfilter._base.keywords import Common
from imfilter._filters.resampling import apply, tables
from imfilter._filters.resampling.tables import Table

GAUSSIAN, LAPLACIAN = "gaussian", "laplacian"
KINDS = GAUSSIAN, LAPLACIAN


class _Level(NamedTuple):
    """Samples, how much each counts, and where too little is present. None: all samples are present.

    How much a sample of a smaller level counts is the sum of the weights times how much their samples count.
    So each level is a weighted mean of the samples of the image that are present.
    """

    samples: npt.NDArray
    counts: npt.NDArray[np.float64] | None
    absent: npt.NDArray[np.bool_] | None

    @classmethod
    def of(cls, samples: npt.NDArray, counts: npt.NDArray[np.float64] | None, least: float) -> "_Level":
        """Return a level. Its absent samples are NaN, or 0 if they are integers."""
        if counts is None:
            return cls(samples, None, None)
        absent = ~(counts > 0) | (counts < least * (1 - missing.ROUNDED))
        return cls(samples, counts, absent)

    def halved(self, common: Common, least: float) -> "_Level":
        """Return the next level."""
        if self.counts is None:
            return _Level.of(apply.apply(self.samples, _reduced, (), common), None, least)
        found = apply.apply(self.samples, _reduced, (), common._replace(mask=self.counts))
        assert isinstance(common.axes, tuple)
        halves = _reduced(tuple(self.samples.shape[a] for a in common.axes), common.mode)
        counts = apply.sums(self.counts, common.axes, halves, 1.0, common.workers)
        return _Level.of(found, counts, least)

    @property
    def blank(self) -> npt.NDArray:
        """The samples, with NaN or 0 where too little is present. They are overwritten."""
        if self.absent is not None:
            self.samples[self.absent] = np.nan if self.samples.dtype.kind == "f" else 0
        return self.samples


def taken(image: npt.ArrayLike, levels: Any, kind: str, common: Common) -> list[npt.NDArray]:
    """Return the levels of a pyramid, the largest first."""
    bare, own = missing.split(image)
    array = arguments.image(bare)
    axes = arguments.axes(array, common.axes, common.channel_axis)
    mode = borders.check_mode(common.mode, more=("shrink",))
    arguments.beyond(common.cval, mode)
    most = (min(array.shape[a] for a in axes) - 1).bit_length()
    if levels is not None:
        most = arguments.integer(levels, "levels", least=0, most=64)
    asked = missing.presence(array, common, own)
    counts, least = None, 0.0
    if asked is not None and (asked.mask is not None or asked.ignore_nan):
        counts, least = asked.at(array, ...).astype(np.float64), asked.min_coverage
    common = Common(mode, common.cval, axes, workers=common.workers)
    found = [_Level.of(array.astype(array.dtype.newbyteorder("=")), counts, least)]
    for _ in range(most):
        found.append(found[-1].halved(common, least))
    samples = (_differences if kind == LAPLACIAN else _smoothed)(found, common)
    if own is None:
        return samples
    nothing = np.ma.nomask
    masks = [nothing if level.absent is None else level.absent for level in found]
    return [np.ma.MaskedArray(one, mask=mask) for one, mask in zip(samples, masks, strict=True)]


def _smoothed(levels: list[_Level], common: Common) -> list[npt.NDArray]:
    """Return the samples of all levels."""
    return [level.blank for level in levels]


def _differences(levels: list[_Level], common: Common) -> list[npt.NDArray]:
    """Return what each level loses, and the last level.

    An absent sample loses nothing: it is filled with the next level, which is expanded. The last level is
    filled by levels below it, down to a single sample (S. J. Gortler and others, "The Lumigraph", 1996).
    """
    assert isinstance(common.axes, tuple)
    below = [*levels]
    while _holes(below[-1]) and max(below[-1].samples.shape[a] for a in common.axes) > 1:
        below.append(below[-1].halved(common, 0.0))
    image, found = below[-1].samples, list[npt.NDArray]()
    for number, level in reversed([*enumerate(below)]):
        expanded = image
        if number < len(below) - 1:
            expanded = _expanded(image, level.samples.shape, common.axes, common)
            image = level.samples if level.absent is None else np.where(level.absent, expanded, level.samples)
        if number < len(levels):
            found.append(image if number == len(levels) - 1 else _difference(image, expanded))
    return found[::-1]


def _holes(level: _Level) -> bool:
    """Tell whether too little is present somewhere."""
    return level.absent is not None and bool(level.absent.any())


def added_up(pyramid: Any, common: Common) -> npt.NDArray:
    """Return the image of the levels of a Laplacian pyramid."""
    if not isinstance(pyramid, list | tuple) or not pyramid:
        raise TypeError(f"pyramid must be a list of arrays, got {arguments.brief(pyramid)}")
    split = [missing.split(level) for level in pyramid]
    levels = [arguments.image(level, f"pyramid[{i}]") for i, (level, _) in enumerate(split)]
    image = levels[-1]
    axes = arguments.axes(image, common.axes, common.channel_axis, "pyramid[-1]")
    arguments.beyond(common.cval, borders.check_mode(common.mode, more=("shrink",)))
    common = common._replace(axes=axes, channel_axis=None)
    wanted = _wide(image.dtype)
    shapes = [level.shape for level in levels]
    for i, (larger, smaller) in enumerate(itertools.pairwise(shapes)):
        halved = tuple((n + 1) // 2 if a in axes else n for a, n in enumerate(larger))
        if halved != smaller:
            raise ValueError(f"pyramid[{i + 1}] must have shape {halved} after {larger}, got {smaller}")
        if levels[i].dtype != wanted:
            raise ValueError(f"pyramid[{i}] must have dtype {wanted}, got {levels[i].dtype}")
    for level in reversed(levels[:-1]):
        expanded = _expanded(image, level.shape, axes, common)
        image = np.add(expanded, level, dtype=wanted, casting="unsafe").astype(image.dtype)
    image = image.copy() if len(levels) == 1 else image
    present = split[0][1]
    return image if present is None else np.ma.MaskedArray(image, mask=~present)


def _reduced(lengths: tuple[int, ...], mode: str) -> tuple[Table, ...]:
    return tuple(tables.reduced(n, mode) for n in lengths)


def _doubled(lengths: tuple[int, ...], mode: str, *outputs: int) -> tuple[Table, ...]:
    return tuple(tables.expanded(n, m, mode) for n, m in zip(lengths, outputs, strict=True))


def _expanded(
    image: npt.NDArray, shape: tuple[int, ...], axes: tuple[int, ...], common: Common
) -> npt.NDArray:
    """Return a level in the size of the level before it."""
    return apply.apply(image, _doubled, tuple(shape[a] for a in axes), common)


def _wide(dtype: np.dtype) -> np.dtype:
    """Return the type of differences of samples of a type."""
    if dtype.kind == "f":
        return np.promote_types(dtype, dtypes.FLOAT32 if dtype.itemsize == 2 else dtypes.FLOAT64)
    size = 1 if dtype.kind == "b" else min(2 * dtype.itemsize, 8)
    return np.dtype(f"i{size}")


def _difference(a: npt.NDArray, b: npt.NDArray) -> npt.NDArray:
    """Return the difference of samples in a type that holds it. 64-bit integers wrap."""
    with np.errstate(all="ignore"):  # of infinities
        found: npt.NDArray = np.subtract(a, b, dtype=_wide(a.dtype), casting="unsafe")
    return found
