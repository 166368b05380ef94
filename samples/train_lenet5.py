"""LeNet-5 learns handwritten digits: gradient descent with momentum, written out in NumPy.

The pictures are scikit-learn's (`pip install "imfilter[sklearn]"`), 8 x 8 samples, enlarged to the 32 x 32 of
the network (LeCun, Bottou, Bengio and Haffner, 1998).
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from imfilter import io, layers, show

FOLDER, COUNT, EPOCHS, BATCH = Path(sys.argv[1] if len(sys.argv) > 1 else "."), 1400, 6, 32
data, rng = load_digits(), np.random.default_rng(0)  # 1797 pictures with values from 0 to 16
order = rng.permutation(len(data.images))  # the first 1400 are for training, the others are held out
pictures = np.kron(data.images[order] / 8 - 1, np.ones((4, 4)))[:, None].astype(np.float32)
digits = data.target[order]
network = layers.networks.lenet5().without_softmax()  # the loss includes the softmax
weights = network.initial_weights(seed=0)
speeds = {name: [np.zeros_like(array) for array in arrays] for name, arrays in weights.items()}

for epoch in range(EPOCHS):
    for chosen in np.array_split(rng.permutation(COUNT), COUNT // BATCH):
        scores = network.forward(pictures[chosen], weights)
        loss, slope = layers.cross_entropy(scores, digits[chosen])
        gradients = network.backward(pictures[chosen], weights, slope)[1]
        for name, arrays in gradients.items():
            for array, speed, gradient in zip(weights[name], speeds[name], arrays, strict=True):
                speed *= 0.9
                speed -= 0.05 * (1 - epoch / EPOCHS) * gradient
                array += speed
    right = network.forward(pictures, weights).argmax(axis=1) == digits
    print(f"epoch {epoch + 1}: right {right[:COUNT].mean():.1%}, held out {right[COUNT:].mean():.1%}")

io.write(FOLDER / "lenet5_kernels.png", io.Image(show.kernels(weights["c1"][0]), channels=True))
maps = show.feature_maps(network.results(pictures[0], weights)["activation1"])
io.write(FOLDER / "lenet5_maps.png", io.Image(maps, channels=True))
