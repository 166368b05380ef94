"""Pyramids, changes of size, template matching and integral images with the names of OpenCV."""

import cv2
import numpy as np

from tests.compat.cv2_calls import BORDERS, check, image, pick

TYPES = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


def test_halves():
    def draw(rng):
        return (image(rng, pick(rng, *TYPES)),), {"borderType": pick(rng, *BORDERS[1:])}

    check("pyrDown", draw, share=1)


def test_doubles():
    def draw(rng):
        return (image(rng, pick(rng, *TYPES)),), {}

    check("pyrUp", draw, share=1)


def test_sizes():
    def draw(rng):
        array = image(rng, pick(rng, *TYPES, np.float32))
        size = tuple(int(n) for n in rng.integers(1, 60, 2))
        options = {"interpolation": pick(rng, *range(5))}
        if not rng.integers(3):
            return (array, None), options | {
                "fx": float(rng.uniform(0.1, 3)),
                "fy": float(rng.uniform(0.1, 3)),
            }
        return (array, size), options

    check("resize", draw, share=0.4)


def test_positions_in_long_lines():
    def draw(rng):
        channels = pick(rng, (None,), (2,), (3,), (4,))
        array = image(
            rng, pick(rng, np.float32, np.float64), channels=channels, least=(4, 900), most=(9, 1200)
        )
        array = array.swapaxes(0, 1).copy() if rng.integers(2) else array
        size = tuple(int(n) for n in rng.integers(1, 1200, 2))
        return (array, size), {"interpolation": pick(rng, *range(1, 5))}

    check("resize", draw, share=0.7, count=30)


def test_whole_factors():
    def draw(rng):
        array, factors = image(rng, pick(rng, np.uint8, *TYPES)), pick(rng, (2, 2), (2, 2), (3, 3), (4, 2))
        array = np.repeat(np.repeat(array, factors[0], 0), factors[1], 1)
        array = rng.permutation(array.reshape(-1, *array.shape[2:])).reshape(array.shape)
        size = array.shape[1] // factors[1], array.shape[0] // factors[0]
        return (array, size), {"interpolation": pick(rng, cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR)}

    check("resize", draw, share=0.7, seed=1)


def test_templates():
    def draw(rng):
        dtype = pick(rng, np.uint8, np.float32)
        array = image(rng, dtype, channels=(None,), least=(20, 20), most=(40, 40))
        template = image(rng, dtype, channels=(None,), most=(12, 12))
        return (array, template, pick(rng, cv2.TM_SQDIFF, cv2.TM_CCORR, cv2.TM_CCOEFF, 5)), {}

    def terms(array, template, *rest):
        return template.size * float(np.abs(array).max()) * float(np.abs(template).max())

    check("matchTemplate", draw, share=0.6, scale=terms)


def test_integrals():
    def draw(rng):
        return (image(rng, pick(rng, *TYPES)),), {"sdepth": pick(rng, -1, -1, cv2.CV_64F, cv2.CV_32S)}

    check("integral", draw, share=0.9)
