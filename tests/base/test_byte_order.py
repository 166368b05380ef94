"""The byte order of samples is how they are stored: nothing of a result depends on it."""

import numpy as np
import pytest

import imfilter
from tests import every

ONE_BYTE = ("?", "i1", "u1")
DTYPES = ("?", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g")


def swapped(array):
    """The same values in the other byte order."""
    return array.astype(array.dtype.newbyteorder("S"))


def samples(dtype, shape, seed):
    """Values that a type holds, some more than once; of 64 bits some that float64 does not hold."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        return (rng.normal(size=shape) * 20).astype(dtype)
    low, high = max(np.iinfo(dtype).min, -100), min(np.iinfo(dtype).max, 100)
    return rng.integers(low, high, shape).astype(dtype) * (3**33 if dtype.itemsize == 8 else 1)


def answer(name, image, kernel):
    """The arrays of a result, or the words of its error without the name of the type."""
    try:
        return every.arrays(every.CALLS[name](image, kernel))
    except (TypeError, ValueError) as error:
        return str(error).removesuffix(str(image.dtype))


def test_every_public_function_is_called():
    assert {name.partition(" ")[0].rstrip(",") for name in every.CALLS} - {"sklearn.HOG"} == every.public()


@pytest.mark.parametrize("dtype", ONE_BYTE)
def test_one_byte_has_no_order(dtype):
    """So functions take one such type only: bool, because some take no other type."""
    image = samples(dtype, (every.SIDE,) * 2, 1)
    assert swapped(image).dtype == image.dtype
    assert swapped(image).tobytes() == image.tobytes()


# The random weights of two types give a network whose gradient is 0.
@pytest.mark.filterwarnings("ignore:the gradient of the score is 0")
@pytest.mark.parametrize("name", every.CALLS)
@pytest.mark.slow
def test_both_byte_orders_give_the_same(name):
    refused = 0
    for number, dtype in enumerate(DTYPES):
        image, kernel = samples(dtype, (every.SIDE,) * 2, number), samples(dtype, (3, 3), number + 50)
        kernel[1, 1] = 1
        expected = answer(name, image, kernel)
        found = answer(name, swapped(image), swapped(kernel))
        if isinstance(expected, str):
            refused += 1
            assert found == expected
            continue
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert other.dtype.isnative, (dtype, other.dtype)
            assert one.dtype.str == other.dtype.str, dtype
            np.testing.assert_array_equal(one, other, err_msg=dtype)
            assert np.array_equal(np.signbit(one), np.signbit(other)) or one.dtype.kind not in "f"
    assert refused < len(DTYPES), "no type was taken"


def test_hunt_through_shapes_types_and_windows():
    """Ranks and pools of both orders, with borders of any value, seeded."""
    rng = np.random.default_rng(7)
    for _ in range(150):
        dtype = np.dtype(rng.choice([d for d in DTYPES if np.dtype(d).itemsize > 1]))
        image = samples(dtype, rng.integers(1, 12, rng.integers(1, 4)), int(rng.integers(1 << 30)))
        mode = str(rng.choice(["mirror", "symmetric", "edge", "wrap", "zero", "constant"]))
        cval = float(rng.choice([0.0, -0.0, 0.5, 7.0, -1e300, np.inf, np.nan]))
        # The sizes of `every`, because kernels are compiled for each of them.
        for filter_, size in (
            (imfilter.median, 3),
            (imfilter.median, 7),
            (imfilter.minimum, 7),
            (imfilter.maximum, 2),
        ):
            size = size if rng.random() < 0.8 else 1
            expected = filter_(image, size, mode=mode, cval=cval)
            found = filter_(swapped(image), size, mode=mode, cval=cval)
            out = np.empty(image.shape, dtype.newbyteorder("S"))
            filter_(image, size, mode=mode, cval=cval, out=out)
            assert found.dtype.str == expected.dtype.str
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(out, expected)
