"""Pooling of whole images and of pyramids of cells, against plain loops."""

import numpy as np
import pytest

import imfilter
from tests import photos
from tests.looping import loop_over
from tests.reference import pools
from tests.reference.pools import close, picture


@loop_over("reduce", ["mean", "max", "min"])
@loop_over("dtype", ["bool", "uint8", "int16", "int64", "float16", "float32", ">f8"])
def test_global_pool(reduce, dtype):
    image = picture(dtype, (2, 9, 13, 3))
    for axes in ((0, 1, 2), (1, 2), (2, 3), (3,), (1,)):
        shape = [image.shape[a] for a in axes]
        tables = [pools.cells(n, 1) for n in shape]
        expected = pools.reduced(image, axes, tables, reduce).squeeze(axes)
        result = imfilter.global_pool(image, reduce, axes=axes)
        assert result.dtype == image.dtype.newbyteorder("=")
        close(result, expected)
        out = np.empty(expected.shape, dtype)
        assert imfilter.global_pool(image, reduce, axes=axes, out=out) is out
        np.testing.assert_array_equal(out, result)
    whole = imfilter.global_pool(image[0, :, :, 0], reduce)
    assert isinstance(whole, np.ndarray)
    assert whole.shape == ()
    assert imfilter.global_pool(image[0], channel_axis=-1).shape == (3,)


@pytest.mark.parametrize("reduce", ["max", "mean", "min"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_pyramid_pool(reduce, dtype):
    for shape in ((13, 13), (5, 31), (1, 4), (3, 2)):
        image = picture(dtype, shape)
        result = imfilter.pyramid_pool(image, reduce=reduce)
        assert result.shape == (21,)
        close(result, pools.pyramid(image, (1, 2, 4), reduce))
        levels = ((1, 3), 2, (7, 1))
        close(imfilter.pyramid_pool(image, levels, reduce), pools.pyramid(image, levels, reduce))
    volume = picture(dtype, (5, 9, 7))
    close(imfilter.pyramid_pool(volume, (1, 3), reduce), pools.pyramid(volume, (1, 3), reduce))
    line = picture(dtype, (777,))
    close(imfilter.pyramid_pool(line, 5, reduce), pools.pyramid(line, (5,), reduce))
    batch = picture(dtype, (2, 5, 9, 11))
    expected = pools.pyramid(batch, (1, 2, 4), reduce, (2, 3))
    result = imfilter.pyramid_pool(batch, reduce=reduce, axes=(2, 3))
    assert result.shape == (2, 5, 21)
    close(result, expected)
    behind = imfilter.pyramid_pool(np.moveaxis(batch[0], 0, -1), reduce=reduce, channel_axis=-1)
    np.testing.assert_array_equal(behind, result[0])
    # Cells in C order of the axes as they are named.
    turned = imfilter.pyramid_pool(batch, ((2, 3),), reduce, axes=(3, 2))
    close(turned, pools.pyramid(batch, ((2, 3),), reduce, (3, 2)))
    assert imfilter.pyramid_pool(batch, axes=(2, 3), dtype="float64").dtype == np.float64


def test_a_pyramid_is_as_long_for_any_image():
    for name in ("camera", "coins", "page"):
        assert imfilter.pyramid_pool(photos.photo(name), (1, 2, 3, 6)).shape == (50,)


def test_large_cells_and_signals():
    line = picture("float32", (70_001,))
    assert imfilter.global_pool(line, "max") == line.max()
    assert imfilter.global_pool(line, "min") == line.min()
    close(imfilter.avg_pool(line, 10_000), pools.pool(line, "mean", 10_000))
    np.testing.assert_array_equal(imfilter.max_pool(line, 3000, stride=2000, padding=1500),
                                  pools.pool(line, "max", 3000, stride=2000, padding=1500))  # fmt: skip
    rows = picture("uint8", (3, 5000, 3))
    for reduce, expected in (("max", rows.max(axis=(0, 1))), ("min", rows.min(axis=(0, 1)))):
        np.testing.assert_array_equal(imfilter.global_pool(rows, reduce, channel_axis=-1), expected)
    close(imfilter.global_pool(rows, channel_axis=-1), np.rint(rows.mean(axis=(0, 1))).astype(np.uint8))


@loop_over("channels", [2, 3, 5, 17, 31])
@loop_over("call", ["cells", "long", "global"])
def test_the_bits_of_a_channel_do_not_depend_on_the_others(channels, call):
    """Long windows are summed in parts, whose lengths are numbers of pixels."""
    image = np.random.default_rng(channels).normal(size=(70, 300, channels))

    def pooled(given):
        if call == "global":
            return imfilter.global_pool(given, "mean", channel_axis=-1)
        if call == "long":
            return imfilter.avg_pool(given, (2, 270), stride=1, channel_axis=-1)
        return imfilter.avg_pool(given, (3, 290), channel_axis=-1)

    alone = [pooled(image[..., i : i + 1].copy()) for i in range(channels)]
    np.testing.assert_array_equal(pooled(image), np.concatenate(alone, axis=-1))
