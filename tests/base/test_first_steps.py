"""What a person tries first: the message says what to write instead."""

from pathlib import Path

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over


@loop_over(
    ("call", "error", "words"),
    [
        (lambda image: imfilter.box("a.png", 3), TypeError, "got 'a.png'; imfilter.io.read(path).pixels is"),
        (lambda image: imfilter.box(Path("a.png"), 3), TypeError, "imfilter.io.read(path).pixels is"),
        (lambda image: imfilter.box(imfilter.io.Image(image), 3), TypeError, "its array is .pixels"),
        (lambda image: imfilter.correlate(image, "sobel"), TypeError, "got 'sobel'"),
        (lambda image: imfilter.resize(image, 0.5), TypeError, "got 0.5; a factor is scale=0.5"),
        (lambda image: imfilter.resize(image, (0.5, 0.5)), TypeError, "a factor is scale=(0.5, 0.5)"),
        (lambda image: imfilter.resize(image, np.float32(0.5)), TypeError, "a factor is scale=0.5"),
        (lambda image: imfilter.resize(image, np.nan), TypeError, "shape must be an integer, got nan"),
        (lambda image: imfilter.resize(image, 4, order=1), TypeError, "here it is called 'method'"),
        (lambda image: imfilter.resize(image, 4, interpolation="cubic"), TypeError, "called 'method'"),
        (lambda image: imfilter.resize(image, 4, method="bicubic"), ValueError, "here it is called 'cubic'"),
        (lambda image: imfilter.resize(image, 4, method="Cubic"), ValueError, "did you mean 'cubic'?"),
        (lambda image: imfilter.harris(image[None]), ValueError, "with imfilter.color.rgb_to_gray"),
        (lambda image: imfilter.io.read(None), TypeError, "or a file open for reading, got None"),
        (lambda image: imfilter.io.read(b"a.png"), TypeError, "or a file open for reading, got b'a.png'"),
        (lambda image: imfilter.io.write("a.png", image), TypeError, "use imfilter.io.Image(array)"),
        (
            lambda image: imfilter.io.write("a.png", [[1], [1, 2]]),
            TypeError,
            "must be an Image, got [[1], [1, 2]]",
        ),
        (lambda image: imfilter.io.write("a.png", image[None]), TypeError, "use imfilter.io.Image(array)"),
        (
            lambda image: imfilter.io.write("a.png", np.zeros((4, 5, 3))),
            TypeError,
            "got ndarray of shape (4, 5, 3); use imfilter.io.Image(array, channels=True)",
        ),
        (
            lambda image: imfilter.io.write("a.png", imfilter.io.Image(np.zeros((4, 5, 3), np.uint8))),
            ValueError,
            "(4, 5, 3) unless its last axis is colour (--channel-axis -1, or Image(..., channels=True))",
        ),
    ],
)
def test_first_steps(call, error, words):
    with pytest.raises(error) as found:
        call(np.zeros((4, 5)))
    assert words in str(found.value)


class _Screen:
    """An object with a number of pixels."""

    pixels = 3


def test_no_wrong_advice():
    with pytest.raises(TypeError) as found:
        imfilter.bilateral(np.zeros((4, 5)), order=1)
    assert "method" not in str(found.value)
    with pytest.raises(TypeError) as found:
        imfilter.box(_Screen(), 3)
    assert ".pixels" not in str(found.value)
