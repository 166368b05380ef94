"""Sharpen colour: name the channel axis, and nothing is filtered across it."""

import sys
from pathlib import Path

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

cat = io.read(HERE / "chelsea.png").pixels
for amount in (0.5, 1.5, 4.0):
    sharp = imfilter.unsharp_mask(cat, sigma=2.0, amount=amount, channel_axis=-1)
    io.write(FOLDER / f"unsharp_{amount}.png", io.Image(sharp, channels=True))
    # uint8 in, uint8 out: rounded and saturated, never wrapped around
    print(f"amount {amount}: {(sharp == 255).mean():.2%} of the values are saturated")
