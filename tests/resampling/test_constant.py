"""The border 'constant': each result has the same bits in lines of any length, and along any axis."""

import numpy as np
import pytest

import imfilter

RNG = np.random.default_rng(41)


def noise(shape, dtype):
    """Return noise of a type."""
    return (RNG.random(shape) * 200).astype(dtype)


@pytest.mark.parametrize(("dtype", "result"), [("uint8", "float32"), ("int32", "float64"), ("float32", None)])
@pytest.mark.slow
def test_bits_do_not_depend_on_the_loop(dtype, result):
    """Lines shorter than a register have a loop of their own, and so have rows and columns.

    At the border, the only tap of a linear sum can be its reference. Then the constant's product and the
    reference are all that is added. If some loops fuse the two, the last bit differs.
    """
    image = noise((9, 70), dtype)
    for method in ("linear", "cubic"):
        for rows in (4, 14, 18, 27):
            for cval in (0.1, 3.3):
                options = {"method": method, "mode": "constant", "cval": cval, "dtype": result}
                whole = imfilter.resize(image, (rows, 70), **options)
                turned = imfilter.resize(np.ascontiguousarray(image.T), (70, rows), **options)
                np.testing.assert_array_equal(turned, whole.T)
                for width in (1, 3, 5, 9, 33):
                    part = np.ascontiguousarray(image[:, :width])
                    found = imfilter.resize(part, (rows, width), **options)
                    np.testing.assert_array_equal(found, whole[:, :width], err_msg=f"{options}, {width}")
