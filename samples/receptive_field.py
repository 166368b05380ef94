"""What one unit of each layer of a small stack sees of the input: calculated, and every path counted."""

import sys
from pathlib import Path

import numpy as np

from imfilter import io
from imfilter.layers import Conv, Stack, Window

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
N, CELL = 28, 10  # samples along each side of the input, and pixels that one takes in the picture
RED, BLUE, GREY = (210, 40, 40), np.array([190, 215, 255]), 235

# Kernel, stride, padding and dilation of each layer.
WINDOWS = [Window(3, 1, 1, 1), Window(3, 1, 1, 1), Window(2, 2, 0, 1), Window(3, 1, 0, 3)]
stack = Stack([Conv(8, *window) for window in WINDOWS], input_shape=(1, N, N))
print(stack)

panels = []
for depth, row in enumerate(stack.table()[1:], 1):
    unit = row.shape[1] // 2
    ways = np.eye(row.shape[1])[unit]  # back from the unit in the middle, in how many ways, along one axis
    for (kernel, stride, padding, dilation), shape in [*zip(WINDOWS, stack.shapes, strict=False)][
        depth - 1 :: -1
    ]:
        below = np.zeros(shape[1] + 2 * padding)
        for tap in range(kernel):
            below[np.arange(len(ways)) * stride + tap * dilation] += ways
        ways = below[padding : padding + shape[1]]
    share = np.outer(ways, ways)[..., None] / ways.max() ** 2  # the darker, the more ways
    cells = np.where(share > 0, BLUE - 150 * np.sqrt(share), GREY).clip(0, 255)
    picture = cells.astype(np.uint8).repeat(CELL, 0).repeat(CELL, 1)
    picture[::CELL] = picture[:, ::CELL] = 255
    (first, stop), _ = row.receptive_field.region(unit)  # the frame is calculated
    inside = slice(first * CELL, stop * CELL + 1)
    for edge in (inside.start, inside.stop - 1):
        picture[edge - 1 : edge + 2, inside] = picture[inside, edge - 1 : edge + 2] = RED
    panels.append(np.pad(picture, [(0, 0), (0, CELL), (0, 0)], constant_values=255))
io.write(FOLDER / "receptive_field.png", io.Image(np.hstack(panels), channels=True))
