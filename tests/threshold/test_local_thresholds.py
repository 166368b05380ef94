"""Thresholds for each sample: definitions, scikit-image, missing data, element types, the command."""

import numpy as np
import pytest
import skimage.filters as peers

import imfilter
from imfilter import io, threshold
from tests.cli.commands import done, failed, save
from tests.photos import GREY, photo
from tests.reference import thresholds as loops

TYPES = ("bool", "int8", "uint8", "int16", "uint16", "uint32", "int64", "float16", "float32", "float64")


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (4, 5), (7, 2), (1, 6), (9, 1)])
def test_the_definition(size):
    rng = np.random.default_rng(4)
    image = rng.normal(size=(19, 23)) * 50
    mean, deviation = loops.windows(image, size)
    got = threshold.niblack(image, size, 0.3)
    np.testing.assert_allclose(got, mean - 0.3 * deviation, rtol=1e-9, atol=1e-6)
    got = threshold.sauvola(image, size, 0.3, 40)
    np.testing.assert_allclose(got, mean * (1 + 0.3 * (deviation / 40 - 1)), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("picture", GREY)
def test_photographs_are_those_of_scikit_image(picture):
    image = photo(picture)
    for size in (15, 31):
        for name in ("niblack", "sauvola"):
            want = getattr(peers, f"threshold_{name}")(image, size)
            got = getattr(threshold, name)(image, size, dtype=float)
            np.testing.assert_allclose(got, want, atol=1e-9)
            assert np.array_equal(image > got, image > want) or name == "niblack"


@pytest.mark.parametrize("method", ["gaussian", "mean", "median"])
def test_local_means_are_those_of_scikit_image(method):
    image = photo("page")[:80, :90]
    want = peers.threshold_local(image, 11, method, offset=3)
    got = threshold.local(image, 11, method=method, offset=3, mode="symmetric", dtype=float)
    np.testing.assert_allclose(got, want, atol=1e-9)


def test_nine_digits_remain_beside_a_large_mean():
    rng = np.random.default_rng(0)
    signs = rng.integers(0, 2, 5000) * 2.0 - 1
    got = threshold.niblack(1e7 + signs, 9, -1.0) - threshold.niblack(1e7 + signs, 9, 0.0)
    want = threshold.niblack(signs, 9, -1.0) - threshold.niblack(signs, 9, 0.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=4e-9)  # 1e7 has a last digit of 2e-9
    wide = np.int64(2**60) + signs.astype(np.int64)
    deep = threshold.niblack(wide, 9, -1e12) - threshold.niblack(wide, 9, 0.0)
    np.testing.assert_allclose(deep / 1e12, want, rtol=1e-9, atol=1e-6)


def test_flat_parts_have_no_deviation():
    image = np.full((40, 50), 0.1)
    image[:, 30:] = 17.3
    got = threshold.niblack(image, 5, 1e9)
    np.testing.assert_allclose(got[:, :28], 0.1, rtol=1e-12)
    np.testing.assert_allclose(got[:, 32:], 17.3, rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 1e20])
def test_a_sample_changes_only_its_windows(value):
    image = np.random.default_rng(6).normal(size=(40, 600))
    other = image.copy()
    other[20, 300] = value
    far = np.ones(image.shape, bool)
    far[18:23, 298:303] = False
    before, after = threshold.niblack(image, 5), threshold.niblack(other, 5)
    np.testing.assert_allclose(after[far], before[far], rtol=1e-9, atol=1e-9)
    if value == 1e300:  # its square is infinite, but not the deviation of 25 samples
        expected = value / 25 * (1 - 0.2 * np.sqrt(24))
        np.testing.assert_allclose(after[~far], expected, rtol=1e-9)
    elif value != 1e20:
        assert not np.isfinite(after[~far]).any()


@pytest.mark.parametrize("dtype", TYPES)
def test_types_and_layouts(dtype):
    rng = np.random.default_rng(8)
    image = (rng.random((30, 40)) * 100).astype(dtype)
    want = threshold.sauvola(image.astype(np.float64), 5, 0.2, 50.0)
    for other in (image, np.asfortranarray(image), image.astype(image.dtype.newbyteorder())):
        got = threshold.sauvola(other, 5, 0.2, 50.0)
        assert got.dtype == (np.float64 if dtype in ("uint32", "int64", "float64") else np.float32)
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)
        assert np.array_equal(got, threshold.sauvola(image, 5, 0.2, 50.0, workers=3))
    if image.dtype.kind in "iu":
        whole = threshold.sauvola(image, 5, 0.2, 50.0, dtype=np.int16)
        np.testing.assert_array_equal(whole, np.rint(threshold.sauvola(image, 5, 0.2, 50.0, dtype=float)))


@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant"])
def test_borders_axes_and_channels(mode):
    rng = np.random.default_rng(8)
    image = rng.normal(size=(12, 17, 3)) + 100
    pad = {"zero": 0.0, "constant": 5.0}.get(mode)
    got = threshold.niblack(image, (5, 4), channel_axis=-1, mode=mode, cval=5.0)
    for c in range(3):
        plane = image[..., c]
        kind = {"mirror": "reflect", "symmetric": "symmetric", "edge": "edge", "wrap": "wrap"}.get(mode)
        options = {"constant_values": pad} if kind is None else {}
        padded = np.pad(plane, ((2, 2), (2, 1)), mode=kind or "constant", **options)
        views = np.lib.stride_tricks.sliding_window_view(padded, (5, 4))
        want = views.mean((2, 3)) - 0.2 * views.std((2, 3))
        np.testing.assert_allclose(got[..., c], want, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(threshold.niblack(plane, (5, 4), mode=mode, cval=5.0), got[..., c])
    cube = threshold.niblack(image, 3, mode=mode, cval=5.0, axes=(0, 1, 2))
    assert np.isfinite(cube).all()
    line = threshold.niblack(image, 300, mode=mode, axes=1)
    assert line.shape == image.shape


def test_missing_samples():
    rng = np.random.default_rng(8)
    image, mask = rng.normal(size=(20, 25)) + 1e4, rng.random((20, 25)) < 0.7
    holes = np.where(mask, image, np.nan)
    padded = np.pad(holes, 2, mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    want = np.nanmean(views, (2, 3)) - 0.2 * np.nanstd(views, (2, 3))
    for got in (threshold.niblack(holes, 5, mask=mask), threshold.niblack(holes, 5, nan="ignore")):
        np.testing.assert_allclose(got, want, rtol=1e-9)
    got = threshold.niblack(np.ma.MaskedArray(image, ~mask), 5)
    np.testing.assert_allclose(got.data, want, rtol=1e-9)
    assert not got.mask.any()
    nothing = threshold.niblack(np.ma.MaskedArray(image, np.ones(image.shape, bool)), 5)
    assert nothing.mask.all()
    np.testing.assert_allclose(threshold.niblack(image, 3, mode="shrink")[0, 0],
                               image[:2, :2].mean() - 0.2 * image[:2, :2].std())  # fmt: skip
    assert np.isnan(threshold.niblack(holes, 5)).any()
    assert np.isnan(threshold.local(holes, 5, method="median", nan="ignore", min_coverage=1.0)).any()


def test_the_plan():
    assert imfilter.plan((40, 50), "uint8", threshold.niblack).algorithm == "sums"
    assert imfilter.plan((4, 5, 6), "float32", threshold.sauvola, 3).algorithm == "groups"


def test_out_may_be_the_image():
    image = np.random.default_rng(8).normal(size=(20, 25))
    for function in (lambda a, **o: threshold.niblack(a, 5, **o), lambda a, **o: threshold.local(a, 5, **o)):
        want, place = function(image), image.copy()
        assert function(place, out=place) is place
        np.testing.assert_array_equal(place, want)


def test_errors():
    image = np.ones((4, 5))
    for call, message in (
        (lambda: threshold.niblack(image, 0), "size must be at least 1, got 0"),
        (lambda: threshold.sauvola(image, r=0), "r must be more than 0, got 0.0"),
        (lambda: threshold.niblack(image, k="x"), "k must be a number, got 'x'"),
        (lambda: threshold.local(image, 3, method="mode"), "method must be one of 'gaussian'"),
        (lambda: threshold.local(image, 3, out=np.ones(3)), "out must have shape"),
        (lambda: threshold.niblack(np.ones((0, 3))), "image must not be empty"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()


@pytest.mark.parametrize("method", threshold.__all__)
def test_the_command(tmp_path, method, capsys):
    image = photo("coins")
    source, out = save(tmp_path / "in.png", image), tmp_path / "out.png"
    done("threshold", source, out, "--method", method, "--size", 25)
    assert capsys.readouterr().out == ""
    found = io.read(out).pixels
    function = getattr(threshold, method)
    want = function(image, 25) if method in ("niblack", "sauvola", "local") else function(image)
    if method == "multi_otsu":
        np.testing.assert_array_equal(found, np.array([0, 128, 255])[np.digitize(image, want, right=True)])
    else:
        np.testing.assert_array_equal(found, np.where(image > want, 255, 0))
    done("threshold", source, tmp_path / "out.npy", "--method", method)
    assert np.load(tmp_path / "out.npy").dtype == (np.uint8 if method == "multi_otsu" else bool)


def test_the_command_with_absent_pixels_and_errors(tmp_path, capsys):
    image = photo("coins")[:60, :70].copy()
    mask = np.ones(image.shape, np.uint8)
    mask[:, :20] = 0
    source, marks = save(tmp_path / "in.png", image), save(tmp_path / "mask.png", mask)
    done("threshold", source, tmp_path / "out.png", "--mask", marks)
    want = (image > threshold.otsu(image, mask=mask > 0)) & (mask > 0)
    np.testing.assert_array_equal(io.read(tmp_path / "out.png").pixels > 0, want)
    assert "method must be one of" in failed(
        capsys, 2, "threshold", source, tmp_path / "o.png", "--method", "x"
    )
    done("threshold", "--help")
    assert "Example: imfilter threshold page.png" in capsys.readouterr().out
    assert "threshold" in imfilter.__all__


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_nan_is_the_largest_sample_of_a_median(dtype):
    image = np.array([[1.0, 5.0, np.nan], [3.0, np.nan, np.nan], [2.0, 4.0, 6.0]], dtype)
    found = threshold.local(image, (1, 3), method="median", mode="edge")
    np.testing.assert_array_equal(found, [[1, 5, np.nan], [3, np.nan, np.nan], [2, 4, 6]])
    np.testing.assert_array_equal(found, imfilter.median(image, (1, 3), mode="edge"))
    assert np.isnan(threshold.local(image, (1, 3), method="mean", mode="edge")).sum() == 5
    even = threshold.local(image[2], 2, method="median", mode="edge")
    np.testing.assert_array_equal(even, [2, 4, 6])
