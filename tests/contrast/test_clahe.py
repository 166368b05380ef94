"""CLAHE: the definition, OpenCV, types, axes, absent samples, arguments and errors."""

import cv2
import numpy as np
import pytest
import skimage.exposure

import imfilter
from imfilter._filters.contrast import apply
from tests.looping import loop_over
from tests.reference import contrast

RNG = np.random.default_rng(23)
INF = float("inf")


def values(shape, dtype="uint8"):
    """Samples, more of them dark than bright."""
    image = RNG.random(shape) ** 2
    if dtype == "bool":
        return image > 0.4
    high = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else 3
    return (image * high).astype(dtype)


@pytest.mark.parametrize(
    ("shape", "tiles"),
    [((48, 64), (8, 8)), ((60, 40), (5, 4)), ((37, 1025), (1, 5)), ((16, 2100), (2, 7)), ((8, 8), (8, 8))],
)
@pytest.mark.parametrize("limit", [0.5, 3.7, 40.0])
def test_bytes_are_those_of_opencv(shape, tiles, limit):
    image = values(shape)
    size = [n // t for n, t in zip(shape, tiles, strict=True)]
    expected = cv2.createCLAHE(limit, tiles[::-1]).apply(image)
    for workers in (1, 2):
        found = imfilter.clahe(image, size, clip_limit=limit, workers=workers)
        np.testing.assert_array_equal(found, expected)
    real = imfilter.clahe(image, size, clip_limit=limit, dtype=np.float64)
    np.testing.assert_allclose(real, expected, atol=0.5001)


def test_words_are_those_of_opencv():
    image = values((48, 64), "uint16")
    expected = cv2.createCLAHE(4, (4, 4)).apply(image)
    found = imfilter.clahe(image, (12, 16), clip_limit=4, bins=65536)
    # Ties are rounded half to even here, after sums in float64.
    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)
    assert (found != expected).mean() < 0.01


@loop_over(
    ("dtype", "options"),
    [
        ("uint8", {}),
        ("uint8", {"bins": 16}),
        ("uint8", {"value_range": (20, 219), "bins": 30}),
        ("bool", {}),
        ("uint16", {"value_range": (0, 4095)}),
        ("float32", {"value_range": (0.5, 2.5), "bins": 40}),
    ],
)
@loop_over("shape", [(53,), (19, 23), (7, 8, 9)])
def test_definition(dtype, options, shape):
    image = values(shape, dtype) if dtype != "uint16" else values(shape, dtype) // 10
    counts = tuple(max(1, round(n / 5)) for n in shape)
    limits = options.get("value_range", (0, 1) if dtype == "bool" else (0, 255))
    bins = min(options.get("bins", 256), limits[1] - limits[0] + 1) if image.dtype.kind != "f" else 40
    for limit in (1.5, INF):
        expected = contrast.clahe(image, counts, limit, int(bins), limits)
        found = imfilter.clahe(image, 5, clip_limit=limit, dtype=np.float64, **options)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
        same = imfilter.clahe(image, 5, clip_limit=limit, **options)
        assert same.dtype == image.dtype
        if image.dtype.kind == "f":
            np.testing.assert_allclose(same, expected, rtol=1e-6)
        else:  # rounded; ties may go either way
            assert abs(same.astype(float) - expected).max() <= 0.5 + 1e-6


@loop_over("bins", [4, 256, 100])
@loop_over("dtype", ["uint8", "int8", "uint16", "int16"])
def test_all_values_of_narrow_types(dtype, bins):
    """Bins of a power of two are counted by moving bits. Lines are longer than a vector."""
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    image = RNG.integers(low, high, (9, 90), dtype, endpoint=True)
    image[0, :2] = low, high
    image[:, 50:60] = image[0, 50]
    expected = contrast.clahe(image, (2, 3), 2.0, bins, (low, high))
    found = imfilter.clahe(image, (5, 30), bins=bins, dtype=np.float64)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9 if bins < 256 else 0.01)
    np.testing.assert_array_equal(
        imfilter.clahe(np.repeat(image, 2, 1)[:, ::2], (5, 30), bins=bins, dtype=np.float64), found
    )


def test_nan_changes_nothing_where_the_weight_of_its_tile_is_zero():
    """The middle of a tile has the values of that tile alone. The lines have tables of their own."""
    image = values((16, 512), "float32")
    expected = imfilter.clahe(image, (16, 128), bins=64, value_range=(0, 1))
    image[3, 200] = np.nan  # in the second of four tiles
    found = imfilter.clahe(image, (16, 128), bins=64, value_range=(0, 1))
    np.testing.assert_array_equal(np.isnan(found).all(0), (np.arange(512) > 64) & (np.arange(512) < 320))
    np.testing.assert_array_equal(found[:, [64, 320]], expected[:, [64, 320]])


def test_wide_types_use_the_range_of_the_samples():
    image = values((20, 30), "uint16")
    for offset, dtype in ((0, "float64"), (1 << 62, "int64"), (-(1 << 40), "int64"), (7, "int32")):
        moved = image.astype(dtype) + np.dtype(dtype).type(offset)
        found = imfilter.clahe(moved, 10)
        low, high = int(image.min()), int(image.max())
        options = {"value_range": (low, high)}
        expected = imfilter.clahe(image if dtype != "float64" else moved, 10, **options)
        assert found.dtype == moved.dtype
        whole = found - np.dtype(dtype).type(offset)
        np.testing.assert_allclose(whole.astype(float), expected.astype(float), atol=1e-8)
        assert found.min() >= moved.min()
        assert abs(float(found.max()) - float(moved.max())) <= 1e-10 * float(abs(moved.max()))


def test_half_precision_and_results_of_other_types():
    image = values((20, 30), "float16")
    found = imfilter.clahe(image, 10)
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, imfilter.clahe(image.astype(float), 10).astype(np.float16))
    out = np.zeros((20, 30), np.int8)
    assert imfilter.clahe(values((20, 30)), 7, out=out) is out
    assert out.max() == 127  # saturated
    image = values((20, 30))
    expected = imfilter.clahe(image, 7)
    assert imfilter.clahe(image, 7, out=image) is image
    np.testing.assert_array_equal(image, expected)


def test_constant_images_and_single_samples():
    for dtype in ("float32", "float64", "int32", "uint64"):
        for shape in ((1,), (5, 6)):
            image = np.full(shape, 7, dtype)
            np.testing.assert_array_equal(imfilter.clahe(image), image)
    assert imfilter.clahe(np.array([3], np.uint8)).tolist() == [255]  # as in OpenCV
    assert imfilter.clahe([[np.inf, -np.inf, 1.0, 2.0]], 4, clip_limit=INF).tolist() == [[2, 1, 1, 2]]


def test_axes_channels_and_layouts():
    image = values((3, 20, 30, 2), "uint8")
    each = np.stack([[imfilter.clahe(image[b, ..., c], 8) for c in range(2)] for b in range(3)])
    found = imfilter.clahe(image, 8, axes=(1, 2))
    np.testing.assert_array_equal(found, each.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(imfilter.clahe(image[0], 8, channel_axis=-1), found[0])
    swapped = imfilter.clahe(image[0, ..., 0], (6, 11), axes=(1, 0))
    np.testing.assert_array_equal(swapped, imfilter.clahe(image[0, ..., 0], (11, 6)))
    for dtype in ("uint8", "uint16"):
        one = image[0].astype(dtype)
        expected = imfilter.clahe(one, 8, channel_axis=-1)
        for layout in (np.asfortranarray, lambda a: np.repeat(a, 2, 0)[::2], lambda a: a.astype(">u2")):
            if layout(one).dtype.itemsize == one.itemsize:
                np.testing.assert_array_equal(imfilter.clahe(layout(one), 8, channel_axis=-1), expected)


@pytest.mark.parametrize("shape", [(53,), (19, 23), (7, 8, 9)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_absent_samples(shape, dtype):
    image = values(shape, dtype)
    present = RNG.random(shape) < 0.7
    present[:6] = False  # some tiles have no sample
    counts = tuple(max(1, round(n / 5)) for n in shape)
    options = {"value_range": (0, 255) if dtype == "uint8" else (0, 3)}
    expected = contrast.clahe(image, counts, 2.0, 256, options["value_range"], present)
    found = imfilter.clahe(image, 5, mask=present, dtype=np.float64, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)
    changed = np.where(present, image, image.dtype.type(99))
    np.testing.assert_array_equal(imfilter.clahe(changed, 5, mask=present, dtype=float, **options), found)
    np.testing.assert_array_equal(imfilter.clahe(image, 5, mask=present * 0.3, dtype=float, **options), found)
    whole = imfilter.clahe(image, 5, mask=np.ones(shape))
    np.testing.assert_array_equal(whole, imfilter.clahe(image, 5))
    own = imfilter.clahe(np.ma.array(image, mask=~present), 5, **options)
    np.testing.assert_array_equal(np.ma.getmaskarray(own), ~present)
    expected = contrast.clahe(image, counts, 2.0, 256, options["value_range"], present, 0.6)
    assert np.isnan(expected[present]).any()
    sparse = imfilter.clahe(image, 5, mask=present, dtype=np.float64, min_coverage=0.6, **options)
    np.testing.assert_allclose(sparse, expected, rtol=1e-12, atol=1e-9)
    own = imfilter.clahe(np.ma.array(image, mask=~present), 5, min_coverage=0.6, **options)
    np.testing.assert_array_equal(np.ma.getmaskarray(own), np.isnan(expected))
    several = np.stack([image, image], 1)
    both = np.stack([present, np.ones(shape, bool)], 1)
    found = imfilter.clahe(several, 5, mask=both, channel_axis=1, min_coverage=0.6, dtype=float, **options)
    np.testing.assert_array_equal(np.isnan(found[:, 0]), np.isnan(expected))
    assert np.isfinite(found[:, 1]).all()
    if dtype == "float32":
        holes = np.where(present, image, np.nan).astype(dtype)
        ignored = imfilter.clahe(holes, 5, nan="ignore", **options)
        np.testing.assert_array_equal(ignored, imfilter.clahe(image, 5, mask=present, **options))


@loop_over("shape", [(700,), (19, 23), (11, 600), (7, 8, 9)])
@loop_over("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
def test_tables_of_lines(shape, dtype, monkeypatch):
    """The values of all tiles above and below a line may be weighted first, or for each sample."""
    image = values(shape, dtype)
    if image.dtype.kind == "f":
        image[(0,) * image.ndim] = np.nan
    counts = tuple(max(1, round(n / 5)) for n in shape)
    limits = (0, 255) if dtype == "uint8" else (0, 3)
    for bins in (256, 7):
        options = {"bins": bins, "value_range": limits, "dtype": np.float64}
        monkeypatch.setattr(apply, "_BLENDED", 0)
        expected = imfilter.clahe(image, 5, **options)
        if image.dtype.kind != "f":
            loops = contrast.clahe(image, counts, 2.0, min(bins, limits[1] + 1), limits)
            np.testing.assert_allclose(expected, loops, rtol=1e-12, atol=1e-9)
        monkeypatch.setattr(apply, "_BLENDED", 10**6)
        for workers in (1, 2):
            found = imfilter.clahe(image, 5, workers=workers, **options)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)


def test_nan_reaches_the_tiles_around_its_own():
    image = values((60,), "float64")
    image[31] = np.nan
    undefined = np.isnan(imfilter.clahe(image, 10, value_range=(0, 3)))
    assert undefined.nonzero()[0].tolist() == list(range(26, 45))
    assert np.isnan(imfilter.clahe(np.full(5, np.nan))).all()


def test_scikit_image_finds_nearly_the_same():
    image = imfilter.gaussian(np.random.default_rng(5).random((160, 160)), 3)
    image = (image - image.min()) / np.ptp(image)
    expected = skimage.exposure.equalize_adapthist(image, 20, 0.01, 256)
    found = imfilter.clahe(image, 20, clip_limit=2.56)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95  # its tiles begin half a tile earlier


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"size": 0}, ValueError, "size must be at least 1"),
        ({"size": 2.5}, TypeError, "size must be an integer"),
        ({"clip_limit": 0}, ValueError, "clip_limit must be positive, or infinity"),
        ({"clip_limit": "a"}, TypeError, "clip_limit must be a number"),
        ({"bins": 1}, ValueError, "bins must be at least 2"),
        ({"bins": 65537}, ValueError, "bins must be at most 65536"),
        ({"value_range": (2, 1)}, ValueError, "value_range must be two numbers"),
        ({"value_range": 3}, ValueError, "value_range must be two numbers"),
        ({"value_range": (0.5, 9)}, ValueError, "value_range must be two integers for int64"),
        ({"image": np.zeros((2, 2), complex)}, TypeError, "image must contain real numbers"),
        ({"image": np.zeros((2, 2, 2, 2))}, ValueError, "axes must name at most 3 axes"),
    ],
    ids=str,
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        imfilter.clahe(**{"image": np.arange(30).reshape(5, 6), **options})


@pytest.mark.parametrize("bins", [2, 256, 5000])
@pytest.mark.parametrize("power", [-1010, -1015, -1018, -1026, -1050])
def test_ranges_whose_inverse_is_infinite(power, bins):
    """Samples that are multiplied by a power of two give the results that are multiplied by it."""
    image = np.ldexp(np.rint(np.random.default_rng(30).random((24, 30)) * 2**20), -20)
    image = np.ldexp(np.ldexp(image, power), -power)  # of the digits that denormal numbers have
    wanted = np.ldexp(imfilter.clahe(image, 8, bins=bins), power)
    found = imfilter.clahe(np.ldexp(image, power), 8, bins=bins)
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=5e-324)
    given = (0.0, float(np.ldexp(0.5, power)))
    found = imfilter.clahe(np.ldexp(image, power), 8, bins=bins, value_range=given)
    wanted = np.ldexp(imfilter.clahe(image, 8, bins=bins, value_range=(0.0, 0.5)), power)
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=5e-324)
    there = image > 0.1
    image[~there] = np.nan
    found = imfilter.clahe(np.ldexp(image, power), 8, bins=bins, mask=there)
    wanted = np.ldexp(imfilter.clahe(image, 8, bins=bins, mask=there), power)
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=5e-324)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_samples_beyond_a_narrow_range(dtype):
    image = np.arange(1, 100).reshape(9, 11).astype(dtype)
    found = imfilter.clahe(image, 4, value_range=(0.0, 1e-307), dtype=np.float64)
    wanted = imfilter.clahe(image, 4, value_range=(0.0, 1e-3), dtype=np.float64) * 1e-304
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


@pytest.mark.parametrize("value", [0.0, 1.5, 2.0**53, -1e16, 1e20, -1e300, 2.0**1022])
def test_a_flat_image_of_any_value(value):
    image = np.full((12, 14), value)
    np.testing.assert_array_equal(imfilter.clahe(image, 4), image)
    image[3, 4] = np.nan
    np.testing.assert_array_equal(imfilter.clahe(image, 4, mask=~np.isnan(image)), image)
