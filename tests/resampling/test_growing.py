"""Images that grow along rows and columns: columns are summed first, and weights repeat along a line."""

import itertools

import numpy as np
import pytest

import imfilter
from imfilter._base.keywords import Common
from imfilter._base.plan import settled
from imfilter._filters.resampling import apply, columns_first, tables
from tests.reference import resampling as loops

RNG = np.random.default_rng(37)
METHODS = ("linear", "cubic", "lanczos")
MODES = ("edge", "mirror", "wrap", "constant", "shrink")


def noise(shape, dtype):
    """Return noise of a type, over the whole range of an integer."""
    if np.dtype(dtype).kind == "f":
        return (RNG.normal(size=shape) * 100).astype(dtype)
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)


def listed(image, shape, monkeypatch, **options):
    """Return the result of lists of taps, also where weights repeat."""
    with monkeypatch.context() as patch:
        patch.setattr(columns_first.Phases, "of", lambda table: columns_first.NO_PHASES)
        apply.FAMILY.calls.clear()
        found = imfilter.resize(image, shape, **options)
    apply.FAMILY.calls.clear()
    return found


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1.5, 2, 4])
@pytest.mark.slow
def test_the_definition(scale, method):
    image = noise((13, 18), "float64")
    shape = tuple(round(n * scale) for n in image.shape)
    for mode in MODES:
        options = {"method": method, "mode": mode, "cval": 2.5}
        expected = loops.resize(image, shape, **options)
        found = imfilter.resize(image, shape, **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10, err_msg=mode)
        found = imfilter.resize(image.astype(np.float32), shape, **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4, err_msg=mode)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.slow
def test_weights_that_repeat_give_the_bits_of_lists_of_taps(factor, dtype, monkeypatch):
    for h, w in ((9, 13), (70, 21), (3, 700), (3, 2), (2, 40), (40, 1), (2, 2061)):
        image = noise((h, w), dtype)
        if image.dtype.kind == "f":
            image[h // 2, w // 2], image[h - 1, w // 3] = np.nan, np.inf
            image[0, w // 3] = np.finfo(dtype).max
        for method, mode in itertools.product(METHODS, MODES):
            options = {"method": method, "mode": mode, "cval": 3.25}
            with np.errstate(all="ignore"):
                found = imfilter.resize(image, (factor * h, factor * w), **options)
                other = listed(image, (factor * h, factor * w), monkeypatch, **options)
            np.testing.assert_array_equal(found, other, err_msg=f"{image.shape}, {options}")


@pytest.mark.parametrize("method", METHODS)
def test_weights_repeat(method):
    for factor in (2, 4):
        table = tables.of((300, 300 * factor), method, "centres", "edge", antialias=False, sharpness=-0.75)
        found = columns_first.Phases.of(table)
        assert found.number == factor
        assert found.end - found.begin >= 290 * factor
    table = tables.of((300, 500), method, "centres", "edge", antialias=False, sharpness=-0.75)
    assert columns_first.Phases.of(table) == columns_first.NO_PHASES


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(140, 180), (100, 91), (280, 240)], ids=str)
def test_layouts_channels_workers_and_output(shape, method):
    image = noise((70, 60, 3), "float32")
    whole = imfilter.resize(image, shape, method=method, channel_axis=-1, workers=1)
    for c in range(3):
        one = imfilter.resize(image[..., c], shape, method=method, workers=3)
        np.testing.assert_array_equal(one, whole[..., c])
    for view in (np.asfortranarray(image), image[::-1][::-1], np.ascontiguousarray(image[:, ::-1])[:, ::-1]):
        found = imfilter.resize(view, shape, method=method, channel_axis=-1, workers=3)
        np.testing.assert_array_equal(found, whole)
    out = np.zeros((shape[0], 2 * shape[1], 3), np.float32)[:, ::2]
    imfilter.resize(image, shape, method=method, channel_axis=-1, out=out)
    np.testing.assert_array_equal(out, whole)
    first = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    found = imfilter.resize(first, shape, method=method, axes=(1, 2))
    np.testing.assert_array_equal(found, np.moveaxis(whole, -1, 0))
    np.testing.assert_array_equal(imfilter.resize(first, (3, *shape), method=method), found)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("method", METHODS)
def test_parts_have_the_bits_of_the_whole(method, dtype):
    """A part of a table has the order of sums of the whole table, wherever it starts and ends."""
    image = noise((41, 57), dtype)
    for (rows, columns), mode in itertools.product(((82, 114), (64, 228)), ("edge", "wrap", "shrink")):
        options = {"align": "centres", "mode": mode, "antialias": True, "sharpness": -0.5}
        made = (
            tables.of((41, rows), method, **options),
            tables.of((57, columns), method, **options),
        )
        whole = imfilter.resize(image, (rows, columns), method=method, mode=mode)
        for begin, end, left, right in (
            (0, 5, 0, 7),
            (13, rows, 3, 90),
            (rows - 1, rows, 0, columns),
            (20, 60, 51, 53),
        ):
            read, y = made[0].part(begin, end)
            read_x, x = made[1].part(left, right)
            part = image[read][:, read_x]
            common = apply.Common(mode="edge", cval=0.0, axes=(0, 1))
            found = apply.apply(part, apply.given, (y, x), common)
            np.testing.assert_array_equal(found, whole[begin:end, left:right], err_msg=f"{mode}, {begin}")


@pytest.mark.parametrize("method", METHODS)
def test_flat_images_stay_flat_and_samples_stay_in_their_windows(method):
    for value, dtype in itertools.product((0.1, 3.7e-5, 1e30), ("float32", "float64")):
        flat = np.full((23, 31), value, dtype)
        for scale, mode in itertools.product((1.5, 2, 4), ("edge", "wrap", "shrink")):
            found = imfilter.resize(flat, scale=scale, method=method, mode=mode)
            np.testing.assert_array_equal(found, np.full(found.shape, value, dtype))
    image = noise((20, 24), "float32")
    for scale in (1.5, 2, 4):
        plain = imfilter.resize(image, scale=scale, method=method)
        for value in (np.nan, np.inf, -np.inf, np.finfo(np.float32).max):
            spoiled = image.copy()
            spoiled[9, 11] = value
            with np.errstate(all="ignore"):
                found = imfilter.resize(spoiled, scale=scale, method=method)
            impulse = np.zeros(image.shape)
            impulse[9, 11] = 1
            apart = imfilter.resize(impulse, scale=scale, method=method) == 0
            np.testing.assert_array_equal(found[apart], plain[apart])
            if not np.isfinite(value):
                assert not np.isfinite(found[~apart]).any()


@pytest.mark.parametrize("dtype", ["uint16", "int16"])
def test_cubic_sums_of_16_bits_are_exact(dtype):
    """The weights have few bits, so float64 holds all sums, in any order."""
    image = noise((66, 1050), dtype)
    exact = imfilter.resize(image.astype(np.float64), scale=2, method="cubic", cubic=-0.75)
    limits = np.iinfo(dtype)
    expected = np.clip(np.rint(exact), limits.min, limits.max).astype(dtype)
    np.testing.assert_array_equal(imfilter.resize(image, scale=2, method="cubic", cubic=-0.75), expected)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_part_of_an_axis_of_one_sample(dtype):
    """Its only output is the sample at its place, but it has the arithmetic of the whole axis."""
    image = (np.random.default_rng(3).random((9, 1)) * 200).astype(dtype)
    whole = imfilter.resize(image, (20, 5), method="linear")
    call = settled(lambda: imfilter.resize(image, (20, 5), method="linear"))
    rows, columns = apply.along(call)
    for start in range(5):
        read, part = columns.part(start, start + 1)
        assert len(read) == 1
        assert not part.identity
        common = Common(axes=(0, 1), dtype=image.dtype)
        found = apply.apply(image, apply.given, (rows, part), common)
        np.testing.assert_array_equal(found, whole[:, start : start + 1])
