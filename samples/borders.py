"""What lies outside an image: every border mode, shown by padding the coins."""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")

coins = io.read(HERE / "coins.png").pixels
for mode in MODES:
    # A kernel of one tap changes nothing; the padding asks for 80 pixels that are not there.
    wide = imfilter.correlate(coins, [[1.0]], padding=80, mode=mode, cval=128, dtype=coins.dtype)
    io.write(FOLDER / f"border_{mode}.png", io.Image(wide))

row = np.array([1, 2, 3, 4])
for mode in MODES:
    padded = imfilter.correlate(row, [1.0], padding=3, mode=mode, cval=9).astype(int)
    print(f"{mode:10}", *padded[:3], "|", *padded[3:7], "|", *padded[7:])
