"""The variable IMFILTER_WORKERS in calls with the arguments of earlier ones."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over


@loop_over(
    "call",
    [
        lambda image: imfilter.box(image, 3),
        lambda image: imfilter.gaussian(image, 1, channel_axis=-1),
        lambda image: imfilter.sobel(image),
        lambda image: imfilter.median(image, 3),
        lambda image: imfilter.local_std(image, 3),
        lambda image: imfilter.max_pool(image, 2),
        lambda image: imfilter.resize(image, 5),
        lambda image: imfilter.bilateral(image, 1.0, 1.0),
        lambda image: imfilter.morphology.erosion(image),
        lambda image: imfilter.threshold.otsu(image),
        lambda image: imfilter.threshold.mean(image),
        lambda image: imfilter.series.gaussian(image, 1),
        lambda image: imfilter.series.median(image, 3),
    ],
)
@loop_over("dtype", ["u1", "f4"])
def test_a_word_that_becomes_wrong_is_an_error_of_the_same_call(monkeypatch, call, dtype):
    """A small image that is filtered again needs no second thread."""
    image = np.eye(9, dtype=dtype)
    for _ in range(3):
        call(image)
    monkeypatch.setenv("IMFILTER_WORKERS", "abc")
    with pytest.raises(ValueError, match=r"IMFILTER_WORKERS .*abc"):
        call(image)
