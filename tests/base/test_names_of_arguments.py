"""Messages name the argument that is wrong, in the words of the function that was called."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

IMAGE = np.random.default_rng(0).random((12, 14))
CALLS = [
    (lambda: imfilter.bilateral(IMAGE, 1e9, 1.0), ValueError, "sigma_space must give a kernel of at most"),
    (
        lambda: imfilter.difference_of_gaussians(IMAGE, 1.0, 1e9),
        ValueError,
        "high must give a kernel of at most",
    ),
    (lambda: imfilter.difference_of_gaussians(IMAGE, 1e9), ValueError, "low must give a kernel of at most"),
    (lambda: imfilter.frangi(IMAGE, [1.0, 1e9]), ValueError, "sigmas must give a kernel of at most"),
    (lambda: imfilter.gaussian(IMAGE, 1e9), ValueError, "sigma must give a kernel of at most"),
    *(
        (lambda m=m: imfilter.blobs(IMAGE, 1.0, 1e9, method=m), ValueError, "max_sigma must give kernels of")
        for m in ("log", "dog", "doh")
    ),
    (
        lambda: imfilter.gabor(IMAGE, 0.2, sigma_y=1e9),
        ValueError,
        "sigma_x and sigma_y, or frequency and bandwidth, must span at most 4096 .*, got 3e.09",
    ),
    (lambda: imfilter.gabor(IMAGE, b"ab"), TypeError, "frequency must be a number, got b'ab'"),
    (lambda: imfilter.sato(IMAGE, b"ab"), TypeError, "sigmas must be a number, got b'ab'"),
    (lambda: imfilter.gaussian(IMAGE, b"ab"), TypeError, "sigma must be a number, got b'ab'"),
    (lambda: imfilter.gaussian(IMAGE, 1.0, axes=b"\0"), TypeError, "axes must be an integer, got b'.x00'"),
    *(
        (
            lambda v=v: imfilter.clahe(IMAGE, value_range=v),
            error,
            "value_range must be two numbers, the lower",
        )
        for v, error in (
            ((), ValueError),
            ((1.0, 2.0, 3.0), ValueError),
            ([["x"]], ValueError),
            ("ab", ValueError),
            ({}, TypeError),
            (1j, TypeError),
            (0.5, ValueError),
            ((2.0, 1.0), ValueError),
            (np.zeros((2, 2)), ValueError),
        )
    ),
    (lambda: imfilter.clahe(IMAGE, value_range=((1, 2), 3)), TypeError, "value_range must be a number, got"),
    (
        lambda: imfilter.local_entropy(IMAGE, value_range=(1, 2, 3)),
        ValueError,
        r"value_range must be two numbers, the lower one first, got \(1, 2, 3\)",
    ),
    *(
        (
            lambda c=c: imfilter.butterworth(IMAGE, c, kind="band"),
            ValueError,
            "cutoff must be two numbers for",
        )
        for c in (0.1, (0.1,), (0.1, 0.2, 0.3), ())
    ),
    *(
        (
            lambda c=c: imfilter.homomorphic(IMAGE, 0.2, mode="constant", cval=c),
            ValueError,
            "cval must be above -offset, -1.0, for logarithms, got",
        )
        for c in (-1.0, -5.0)
    ),
    (
        lambda: imfilter.homomorphic(IMAGE + 1, 0.2, mode="zero", offset=0.0),
        ValueError,
        "offset must be greater than 0 with mode='zero', got 0.0",
    ),
    *(
        (
            lambda f=f: f(IMAGE, np.zeros((2, 3))),
            ValueError,
            r"kernel must not be zero everywhere, got only zeros in shape \(2, 3\)",
        )
        for f in (imfilter.wiener, imfilter.richardson_lucy)
    ),
]


@loop_over("number", range(len(CALLS)))
def test_messages(number):
    call, error, message = CALLS[number]
    with pytest.raises(error, match=f"^{message}") as caught:
        call()
    assert "\n" not in str(caught.value)
