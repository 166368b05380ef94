"""A small network that nobody trained by descent: fitted kernels, pooling, a linear classifier; it reads digits.

Each of ten kernels of 3x3 is fitted to answer 1 all over the pictures of one digit and 0 on all others, by
least squares. One neighbourhood cannot tell that, but how often and where it nearly can says much.
Needs scikit-learn (`pip install "imfilter[sklearn]"`), which brings the pictures.
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
pictures = (data.images / 16).astype(np.float32)
learn, test, learn_digit, test_digit = train_test_split(
    pictures, data.target, test_size=0.4, random_state=0, stratify=data.target
)

# Targets have a channel for each digit: a plane of ones in its own, zeros in the others.
goals = np.zeros((*learn.shape, 10), np.float32)
goals[np.arange(len(learn)), :, :, learn_digit] = 1
fitted = imfilter.fit_kernel(learn[..., None], goals, 3, axes=(1, 2), channel_axis=-1, mode="zero")
weight = fitted.kernel.astype(np.float32)  # (10 outputs, 1 input, 3, 3)


def features(images: np.ndarray) -> np.ndarray:
    """Return what the layers make of pictures: convolution, absolute value, pooling, flatten."""
    answers = np.abs(layers.conv(images[:, None], weight, padding=1))
    return imfilter.max_pool(answers, 2, axes=(2, 3)).reshape(len(images), -1)


for name, make in (("pixels", lambda images: images.reshape(len(images), -1)), ("network", features)):
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=3000))
    classifier.fit(make(learn), learn_digit)
    score = classifier.score(make(test), test_digit)
    print(f"{name}: {100 * score:.1f} % right of {len(test)} digits that were not learned from")
