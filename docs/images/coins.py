"""Draw the README's picture with the command: a photograph, its edges and its difference of Gaussians."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from imfilter import cli

ROOT = Path(__file__).resolve().parents[2]
COINS = ROOT / "samples" / "coins.png"
COMMANDS = (
    ("sobel", "edges.png"),
    ("difference_of_gaussians", "detail.png", "--low", "1.5", "--high", "6", "--signed"),
)

parts = [np.asarray(Image.open(COINS).convert("L"))]
with tempfile.TemporaryDirectory() as folder:
    for name, file, *options in COMMANDS:
        out = Path(folder) / file
        if cli.call([name, str(COINS), str(out), *options]) != 0:
            raise SystemExit(f"imfilter {name} failed")
        parts.append(np.asarray(Image.open(out)))
gap = np.full((len(parts[0]), 8), 255, np.uint8)
strip = np.hstack([parts[0], gap, parts[1], gap, parts[2]])
Image.fromarray(strip).save(Path(__file__).with_suffix(".png"), optimize=True)
