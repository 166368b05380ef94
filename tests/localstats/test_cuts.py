"""A result depends on its window only: a part of an image gives the bits of the whole."""

import dataclasses

import numpy as np
import pytest

import imfilter
from imfilter import io, threshold
from imfilter._cli import strips
from tests.looping import loop_over

DTYPES = ("u1", "i2", "u4", "i8", "f4", "f8")
FUNCTIONS = (imfilter.local_variance, imfilter.local_std, threshold.niblack)


def picture(dtype, shape):
    values = np.random.default_rng(3).normal(100, 30, shape)
    values[shape[0] // 2 :] += 20
    return (values * (1 if np.dtype(dtype).itemsize == 1 else 1 / 3)).clip(0, 250).astype(dtype)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "dtype"), [(imfilter.local_std, dtype) for dtype in DTYPES] + [(threshold.niblack, "f4")]
)
@loop_over("size", [(5, 4), (11, 3), (1, 9)])
def test_cuts_between_rows_and_columns(function, dtype, size):
    image = picture(dtype, (41, 53))
    there = np.random.default_rng(4).random(image.shape) < 0.995
    for given in ({}, {"mask": there}, {"mask": np.where(there, 1.0, 0.5)}):
        expected = function(image, size, **given)
        for axis, step in ((0, 3), (1, 7)):
            before, after = size[axis] // 2, (size[axis] - 1) // 2
            for cut in range(before, image.shape[axis] - after, step):
                # The samples of the windows of some rows, from the row `cut` on.
                stop = min(cut + 6, image.shape[axis] - after)
                part, inside, rows = ([slice(None)] * 2 for _ in range(3))
                part[axis], rows[axis] = slice(cut - before, stop + after), slice(cut, stop)
                inside[axis] = slice(before, before + stop - cut)
                own = {name: value[tuple(part)] for name, value in given.items()}
                found = function(image[tuple(part)], size, **own)
                np.testing.assert_array_equal(found[tuple(inside)], expected[tuple(rows)])


def test_gaussians_and_footprints_cut_at_every_row():
    image, there = picture("f4", (30, 33)), np.random.default_rng(4).random((30, 33)) < 0.97
    windows = ({"window": "gaussian", "sigma": 0.8}, 4), ({"footprint": [[0, 1, 1], [1, 1, 0]]}, 1)
    for given, reach in windows:
        for whole in (None, there):
            expected = imfilter.local_std(image, mask=whole, **given)
            for cut in range(reach, 28):
                mask = None if whole is None else whole[cut - reach :]
                found = imfilter.local_std(image[cut - reach :], mask=mask, **given)
                np.testing.assert_array_equal(found[reach:], expected[cut:])


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_a_mask_of_ones_where_it_is_full_changes_no_bit(dtype):
    image, there = picture(dtype, (40, 45)), np.ones((40, 45), bool)
    there[20, 22] = False
    for size in (3, 7):
        near = np.zeros(image.shape, bool)
        near[20 - size // 2 : 21 + size // 2, 22 - size // 2 : 23 + size // 2] = True
        for function in FUNCTIONS:
            found, expected = function(image, size, mask=there), function(image, size)
            np.testing.assert_array_equal(found[~near], expected[~near])


@pytest.mark.parametrize("name", ["std", "variance"])
def test_bands_of_the_commands(tmp_path, name, monkeypatch):
    image, function = picture("f8", (37, 40)), getattr(imfilter, f"local_{name}")
    np.save(tmp_path / "in.npy", image)
    whole, rows = io.read(tmp_path / "in.npy"), strips.Rows(37, 2, 2)
    expected, heights = function(image, 5), set()

    def work(piece):
        heights.add(len(piece.pixels))
        return dataclasses.replace(piece, pixels=function(piece.pixels, 5, axes=(0, 1)))

    for height in range(1, 20):
        monkeypatch.setattr(strips, "_BAND", height * image[0].nbytes)
        found = strips.filtered(whole, rows, work).pixels
        np.testing.assert_array_equal(found.reshape(image.shape), expected)
    assert len(heights) > 9
