"""LeNet-5 forward, in a page: what each layer of the first well-known convolutional network computes.

The shapes and the order of the layers are those of the paper (LeCun, Bottou, Bengio and Haffner, 1998); the
weights are drawn at random, so that nothing is recognised.
"""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io, layers

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
rng = np.random.default_rng(0)


def draw(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and biases, of about the size that keeps answers within tanh's range."""
    return rng.normal(0, np.prod(shape[1:]) ** -0.5, shape), np.zeros(shape[0])


picture = np.full((1, 32, 32), -0.1)  # a digit as the paper has it, with a background of -0.1
picture[0, 6:26, 14:17] = picture[0, 6:9, 10:22] = picture[0, 23:26, 10:22] = 1.175

c1 = np.tanh(layers.conv(picture, *draw(6, 1, 5, 5)))
s2 = imfilter.avg_pool(c1, 2, channel_axis=0)
c3 = np.tanh(layers.conv(s2, *draw(16, 6, 5, 5)))
s4 = imfilter.avg_pool(c3, 2, channel_axis=0)
c5 = np.tanh(layers.conv(s4, *draw(120, 16, 5, 5)))
f6 = np.tanh(layers.pointwise(c5, draw(84, 120)[0]))
output = layers.pointwise(f6, draw(10, 84)[0])
for name, maps in {"C1": c1, "S2": s2, "C3": c3, "S4": s4, "C5": c5, "F6": f6, "output": output}.items():
    print(f"{name:6} {'x'.join(map(str, maps.shape)):9} from {maps.min():.2f} to {maps.max():.2f}")
print(layers.networks.lenet5())

sheet = np.hstack([np.pad(one, 1, constant_values=-1) for one in c1])
io.write(FOLDER / "lenet5.png", io.Image(np.rint((sheet + 1) * 127.5).astype(np.uint8)))
