"""The result is bit-identical for any memory layout, any number of workers and any split of the image."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

CALLS = {
    "3x3": lambda x, **run: imfilter.correlate(x, np.arange(9.0).reshape(3, 3) / 7 - 0.3, **run),
    "4x5 strided": lambda x, **run: imfilter.correlate(
        x, np.arange(20.0).reshape(4, 5) / 7, stride=(2, 3), **run
    ),
    "5x5 dilated": lambda x, **run: imfilter.convolve(
        x, np.arange(25.0).reshape(5, 5) / 9, dilation=(3, 2), **run
    ),
    "15x15": lambda x, **run: imfilter.correlate(x, np.sin(np.arange(225.0)).reshape(15, 15), **run),
    "61x61": lambda x, **run: imfilter.correlate(x, np.sin(np.arange(3721.0) ** 1.3).reshape(61, 61), **run),
    "separable": lambda x, **run: imfilter.correlate(x, [np.arange(1.0, 8), np.arange(1.0, 5)], **run),
    "rank 1": lambda x, **run: imfilter.correlate(x, np.outer(np.arange(1.0, 16), np.arange(2.0, 17)), **run),
    "gaussian": lambda x, **run: imfilter.gaussian(x, 1.5, **run),
    "gaussian 12": lambda x, **run: imfilter.gaussian(x, 12, **run),
    "box": lambda x, **run: imfilter.box(x, (5, 15), **run),
    "sobel": lambda x, **run: imfilter.sobel(x, **run),
    "laplacian": lambda x, **run: imfilter.laplacian(x, **run),
    "dog": lambda x, **run: imfilter.difference_of_gaussians(x, 1.0, **run),
    "unsharp": lambda x, **run: imfilter.unsharp_mask(x, 1.0, **run),
    "median": lambda x, **run: imfilter.median(x, (3, 5), **run),
    "median of 16": lambda x, **run: imfilter.median(x, 16, **run),
    "maximum": lambda x, **run: imfilter.maximum(x, (7, 2), **run),
}
DTYPES = ("uint8", "uint16", "float32", "float64")


def picture(dtype, shape=(61, 133), seed=0):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def misaligned(image):
    """The same array at an address that is no multiple of its item size."""
    raw = np.empty(image.nbytes + 1, np.uint8)
    view = (
        raw[1:].view(image.dtype)
        if image.itemsize == 1
        else np.ndarray(image.shape, image.dtype, raw, offset=1)
    )
    view = view.reshape(image.shape)
    view[...] = image
    return view


def read_only(image):
    image = image.copy()
    image.flags.writeable = False
    return image


def inside(image):
    frame = np.zeros([n + 6 for n in image.shape], image.dtype)
    view = frame[(slice(2, -4),) * image.ndim]
    view[...] = image
    return view


def every_third(image):
    frame = np.zeros([3 * n for n in image.shape], image.dtype)
    view = frame[(slice(None, None, 3),) * image.ndim]
    view[...] = image
    return view


def repeated(image):
    """A view that reads the same memory again (stride 0) along a new first axis."""
    return np.broadcast_to(image, (2, *image.shape))[1]


LAYOUTS = {
    "fortran": np.asfortranarray,
    "sliced": inside,
    "strided": every_third,
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "reversed rows": lambda x: x[::-1].copy()[::-1],
    "reversed columns": lambda x: x[:, ::-1].copy()[:, ::-1],
    "read-only": read_only,
    "transposed": lambda x: x.T.copy().T,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "misaligned": misaligned,
    "subclass": lambda x: x.view(type("Sub", (np.ndarray,), {})),
    "broadcast": repeated,
    "buffer": lambda x: np.frombuffer(bytearray(x.tobytes()), x.dtype).reshape(x.shape),
}


@pytest.mark.slow
@loop_over("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_layouts(name, dtype):
    image = picture(dtype)
    expected = CALLS[name](image)
    for layout, arrange in LAYOUTS.items():
        given = arrange(image)
        before = given.copy()
        result = CALLS[name](given)
        assert type(result) is np.ndarray, layout
        assert result.dtype == expected.dtype, layout
        np.testing.assert_array_equal(result, expected, err_msg=layout)
        np.testing.assert_array_equal(given, before, err_msg=f"{layout}: the image was written to")


@pytest.mark.parametrize("name", CALLS)
def test_layouts_of_out(name):
    image = picture("float32")
    expected = CALLS[name](image)
    frames = {
        "fortran": np.empty(expected.shape, np.float32, order="F"),
        "sliced": inside(np.zeros_like(expected)),
        "strided": every_third(np.zeros_like(expected)),
        "reversed": np.empty_like(expected)[::-1, ::-1],
        "transposed": np.empty(expected.shape[::-1], np.float32).T,
        "misaligned": misaligned(np.zeros_like(expected)),
        "big-endian": np.empty(expected.shape, ">f4"),
    }
    for layout, out in frames.items():
        assert CALLS[name](image, out=out) is out, layout
        np.testing.assert_array_equal(out, expected, err_msg=layout)
    frame = np.full([n + 6 for n in expected.shape], 7, np.float32)
    CALLS[name](image, out=frame[2:-4, 2:-4])
    frame[2:-4, 2:-4] = 7
    assert (frame == 7).all(), "written outside of out"


@pytest.mark.slow
@loop_over("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_workers(name, dtype):
    """An image of several bands, whose rows do not divide evenly."""
    image = picture(dtype, (517, 1203))
    expected = CALLS[name](image, workers=1)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(CALLS[name](image, workers=workers), expected, err_msg=str(workers))
    with imfilter.set_workers(2):
        np.testing.assert_array_equal(CALLS[name](image), expected)
    np.testing.assert_array_equal(CALLS[name](image), expected)


@pytest.mark.parametrize("shape", [(500, 3000), (3000, 50), (3, 20011), (40011, 3)], ids=str)
def test_large_images(shape):
    """Several bands and several tiles along a row: in any layout, by any number of workers."""
    image = picture("float32", shape)
    for name in ("3x3", "15x15", "separable", "gaussian", "sobel"):
        expected = CALLS[name](image, workers=1)
        for given in (image, np.asfortranarray(image), image[::-1, ::-1].copy()[::-1, ::-1]):
            np.testing.assert_array_equal(CALLS[name](given, workers=2), expected, err_msg=name)


@pytest.mark.parametrize("name", [n for n in CALLS if n not in ("61x61", "4x5 strided")])
@loop_over("dtype", ["float32", "uint8"])
def test_where_the_image_lies_does_not_matter(name, dtype):
    """A crop filtered alone equals the crop of the whole, away from its border."""
    image = picture(dtype, (160, 330))
    whole, part = CALLS[name](image), CALLS[name](image[11:149, 7:301])
    margin = 49
    np.testing.assert_array_equal(
        part[margin:-margin, margin:-margin],
        whole[11 + margin : 149 - margin, 7 + margin : 301 - margin],
    )


def test_signals_and_volumes():
    line, volume = picture("float32", (100_003,)), picture("float32", (23, 37, 41))
    for image in (line, volume):
        for kernel in (np.arange(1.0, 4), np.arange(1.0, 6)):
            parts = [kernel] * image.ndim
            expected = imfilter.correlate(image, parts, workers=1)
            dense = kernel if image.ndim == 1 else kernel[:, None, None] + kernel[:, None] * kernel**0.5
            full = imfilter.correlate(image, dense, workers=1)
            arranged = [
                np.asfortranarray(image),
                image[::-1].copy()[::-1],
                misaligned(image),
                image.astype(">f4"),
            ]
            for given in arranged:
                for workers in (1, 2, 3):
                    np.testing.assert_array_equal(imfilter.correlate(given, parts, workers=workers), expected)
                    np.testing.assert_array_equal(imfilter.correlate(given, dense, workers=workers), full)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_an_axis_of_one_sample_may_have_any_stride(dtype):
    """NumPy calls such an array contiguous."""
    column = (np.arange(40) % 7).astype(dtype)
    odd = np.lib.stride_tricks.as_strided(column, (40, 1), (column.itemsize, 4096))
    plain = column[:, np.newaxis].copy()
    assert odd.flags.c_contiguous
    for size in (3, 9):
        np.testing.assert_array_equal(imfilter.box(odd, size), imfilter.box(plain, size))
    volume = np.lib.stride_tricks.as_strided(column, (5, 8, 1), (8 * column.itemsize, column.itemsize, 4096))
    np.testing.assert_array_equal(
        imfilter.gaussian(volume, 1.0), imfilter.gaussian(plain.reshape(5, 8, 1), 1.0)
    )
