"""A stack of a microscope keeps the names of its axes, its spacing and its unit through a filter.

The stack is drawn here: cells in two channels at two times, with noise, in a file as ImageJ writes it. A
voxel is 0.5 µm deep and 0.2 µm wide, so a Gaussian of the same width in every direction has another sigma
along Z in samples. Channels and times are never mixed. The command is:

    imfilter gaussian cells.tif smooth.tif --sigma 0.4 --spacing 0.5,0.2,0.2
"""

import sys
from pathlib import Path

import numpy as np

from imfilter import cli, gaussian, io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
TIMES, PLANES, CHANNELS, ROWS, COLUMNS = 2, 12, 2, 64, 80
rng = np.random.default_rng(0)
z, y, x = np.ogrid[:PLANES, :ROWS, :COLUMNS]
clean = np.zeros((TIMES, PLANES, CHANNELS, ROWS, COLUMNS))
CELLS = [(0, 0, 20, 20), (0, 0, 44, 60), (1, 0, 24, 22), (0, 1, 30, 40), (1, 1, 40, 44)]
for time, channel, row, column in CELLS:
    far = ((z - 6) * 0.5) ** 2 + ((y - row) * 0.2) ** 2 + ((x - column) * 0.2) ** 2
    clean[time, :, channel] += 180 * np.exp(-far / 2)
noisy = np.clip(clean + rng.normal(20, 15, clean.shape), 0, 255).round().astype(np.uint8)

stack = io.Image(
    noisy,
    axes="TZCYX",
    spacing=(60.0, 0.5, None, 0.2, 0.2),
    units=("s", "µm", "", "µm", "µm"),
    details={"ImageJ": {"unit": "um", "finterval": 60.0}},
)
io.write(FOLDER / "cells.tif", stack)
files = [str(FOLDER / name) for name in ("cells.tif", "smooth.tif")]
cli.call(["gaussian", *files, "--sigma", "0.4", "--spacing", "0.5,0.2,0.2"])

smooth = io.read(FOLDER / "smooth.tif")
same = gaussian(noisy, 0.4, axes=(1, 3, 4), spacing=(0.5, 0.2, 0.2))
(depth, unit), (width, _) = smooth.distance("Z"), smooth.distance("X")
print(f"axes {smooth.axes}, a voxel of {depth} {unit} x {width} {unit}")
print("the command and the function agree:", np.array_equal(smooth.pixels, same))
for name, result in (("as it is", noisy), ("smooth", smooth.pixels)):
    print(f"{name}: error {np.sqrt(((result - 20.0 - clean) ** 2).mean()):.1f}")
middle = np.concatenate(list(smooth.pixels[0, 6]), axis=1)  # both channels of one plane
io.write(FOLDER / "microscope.png", io.Image(middle))
