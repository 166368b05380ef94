"""Several filters as one: smooth, find edges, keep the strong ones. The steps are a file, too."""

import sys
from pathlib import Path

import imfilter
from imfilter import io

HERE = Path(__file__).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

coins = io.read(HERE / "coins.png").pixels
edges = imfilter.Pipeline([("gaussian", {"sigma": 2}), "sobel"])
strong = imfilter.Pipeline([*edges.steps, "threshold.otsu", ("morphology.closing", {"iterations": 2})])
found = strong(coins)
io.write(FOLDER / "pipeline.png", io.Image(found > 0))
print(f"{found.mean():.1%} of the pixels are on an edge")
print(f"an edge depends on {edges.halo} pixels on each side; a global threshold on the whole: {strong.halo}")

# The command runs the same file: imfilter pipe coins.png out.png --steps pipeline.toml
print(strong.to_toml(FOLDER / "pipeline.toml"), end="")
assert imfilter.Pipeline.from_toml(FOLDER / "pipeline.toml") == strong
