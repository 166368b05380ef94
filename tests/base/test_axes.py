"""Which axes are filtered: all, those named, all but the colour axis; the other axes are batch axes."""

import itertools

import numpy as np
import pytest

import imfilter
from tests import photos
from tests.looping import loop_over
from tests.reference import naive

KERNELS = {
    1: np.array([1.0, 3, -2]),
    2: np.array([[1.0, 2, 0.5, 1], [0, -1, 3, 2], [2, 1, 1, -4]]),
    3: np.arange(30.0).reshape(2, 3, 5) - 9,
}


def one_by_one(image, axes, function):
    """Filter each batch element by itself, its axes in the order given."""
    moved = np.moveaxis(image, axes, range(-len(axes), 0))
    batch = moved.shape[: moved.ndim - len(axes)]
    parts = np.array([function(moved[at]) for at in np.ndindex(*batch)])
    return np.moveaxis(parts.reshape(batch + parts.shape[1:]), range(-len(axes), 0), axes)


SHAPES = {1: (17,), 2: (9, 23), 3: (5, 8, 11), 4: (2, 7, 9, 3), 5: (2, 3, 6, 5, 4)}


@pytest.mark.parametrize("ndim", SHAPES)
@pytest.mark.slow
def test_any_axes_in_any_order(ndim):
    rng = np.random.default_rng(ndim)
    image = rng.normal(size=SHAPES[ndim])
    for count in range(1, min(ndim, 3) + 1):
        kernel = KERNELS[count]
        parts = [rng.normal(size=k) for k in (3, 4, 2)[:count]]
        for axes in itertools.permutations(range(ndim), count):
            for given in (kernel, parts):
                expected = one_by_one(
                    image, axes, lambda part, given=given: naive.correlate(part, given, mode="wrap")
                )
                result = imfilter.correlate(image, given, axes=axes, mode="wrap")
                assert result.shape == expected.shape
                np.testing.assert_allclose(result, expected, rtol=0, atol=1e-11, err_msg=str(axes))
            negative = tuple(a - ndim for a in axes)
            found = imfilter.correlate(image, kernel, axes=negative, mode="wrap")
            np.testing.assert_array_equal(found, imfilter.correlate(image, kernel, axes=axes, mode="wrap"))


@pytest.mark.parametrize("ndim", SHAPES)
def test_options_follow_the_order_of_axes(ndim):
    """Stride, dilation and padding have one entry for each filtered axis, in the order of `axes`."""
    image = np.random.default_rng(ndim).normal(size=SHAPES[ndim])
    for count in range(1, min(ndim, 3) + 1):
        options = {
            "stride": (2, 1, 3)[:count],
            "dilation": (1, 2, 1)[:count],
            "padding": [(2, 1), (0, 7), 4][:count],
        }
        for axes in itertools.permutations(range(ndim), count):
            kernel = KERNELS[count]
            expected = one_by_one(
                image, axes, lambda part, k=kernel, o=options: naive.correlate(part, k, **o)
            )
            result = imfilter.correlate(image, kernel, axes=axes, **options)
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-11, err_msg=str(axes))


def test_one_axis_as_a_number():
    image = np.random.default_rng(0).normal(size=(5, 6, 7))
    for axis in range(-3, 3):
        np.testing.assert_array_equal(
            imfilter.correlate(image, [1.0, 2, 3], axes=axis),
            imfilter.correlate(image, [1.0, 2, 3], axes=(axis,)),
        )


@loop_over("dtype", ["uint8", "float32", "float64"])
@loop_over("channels", [1, 2, 3, 4, 7])
@loop_over("channel_axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.slow
def test_channels_are_not_mixed(channel_axis, channels, dtype):
    grey = [
        photos.photo("coins")[5 * c : 60 + 5 * c, 3 * c : 91 + 3 * c].astype(dtype) for c in range(channels)
    ]
    image = np.stack(grey, axis=channel_axis)
    for call in (
        lambda x, **run: imfilter.correlate(x, KERNELS[2], **run),
        lambda x, **run: imfilter.correlate(x, KERNELS[2], stride=(2, 3), dilation=2, **run),
        lambda x, **run: imfilter.correlate(x, [np.arange(1.0, 6), np.arange(3.0)], **run),
        lambda x, **run: imfilter.gaussian(x, (1.0, 2.5), **run),
        lambda x, **run: imfilter.box(x, (5, 3), mode="constant", cval=9.0, **run),
        lambda x, **run: imfilter.sobel(x, **run),
        lambda x, **run: imfilter.laplacian(x, diagonals=True, **run),
        lambda x, **run: imfilter.difference_of_gaussians(x, 1.0, **run),
        lambda x, **run: imfilter.unsharp_mask(x, **run),
    ):
        result = call(image, channel_axis=channel_axis)
        expected = np.stack([call(part) for part in grey], axis=channel_axis)
        np.testing.assert_array_equal(result, expected)


def test_channel_axis_of_a_volume():
    image = np.random.default_rng(1).normal(size=(3, 6, 7, 8)).astype(np.float32)
    for axis in range(4):
        arranged = np.moveaxis(image, 0, axis)
        result = imfilter.correlate(arranged, KERNELS[3], channel_axis=axis)
        for channel in range(3):
            np.testing.assert_array_equal(
                np.take(result, channel, axis), imfilter.correlate(image[channel], KERNELS[3])
            )


def test_channels_are_never_guessed():
    """(H, W, 3) without channel_axis is a volume."""
    image = photos.photo("astronaut")[:40, :50].astype(float)
    assert np.ptp(imfilter.gaussian(image, 2.0), axis=2).max() < np.ptp(image, axis=2).max() / 2
    with pytest.raises(ValueError, match="kernel"):
        imfilter.correlate(image, np.ones((3, 3)))


def test_a_batch_and_channels_together():
    frames = np.stack([photos.photo("chelsea")[y : y + 30, 9 * y : 9 * y + 50] for y in range(4)])
    result = imfilter.gaussian(frames, 1.5, axes=(1, 2), channel_axis=-1)
    for frame, expected in zip(frames, result, strict=True):
        np.testing.assert_array_equal(imfilter.gaussian(frame, 1.5, channel_axis=-1), expected)


def test_sigma_follows_the_order_of_axes():
    image = np.random.default_rng(2).normal(size=(4, 20, 30))
    forward = imfilter.gaussian(image, (1.0, 3.0), axes=(1, 2))
    np.testing.assert_allclose(imfilter.gaussian(image, (3.0, 1.0), axes=(2, 1)), forward, rtol=0, atol=1e-13)
    for part, result in zip(image, forward, strict=True):
        np.testing.assert_allclose(result, naive.gaussian(part, (1.0, 3.0)), rtol=0, atol=1e-12)


def test_the_axis_of_a_derivative_counts_in_the_image():
    image = np.random.default_rng(3).normal(size=(3, 12, 15))
    result = imfilter.sobel(image, axis=2, axes=(1, 2))
    np.testing.assert_allclose(result[1], naive.derivative("sobel", image[1], 1), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(imfilter.sobel(image, axis=-1, axes=(1, 2)), result)
    colour = np.moveaxis(image, 0, -1)
    np.testing.assert_array_equal(
        imfilter.sobel(colour, axis=1, channel_axis=-1),
        np.moveaxis(imfilter.sobel(image, axis=2, axes=(1, 2)), 0, -1),
    )


def test_batches_of_single_samples():
    image = np.random.default_rng(4).normal(size=(1, 1, 9, 1))
    expected = naive.correlate(image[0, 0, :, 0], [1.0, 2, 3])
    np.testing.assert_allclose(
        imfilter.correlate(image, [1.0, 2, 3], axes=2)[0, 0, :, 0], expected, atol=1e-13
    )
    # All four axes have one sample or none to spare: filtered where the border pattern repeats.
    np.testing.assert_allclose(imfilter.box(image, 3, axes=(0, 1, 3)), image, rtol=1e-14)


def test_many_small_images():
    """A batch of more elements than rows: each is right, with one worker and with two."""
    image = np.random.default_rng(5).normal(size=(500, 5, 6)).astype(np.float32)
    result = imfilter.correlate(image, KERNELS[2], axes=(1, 2), workers=2)
    np.testing.assert_array_equal(imfilter.correlate(image, KERNELS[2], axes=(1, 2), workers=1), result)
    for at in (0, 1, 249, 499):
        np.testing.assert_allclose(result[at], naive.correlate(image[at], KERNELS[2]), rtol=0, atol=1e-4)
