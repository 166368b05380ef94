"""What the LeNet-5 of `train_lenet5.py` looks at: saliency, models of the classes, and nearest neighbours.

The saliency of a digit is the absolute gradient of its score. The model of a class is a picture with a high
score. Neighbours are searched in pixels and in 84 features. `imfilter show` reads lenet5.npz and digit.png.
"""

import numpy as np
from train_lenet5 import COUNT, FOLDER, digits, network, pictures, right, weights

import imfilter
from imfilter import io, show

NAMES = "weight", "bias"
np.savez(
    FOLDER / "lenet5.npz", **{f"{k}.{n}": a for k in weights for n, a in zip(NAMES, weights[k], strict=True)}
)
tested = COUNT + np.flatnonzero(right[COUNT:])[:8]  # held out digits that are recognised
io.write(FOLDER / "digit.png", io.Image(np.rint((pictures[tested[0], 0] + 1) * 127.5).astype(np.uint8)))
saliency = np.stack([show.saliency(network, weights, pictures[i], int(digits[i])) for i in tested])
near = imfilter.maximum(pictures[tested, 0], 5, axes=(1, 2)) > -1  # the ink and two pixels around it
shares = (saliency * near).sum(axis=(1, 2)) / saliency.sum(axis=(1, 2))
print(f"saliency on the digits: {shares.mean():.0%}, which are {near.mean():.0%} of the pixels")
sheet = np.concatenate([pictures[tested, 0] + 1, saliency / saliency.max(axis=(1, 2), keepdims=True)])
sheet = show.feature_maps(sheet, columns=8, labels=False, scale="each", pixels=96)
io.write(FOLDER / "saliency.png", io.Image(sheet, channels=True))

models = np.stack([show.class_model(network, weights, digit, steps=100, blur=1.5) for digit in range(10)])
found = network.forward(models, weights).argmax(axis=1)
print(f"classes of the models: {' '.join(map(str, found))}")
sheet = show.feature_maps(models[:, 0], columns=5, scale="each")
io.write(FOLDER / "class_models.png", io.Image(sheet, channels=True))

features = show.embed(network, weights, pictures)
for name, points in (("pixels", pictures.reshape(len(pictures), -1)), ("features", features)):
    distances = (points[:COUNT] ** 2).sum(axis=1) - 2 * points[COUNT:] @ points[:COUNT].T  # squared
    same = digits[distances.argmin(axis=1)] == digits[COUNT:]
    print(f"nearest neighbour in {name}: the same digit for {same.mean():.1%} of the held out digits")
    closest = np.concatenate([[i, *distances[i - COUNT].argsort()[:7]] for i in tested[:4]])
    sheet = show.feature_maps(pictures[closest, 0], columns=8, labels=False, pixels=64)
    io.write(FOLDER / f"neighbours_{name}.png", io.Image(sheet, channels=True))
