"""A film is an array (time, rows, columns): the same filters work in time, in space, or in both.

The film is drawn here: a disc moves over a pattern, with noise and sudden spikes. A causal median in time
removes the spikes of a live film, because it needs no future picture. Edges are a filter in space. The
gradient along the time axis shows what moves.
"""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io, series, show

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
FRAMES, ROWS, COLUMNS = 24, 96, 128
rng = np.random.default_rng(0)
time, y, x = np.ogrid[:FRAMES, :ROWS, :COLUMNS]
inside = (y - 48 - 20 * np.sin(time / 4)) ** 2 + (x - 20 - 4 * time) ** 2 < 14**2
clean = np.where(inside, 200.0, 90 + 30 * np.sin(x / 9) * np.sin(y / 7))
film = clean + rng.normal(0, 8, clean.shape)
film[rng.random(clean.shape) < 0.02] = 255

calm = series.median(film, 5, axis=0, align="causal")  # each picture from itself and four earlier ones
smooth = imfilter.gaussian(calm, (1, 1), axes=(1, 2))
edges = imfilter.sobel(smooth, axes=(1, 2))
moving = np.abs(imfilter.gaussian(smooth, (1, 1.5, 1.5), order=(1, 0, 0)))

for name, result in (("as it is", film), ("median in time", calm), ("and smooth in space", smooth)):
    still = ~imfilter.maximum(inside, (9, 1, 1), mode="edge")
    print(f"{name}: error {np.sqrt(((result - clean)[still] ** 2).mean()):.1f} where nothing moves")
share = moving[:, imfilter.maximum(inside, (5, 9, 9))[12]].mean() / moving.mean()
print(f"the gradient in time is {share:.1f} times its mean around the path of the disc")
frames = np.concatenate([result[4::6] / result.max() for result in (film, smooth, edges, moving)])
io.write(FOLDER / "film.png", io.Image(show.feature_maps(frames, columns=4, labels=False), channels=True))
