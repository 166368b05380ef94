"""A stack of a microscope keeps the names of its axes, its spacing and its unit through a filter.

The stack is drawn here: cells in two channels at two times, with noise, in a file as ImageJ writes it. A
voxel is 0.5 µm deep and 0.2 µm wide, so a Gaussian of the same width in every direction has another sigma
along Z in samples. Channels and times are never mixed.
"""

import sys
from pathlib import Path

import numpy as np

from imfilter import cli, gaussian, io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
CELLS = [(0, 0, 20, 20), (0, 0, 44, 60), (1, 0, 24, 22), (0, 1, 30, 40), (1, 1, 40, 44)]
z, y, x = np.ogrid[:12, :64, :80]
clean = np.zeros((2, 12, 2, 64, 80))
for time, channel, row, column in CELLS:
    far = ((z - 6) * 0.5) ** 2 + ((y - row) * 0.2) ** 2 + ((x - column) * 0.2) ** 2
    clean[time, :, channel] += 180 * np.exp(-far / 2)
noise = np.random.default_rng(0).normal(20, 15, clean.shape)
noisy = np.clip(clean + noise, 0, 255).round().astype(np.uint8)

spacing, units = (60.0, 0.5, None, 0.2, 0.2), ("s", "um", "", "um", "um")
stack = io.Image(noisy, axes="TZCYX", spacing=spacing, units=units, details={"ImageJ": {"mode": "composite"}})
source, result = (str(FOLDER / name) for name in ("cells.tif", "smooth.tif"))
io.write(source, stack)
cli.call(["gaussian", source, result, "--sigma", "0.4", "--spacing", "0.5,0.2,0.2"])  # as on a command line

smooth = io.read(result)
same = gaussian(noisy, 0.4, axes=(1, 3, 4), spacing=(0.5, 0.2, 0.2))
print(f"axes {smooth.axes}, a voxel is {smooth.distance('Z')} x {smooth.distance('X')}")
print("the command and the function agree:", np.array_equal(smooth.pixels, same))
for name, pixels in (("as it is", noisy), ("smooth", smooth.pixels)):
    print(f"{name}: error {np.sqrt(((pixels - 20.0 - clean) ** 2).mean()):.1f}")
io.write(FOLDER / "microscope.png", io.Image(np.hstack(list(smooth.pixels[0, 6]))))  # both channels
