"""A page in uneven light made black and white: one threshold for all, and one for each pixel."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import imfilter
from imfilter import io

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
TEXT = "A threshold divides an image into ink and paper. Shadows are darker than ink in light. "

# The page: lines of text, black on white. Ink is what is darker than half.
drawn = Image.new("L", (480, 320), 255)
pen = ImageDraw.Draw(drawn)
for line in range(14):
    words = (TEXT * 2)[17 * line % len(TEXT) :][:56]
    pen.text((16, 12 + 21 * line), words, 0, ImageFont.load_default(16))
drawn = np.asarray(drawn)
ink = drawn < 128

# The photograph of it: a lamp at the left, a shadow at the right, noise of the camera.
row, column = np.mgrid[:320, :480]
light = 60 + 180 * np.exp(-(((row - 90) / 260) ** 2 + ((column - 120) / 190) ** 2))
noise = np.random.default_rng(0).normal(0, 4, ink.shape)
photo = np.rint(light * (0.25 + 0.75 * drawn / 255) + noise).clip(0, 255).astype(np.uint8)

thresholds = {
    "otsu": imfilter.threshold.otsu(photo),
    "mean of 25x25": imfilter.threshold.local(photo, 25, method="mean", offset=12),
    "niblack": imfilter.threshold.niblack(photo, 25),
    "sauvola": imfilter.threshold.sauvola(photo, 25),
}
wrong = {name: np.mean((photo > level) == ink) for name, level in thresholds.items()}
for name, share in wrong.items():
    print(f"{name}: {share:.1%} of the pixels are wrong")
pictures = [photo] + [np.where(photo > thresholds[name], 255, 0) for name in ("otsu", "sauvola")]
io.write(FOLDER / "page.png", io.Image(np.hstack(pictures).astype(np.uint8)))
