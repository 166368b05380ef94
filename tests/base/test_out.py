"""`out`: returned, filled, and free to be the image or to overlap it."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

CALLS = {
    "3x3": lambda x, **run: imfilter.correlate(x, np.arange(9.0).reshape(3, 3) / 7 - 0.3, **run),
    "9x4": lambda x, **run: imfilter.convolve(x, np.sin(np.arange(36.0)).reshape(9, 4), mode="wrap", **run),
    "61x61": lambda x, **run: imfilter.correlate(x, np.sin(np.arange(3721.0) ** 1.3).reshape(61, 61), **run),
    "rank 1": lambda x, **run: imfilter.correlate(x, np.outer(np.arange(1.0, 16), np.arange(2.0, 17)), **run),
    "pointwise": lambda x, **run: imfilter.correlate(x, [[2.0]], bias=1.0, **run),
    "separable": lambda x, **run: imfilter.correlate(
        x, [np.arange(1.0, 8), np.arange(1.0, 5)], mode="edge", **run
    ),
    "gaussian": lambda x, **run: imfilter.gaussian(x, 1.5, **run),
    "gaussian of columns": lambda x, **run: imfilter.gaussian(x, (1.5, 0), **run),
    "gaussian 0": lambda x, **run: imfilter.gaussian(x, 0, **run),
    "box": lambda x, **run: imfilter.box(x, 7, **run),
    "sobel": lambda x, **run: imfilter.sobel(x, **run),
    "sobel axis": lambda x, **run: imfilter.sobel(x, axis=0, **run),
    "laplacian": lambda x, **run: imfilter.laplacian(x, **run),
    "sharpen": lambda x, **run: imfilter.sharpen(x, **run),
    "log": lambda x, **run: imfilter.laplacian_of_gaussian(x, 1.0, **run),
    "dog": lambda x, **run: imfilter.difference_of_gaussians(x, 1.0, **run),
    "unsharp": lambda x, **run: imfilter.unsharp_mask(x, 1.0, **run),
    "median": lambda x, **run: imfilter.median(x, 5, **run),
    "median of 19": lambda x, **run: imfilter.median(x, 19, **run),
    "minimum": lambda x, **run: imfilter.minimum(x, (4, 9), **run),
    "gradient": lambda x, **run: imfilter.gaussian_gradient_magnitude(x, 1.0, **run),
}


def picture(shape, dtype="float32"):
    values = np.random.default_rng(0).integers(0, 256, shape)
    return values.astype(dtype)


def overlaps(shape):
    """(image, out) views of one buffer, in the ways that views overlap."""
    rows, columns = shape
    frame = picture((rows + 2, columns + 3))
    yield "the image itself", frame[:rows, :columns], lambda f: f[:rows, :columns]
    yield "one row later", frame[:rows, :columns], lambda f: f[1 : rows + 1, :columns]
    yield "one row earlier", frame[1 : rows + 1, :columns], lambda f: f[:rows, :columns]
    yield "one column later", frame[:rows, :columns], lambda f: f[:rows, 1 : columns + 1]
    yield "diagonally", frame[2:, 3:], lambda f: f[:rows, :columns]
    yield "reversed", frame[:rows, :columns], lambda f: f[:rows, :columns][::-1]
    yield "turned round", frame[:rows, :columns], lambda f: f[:rows, :columns][::-1, ::-1]
    yield "mirrored", frame[:rows, :columns], lambda f: f[1 : rows + 1, :columns][:, ::-1]


@loop_over("workers", [1, 2])
@loop_over("shape", [(40, 70), (700, 411), (1, 300), (64, 64)])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.slow
def test_overlap(name, shape, workers):
    if name == "61x61" and shape[0] > 100:
        shape = (150, 170)  # as good for the purpose, and quicker
    for label, view, out_of in overlaps(shape):
        expected = CALLS[name](view.copy(), workers=workers)
        out = out_of(view.base)
        assert shape[0] == 1 or np.shares_memory(out, view)
        assert CALLS[name](view, out=out, workers=workers) is out
        np.testing.assert_array_equal(out, expected, err_msg=label)


@pytest.mark.parametrize("name", CALLS)
def test_a_square_image_and_its_transpose(name):
    image = picture((50, 50))
    expected = CALLS[name](image.copy())
    CALLS[name](image, out=image.T)
    np.testing.assert_array_equal(image.T, expected)


@pytest.mark.parametrize("name", CALLS)
def test_integers_in_place(name):
    image = picture((33, 90), "uint8")
    expected = CALLS[name](image.copy(), dtype="uint8")
    assert CALLS[name](image, out=image) is image
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("name", CALLS)
def test_out_in_the_same_buffer_with_another_type(name):
    """Bytes of the buffer are read as uint8 and written as float32."""
    raw = np.zeros(30 * 80 * 4, np.uint8)
    raw[: 30 * 80] = picture(30 * 80, "uint8")
    image = raw[: 30 * 80].reshape(30, 80)
    expected = CALLS[name](image.copy(), dtype="float32")
    out = raw.view(np.float32).reshape(30, 80)
    CALLS[name](image, out=out)
    np.testing.assert_array_equal(out, expected)


def test_strided_results_in_the_image():
    image = picture((41, 60))
    expected = imfilter.correlate(image.copy(), np.ones((3, 3)), stride=2)
    out = image[: expected.shape[0], : expected.shape[1]]
    imfilter.correlate(image, np.ones((3, 3)), stride=2, out=out)
    np.testing.assert_array_equal(out, expected)


def test_padding_grows_the_result():
    image = picture((9, 30))
    out = np.empty((13, 34), np.float32)
    assert imfilter.correlate(image, np.ones((3, 3)), padding=3, out=out) is out
    np.testing.assert_array_equal(out, imfilter.correlate(image, np.ones((3, 3)), padding=3))


def test_volumes_and_signals_in_place():
    for shape in [(5000,), (12, 17, 19), (4, 12, 17, 3)]:
        image = picture(shape)
        axes = (1, 2) if len(shape) == 4 else None
        expected = imfilter.gaussian(image.copy(), 1.0, axes=axes)
        assert imfilter.gaussian(image, 1.0, axes=axes, out=image) is image
        np.testing.assert_array_equal(image, expected)
