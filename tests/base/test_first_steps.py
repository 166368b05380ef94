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
        (lambda image: imfilter.resize(image, 4, order=1), TypeError, "here it is called 'method'"),
        (lambda image: imfilter.resize(image, 4, method="bicubic"), ValueError, "here it is called 'cubic'"),
        (lambda image: imfilter.resize(image, 4, method="Cubic"), ValueError, "did you mean 'cubic'?"),
        (lambda image: imfilter.harris(image[None]), ValueError, "with imfilter.color.rgb_to_gray"),
        (lambda image: imfilter.io.read(None), TypeError, "or a file open for reading, got None"),
        (lambda image: imfilter.io.read(b"a.png"), TypeError, "or a file open for reading, got b'a.png'"),
        (lambda image: imfilter.io.write("a.png", image), TypeError, "use imfilter.io.Image(array)"),
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
