"""Plots of series before and after a filter. Only this module needs matplotlib."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files.atomic import check_target, replacing
from .._files.image import FileError

Array = NDArray[Any]

_SUFFIXES = (".png", ".svg", ".pdf")
#: Longest series whose samples are all drawn. A longer series is drawn as the range of each strip.
_EACH = 4000
_STRIPS = 2000
#: Largest number of series in one plot.
_MOST = 16
_BEFORE, _AFTER = "0.65", "#b2182b"


def check(path: str) -> None:
    """Check that a plot can be drawn, before the filter runs."""
    if not path.lower().endswith(_SUFFIXES):
        raise FileError(f"{path}: a plot must be a {', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]} file")
    check_target(path)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it logs messages about fonts
    try:
        import matplotlib.figure  # noqa: F401  (checks that it is installed)
    except ImportError:
        raise ValueError('--plot needs matplotlib: pip install "imfilter[plot]"') from None


def draw(
    path: str,
    title: str,
    names: Sequence[str],
    before: Sequence[Array] | Array,
    after: Sequence[Array] | Array,
    times: Array | None = None,
    time_name: str = "sample",
) -> None:
    """Draw each series above the next one, over the same time.

    Parameters
    ----------
    path : str
        The file. A failed call does not change it.
    title : str
        The title of the plot.
    names : sequence of str
        The name of each series.
    before, after : sequence of ndarray
        Series of equal lengths.
    times : ndarray or None
        The times of the samples: numbers or dates.
    time_name : str
        The name of the axis of time.
    """
    from matplotlib.figure import Figure

    if len(names) > _MOST:
        raise ValueError(f"--plot must have at most {_MOST} series, got {len(names)}")
    figure = Figure(figsize=(10, 1.2 + 2.4 * len(names)), layout="constrained")
    panels = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    for panel, name, x, y in zip(panels, names, before, after, strict=True):
        _draw_one(panel, x, y, times)
        panel.set_ylabel(name, parse_math=False)
        panel.margins(x=0)
    panels[0].set_title(title, loc="left", parse_math=False)
    panels[0].legend(loc="upper right", frameon=False, ncols=2, bbox_to_anchor=(1, 1.15))
    panels[-1].set_xlabel(time_name, parse_math=False)
    with replacing(path) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about characters missing in the font
        try:
            figure.savefig(file, format=os.path.splitext(path)[1][1:].lower(), dpi=120)
        except (ValueError, OverflowError) as error:
            raise FileError(f"{path}: cannot be drawn: {error}") from error


def _draw_one(panel: Any, before: Array, after: Array, times: Array | None) -> None:
    n = len(before)
    positions = np.arange(n) if times is None else times
    lines = (("before", before, _BEFORE, 0.8), ("after", after, _AFTER, 1.2))
    if n <= _EACH:
        dot = "." if n <= _EACH // 10 else ""  # a line does not show a sample between gaps
        for name, values, colour, width in lines:
            panel.plot(positions, _finite(values), dot + "-", color=colour, linewidth=width, ms=3, label=name)
        return
    starts = np.linspace(0, n, _STRIPS, endpoint=False).astype(int)
    note = f", lowest to highest of each {n / _STRIPS:.0f} samples"
    for name, values, colour, width in lines:
        shown = _finite(values)
        ranges = np.stack([np.fmin.reduceat(shown, starts), np.fmax.reduceat(shown, starts)], axis=1)
        panel.plot(
            np.repeat(positions[starts], 2),
            ranges.reshape(-1),
            color=colour,
            linewidth=width,
            label=name + note,
        )
        note = ""


def _finite(values: Array) -> Array:
    """Return the numbers that an axis can show, and NaN for all other numbers."""
    real = np.asarray(values, np.float64)
    return np.where(np.abs(real) < 1e300, real, np.nan)
