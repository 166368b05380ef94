"""Sheets of small pictures in a grid, with labels in Pillow's built-in font."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.show.colormap import RGB

#: Colours of the sheet and of its text. No colour of the scales is near the colour of the sheet.
PAPER, _INK = (44, 46, 51), (222, 222, 218)
#: Pixels between pictures, and between a label and its picture.
_GAP, _NEAR = 6, 1


def enlarged(picture: RGB, pixels: int) -> RGB:
    """Return a picture with a square for every sample. The longer side has about `pixels` pixels."""
    factor = max(1, round(pixels / max(picture.shape[:2])))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def reduced(values: npt.NDArray[np.float64], pixels: int) -> npt.NDArray[np.float64]:
    """Return means of square blocks of samples, so that no side has more than `pixels` samples."""
    step = -(-max(values.shape) // pixels)
    if step == 1:
        return values
    for axis in (0, 1):
        edges = np.arange(0, values.shape[axis], step)
        counts = np.diff(np.r_[edges, values.shape[axis]])
        with np.errstate(invalid="ignore"):  # infinity minus infinity
            values = np.add.reduceat(values, edges, axis=axis) / np.expand_dims(counts, 1 - axis)
    return values


def arranged(
    pictures: Sequence[RGB], columns: int, labels: Sequence[str] | None = None, title: str = ""
) -> RGB:
    """Return a sheet of pictures, row by row. Each label is above its picture, the title is at the top."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default()
    words = [] if labels is None else list(labels)
    sizes = [_extent(font, text) for text in words]
    line = max((height for _, height in sizes), default=-_NEAR) + _NEAR
    width = max([picture.shape[1] for picture in pictures] + [across for across, _ in sizes])
    height = max(picture.shape[0] for picture in pictures) + line
    across, head = _extent(font, title) if title else (0, -_GAP)
    rows = -(-len(pictures) // columns)
    shape = (
        _GAP + head + _GAP + rows * (height + _GAP),
        max(columns * (width + _GAP), across + _GAP) + _GAP,
        3,
    )
    sheet = dtypes.empty(shape, np.dtype(np.uint8))
    sheet[:] = PAPER
    corners = [
        (_GAP + head + _GAP + row * (height + _GAP), _GAP + column * (width + _GAP))
        for row, column in (divmod(number, columns) for number in range(len(pictures)))
    ]
    for picture, (top, left) in zip(pictures, corners, strict=True):
        sheet[top + line : top + line + picture.shape[0], left : left + picture.shape[1]] = picture
    if not words and not title:
        return sheet
    drawn = Image.fromarray(sheet)
    pen = ImageDraw.Draw(drawn)
    if title:
        pen.text((_GAP, _GAP), title, _INK, font)
    for text, (top, left) in zip(words, corners, strict=False):
        pen.text((left, top), text, _INK, font)
    return np.array(drawn)


def _extent(font: Any, text: str) -> tuple[int, int]:
    """Return the width and height that a text needs, measured from its position."""
    # The height is that of the highest and lowest letters, so all lines of labels have the same height.
    return int(np.ceil(font.getbbox(text)[2])), int(np.ceil(font.getbbox(text + "Áj")[3]))
