"""What the first layer of a convolutional network sees in a photograph: its kernels and their feature maps.

Trained networks learn kernels like these by themselves: edges of several directions, spots and colours. Here
they are written down: Gabor's wave packets (Daugman, 1985) on brightness, and differences of colours.
"""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io, layers, show

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
picture = io.read(Path(__file__).parent / "chelsea.png").pixels  # (rows, columns, 3) of uint8

y, x = np.mgrid[-5:6, -5:6]
bell = np.exp(-(x**2 + y**2) / 12)
weight = []
for turn in range(6):  # a wave of 7 samples in each of six directions
    wave = bell * np.sin((x * np.cos(turn * np.pi / 6) + y * np.sin(turn * np.pi / 6)) * 2 * np.pi / 7)
    weight.append(np.array([1, 1, 1])[:, None, None] * wave)
weight.append(np.array([1, 1, 1])[:, None, None] * (np.exp(-(x**2 + y**2) / 3) - bell / 4))  # spots
weight.append(np.array([1, -1, 0])[:, None, None] * bell)  # red against green
weight = np.array([w - w.mean() for w in weight]) / 100

maps = layers.conv(picture.transpose(2, 0, 1), weight, padding="same", padding_mode="mirror")
seen = imfilter.max_pool(np.maximum(maps, 0), 2, channel_axis=0)  # rectified and pooled, as in a network
names = [f"wave {30 * turn} degrees" for turn in range(6)] + ["spots", "red, not green"]
sheet = show.kernels(weight, columns=8, labels=False, color=True)
io.write(FOLDER / "first_layer.png", io.Image(sheet, channels=True))
sheet = show.feature_maps(seen, columns=4, labels=names, scale="each")
io.write(FOLDER / "feature_maps.png", io.Image(sheet, channels=True))
for name, one in zip(names, seen, strict=True):
    print(f"{name:16} answers up to {one.max():.1f}, on average {one.mean():.2f}")
