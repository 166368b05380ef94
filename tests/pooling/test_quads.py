"""Means of 2x2 samples."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over


@loop_over("dtype", ["uint8", "uint16", "float32", "float64"])
@loop_over("shape", [(2, 2), (4, 14), (7, 131), (64, 300), (3, 5, 259), (2, 520)])
def test_means_of_squares_of_two_samples(shape, dtype):
    """They have their own kernel. Integers are rounded half to even, floats are summed in float64."""
    image = (np.random.default_rng(2).random(shape) * (65535 if dtype == "uint16" else 255)).astype(dtype)
    image = image - image.dtype.type(100) if image.dtype.kind == "f" else image
    wide = image[..., : shape[-2] // 2 * 2, : shape[-1] // 2 * 2].astype(np.float64)
    rows = wide[..., ::2, :] + wide[..., 1::2, :]
    mean = (rows[..., ::2] + rows[..., 1::2]) * 0.25
    expected = mean.astype(dtype) if image.dtype.kind == "f" else np.rint(mean).astype(dtype)
    found = imfilter.avg_pool(image, 2, axes=(-2, -1))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(imfilter.avg_pool(image[..., ::-1][..., ::-1], 2, axes=(-2, -1)), expected)
    halved = imfilter.resize(image[..., : shape[-2] // 2 * 2, : shape[-1] // 2 * 2], scale=0.5, axes=(-2, -1))
    np.testing.assert_array_equal(halved, expected)


@loop_over("dtype", ["float32", "float64"])
def test_the_bits_do_not_depend_on_the_kernel(dtype):
    """Five channels have the general kernels. Samples are large, small, zero or not finite."""
    dtype = np.dtype(dtype)
    limits = np.finfo(dtype)
    special = [
        0.0,
        -0.0,
        limits.max,
        -limits.max,
        limits.smallest_normal,
        np.inf,
        -np.inf,
        np.nan,
        1.0,
        1e-30,
    ]
    for width in (2, 6, 14, 130, 522):
        image = np.random.default_rng(width).choice(special, (8, width, 1)).astype(dtype)
        image[:2] = -0.0
        image[2:4] = limits.max
        with np.errstate(all="ignore"):
            several = imfilter.avg_pool(np.repeat(image, 5, -1), 2, axes=(0, 1))
            for channels in (1, 2, 3, 4):
                pixels = np.repeat(image, channels, -1)
                found = imfilter.avg_pool(pixels, 2, axes=(0, 1))
                np.testing.assert_array_equal(found, several[..., :channels])
                np.testing.assert_array_equal(np.signbit(found), np.signbit(several[..., :channels]))
            found = imfilter.avg_pool(image[..., 0], 2)
        np.testing.assert_array_equal(found, several[..., 0])


@loop_over("dtype", ["uint8", "uint16", "float32", "float64"])
@loop_over("channels", [2, 3, 4])
def test_pixels_of_channels(channels, dtype):
    """Each channel is halved as an image of its own, and nothing beyond the result is written."""
    for width in (2, 4, 6, 8, 10, 14, 31, 66, 131, 522):
        image = np.random.default_rng(width).random((2, 6, width, channels)) * (
            65535 if dtype == "uint16" else 255
        )
        image = image.astype(dtype)
        shape = (2, 3, width // 2, channels)
        expected = [imfilter.avg_pool(image[..., k].copy(), 2, axes=(1, 2)) for k in range(channels)]
        memory = np.full(np.prod(shape) + 64, 7, dtype)
        out = memory[:-64].reshape(shape)
        assert imfilter.avg_pool(image, 2, axes=(1, 2), out=out) is out
        np.testing.assert_array_equal(out, np.stack(expected, axis=-1))
        assert (memory[-64:] == 7).all()
        wide = memory[32 : 32 + out.size].reshape(shape)  # each line follows the one before
        imfilter.avg_pool(image, 2, axes=(1, 2), out=wide, workers=2)
        np.testing.assert_array_equal(wide, np.stack(expected, axis=-1))


@loop_over("dtype", ["uint8", "float32"])
def test_volumes_batches_and_strides(dtype):
    """The rows of a plane are one task. Planes, batches, strides of rows and more threads change nothing."""
    image = (np.random.default_rng(5).random((3, 4, 10, 66)) * 255).astype(dtype)
    whole = imfilter.avg_pool(image, 2, axes=(2, 3))
    for i in range(3):
        for k in range(4):
            np.testing.assert_array_equal(whole[i, k], imfilter.avg_pool(image[i, k].copy(), 2))
    for options in ({"size": (1, 2, 2), "stride": (1, 2, 2)}, {"size": (1, 2, 2), "stride": (3, 2, 2)}):
        found = imfilter.avg_pool(image[0], **options)
        np.testing.assert_array_equal(found, whole[0, :: options["stride"][0]])
    for stride in (1, 3):
        found = imfilter.avg_pool(image[0, 0], 2, stride=(stride, 2))
        rows = range(0, 9, stride)
        np.testing.assert_array_equal(found, [imfilter.avg_pool(image[0, 0, y : y + 2], 2)[0] for y in rows])
    view = image[:, ::2, 1:9, :]
    np.testing.assert_array_equal(
        imfilter.avg_pool(view, 2, axes=(2, 3)), imfilter.avg_pool(view.copy(), 2, axes=(2, 3))
    )
    for workers in (2, 3):
        np.testing.assert_array_equal(imfilter.avg_pool(image, 2, axes=(2, 3), workers=workers), whole)


def test_lines_that_are_cut_in_pieces():
    """A line of more than 128 KB of means is several tasks."""
    line = np.random.default_rng(6).integers(0, 256, (4, 600_002)).astype(np.uint8)
    wide = line.astype(np.float64)
    rows = wide[::2] + wide[1::2]
    expected = np.rint((rows[:, ::2] + rows[:, 1::2]) / 4)
    for workers in (1, 2):
        np.testing.assert_array_equal(imfilter.avg_pool(line, 2, workers=workers), expected)


@loop_over("dtype", ["float32", "float64"])
def test_the_sign_of_zero_in_chunks_and_layouts(dtype):
    """The mean of four -0.0 is -0.0 in rows of any length, for any number of threads."""
    array = pytest.importorskip("dask.array")
    for shape in ((4, 14), (4, 14, 3)):
        image = np.full(shape, -0.0, dtype)
        chunked = array.from_array(image, chunks=(2, (2, 4, 8), *shape[2:]))
        found = [imfilter.avg_pool(image, 2, axes=(0, 1), workers=workers) for workers in (1, 2, 3)]
        found += [
            imfilter.avg_pool(image[:, :2], 2, axes=(0, 1)),
            imfilter.avg_pool(image[::-1], 2, axes=(0, 1)),
        ]
        found += [imfilter.avg_pool(chunked, 2, axes=(0, 1)).compute(scheduler="synchronous")]
        found += [imfilter.avg_pool(np.asfortranarray(image), 2, axes=(0, 1))]
        assert all((each == 0).all() and np.signbit(each).all() for each in found)
