"""A small network without training: fitted kernels, pooling and a linear classifier read digits.

Each of ten kernels is fitted to answer 1 all over the pictures of one digit and 0 on all others. Needs
scikit-learn (`pip install "imfilter[sklearn]"`), which brings the pictures.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import imfilter
from imfilter import layers

data = load_digits()  # 1797 pictures of 8 x 8 samples from 0 to 16
learn, test, learn_digit, test_digit = train_test_split(
    data.images / 16, data.target, test_size=0.4, random_state=0, stratify=data.target
)
# Targets have a channel for each digit: a plane of ones in its own, zeros in the others.
goals = np.broadcast_to(np.eye(10)[learn_digit][:, None, None], (*learn.shape, 10))
fitted = imfilter.fit_kernel(learn[..., None], goals, 3, axes=(1, 2), channel_axis=-1, mode="zero")


def features(images: np.ndarray) -> np.ndarray:
    """Return what the layers make of pictures: convolution, absolute value, pooling."""
    answers = np.abs(layers.conv(images[:, None], fitted.kernel, padding=1))
    return imfilter.max_pool(answers, 2, axes=(2, 3)).reshape(len(images), -1)


for name, make in (("pixels", lambda images: images.reshape(len(images), -1)), ("network", features)):
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))
    score = classifier.fit(make(learn), learn_digit).score(make(test), test_digit)
    print(f"{name}: {100 * score:.1f} % right of {len(test)} digits that were not learned from")
