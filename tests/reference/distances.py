"""Distances by their definition: the nearest of all zeros, in plain loops."""

import itertools
import math

import numpy as np


def squared(image, weights):
    """The smallest squared distance of each sample to a zero, and the index of that zero.

    weights: the squared distance between neighbours along each axis. Of equal distances, the zero with the
    smallest index along the last axis counts, then along the axis before. Without zeros: infinity and -1.
    """
    ndim = image.ndim
    zeros = np.argwhere(image == 0)
    zeros = zeros[np.lexsort(zeros.T)]
    squares, nearest = np.full(image.shape, np.inf), np.full((ndim, *image.shape), -1)
    for place in itertools.product(*map(range, image.shape)) if len(zeros) else ():
        found = sum(w * (zeros[:, k] - place[k]) ** 2 for k, w in enumerate(weights))
        first = np.argmin(found)
        squares[place], nearest[(slice(None), *place)] = found[first], zeros[first]
    return squares, nearest


def rounded_root(square, dtype):
    """The root of an integer, rounded once to float32 or float64."""
    if dtype == np.float64:
        return math.sqrt(square)
    guess = np.float32(math.sqrt(square))
    around = (np.nextafter(guess, np.float32(0)), guess, np.nextafter(guess, np.float32(np.inf)))
    # The root is between the midpoints of its float and of both neighbours: all are exact in float64 squares.
    scaled = [(int(float(v) * 2**26), v) for v in around]
    root = math.isqrt(square << 104)  # in units of 2**-52
    return min(scaled, key=lambda pair: abs((pair[0] << 26) - root))[1]
