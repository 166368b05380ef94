"""LeNet-5 learns handwritten digits by gradient descent with momentum, in thirty lines of NumPy.

The pictures are scikit-learn's (`pip install "imfilter[sklearn]"`), 8 x 8 samples, enlarged to the 32 x 32 of
the network (LeCun, Bottou, Bengio and Haffner, 1998). It writes the kernels of the first layer and the maps
that they make of a digit.
"""

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from imfilter import io, layers, show
from imfilter.layers import Stack, networks

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
data = load_digits()  # 1797 pictures of samples from 0 to 16
order = np.random.default_rng(0).permutation(len(data.images))
pictures = np.kron(data.images[order], np.ones((4, 4)))[:, None].astype(np.float32) / 8 - 1
digits, count = data.target[order], 1400  # the first 1400 are learned, the others are held out

lenet = networks.lenet5()
scores = Stack(lenet.layers[:-1], lenet.input_shape)  # without the softmax, which is part of the loss
weights = {name: list(arrays) for name, arrays in scores.initial_weights(seed=0).items()}
speed = {name: [np.zeros_like(array) for array in arrays] for name, arrays in weights.items()}
rng, start, epochs, batch = np.random.default_rng(1), time.perf_counter(), 12, 32


def accuracy(first: int, end: int) -> float:
    """Return the part of some pictures whose digit has the largest score."""
    answers = scores.forward(pictures[first:end], weights).argmax(axis=1)
    return float((answers == digits[first:end]).mean())


for epoch in range(epochs):
    rate = 0.05 * (1 - epoch / epochs)
    shuffled = rng.permutation(count)
    for first in range(0, count, batch):
        chosen = shuffled[first : first + batch]
        loss, slope = layers.cross_entropy(scores.forward(pictures[chosen], weights), digits[chosen])
        _, gradients = scores.backward(pictures[chosen], weights, slope)
        for name, arrays in gradients.items():
            for array, moved, gradient in zip(weights[name], speed[name], arrays, strict=True):
                moved *= 0.9
                moved -= rate * gradient
                array += moved
    print(f"epoch {epoch + 1}: {accuracy(0, count):.1%} of the learned digits, {accuracy(count, len(digits)):.1%} of the others")
print(f"{time.perf_counter() - start:.0f} seconds")
