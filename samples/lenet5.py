"""LeNet-5 forward, in a page: what each layer of the first well-known convolutional network computes.

The weights are drawn at random, so that nothing is recognised; the shapes, the parameters and the order of
the layers are those of the paper (LeCun, Bottou, Bengio and Haffner, 1998), with all maps of S2 going to all
of C3.
"""

import sys
from pathlib import Path

import numpy as np

import imfilter
from imfilter import io, layers

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
rng = np.random.default_rng(0)
parameters = 0


def draw(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and a bias for each output, of about the size that keeps answers within tanh's range."""
    global parameters
    inputs = int(np.prod(shape[1:]))
    weight, bias = rng.normal(0, inputs**-0.5, shape).astype(np.float32), np.zeros(shape[0], np.float32)
    parameters += weight.size + bias.size
    return weight, bias


def tell(name: str, maps: np.ndarray) -> np.ndarray:
    """Print the shape of what a layer has computed."""
    print(f"{name:3} {'x'.join(map(str, maps.shape)):9} {parameters:6} parameters so far")
    return maps


# A digit as the paper has it: 32 x 32, the background -0.1, the pen 1.175.
picture = np.full((1, 32, 32), -0.1, np.float32)
picture[0, 6:26, 14:17] = picture[0, 6:9, 10:22] = picture[0, 23:26, 10:22] = 1.175

c1 = tell("C1", np.tanh(layers.conv(picture, *draw(6, 1, 5, 5))))
s2 = tell("S2", imfilter.avg_pool(c1, 2, channel_axis=0))
c3 = tell("C3", np.tanh(layers.conv(s2, *draw(16, 6, 5, 5))))
s4 = tell("S4", imfilter.avg_pool(c3, 2, channel_axis=0))
c5 = tell("C5", np.tanh(layers.conv(s4, *draw(120, 16, 5, 5)))).reshape(120)
weight, bias = draw(84, 120)
f6 = tell("F6", np.tanh(weight @ c5 + bias))
weight, bias = draw(10, 84)
output = tell("OUT", weight @ f6 + bias)

share = np.exp(output - output.max())
share /= share.sum()
print("shares of the ten digits:", " ".join(f"{value:.2f}" for value in share))
print(layers.networks.lenet5())

maps = np.hstack([np.pad(one, 1, constant_values=-1) for one in c1])
io.write(FOLDER / "lenet5.png", io.Image(np.rint((maps + 1) * 127.5).astype(np.uint8)))
