"""Non-local means against plain loops, other libraries and its properties."""

import cv2
import numpy as np
import pytest
import skimage.restoration

import imfilter
from tests.looping import loop_over
from tests.photos import photo
from tests.reference import denoise as reference

RNG = np.random.default_rng(23)


def picture(shape, dtype="float32", noise=12.0):
    """A step with noise, in a type."""
    image = np.zeros(shape)
    image[..., shape[-1] // 2 :] = 90
    image = image + RNG.normal(40, noise, shape)
    return image.astype(dtype) if np.dtype(dtype).kind == "f" else np.rint(image).clip(0).astype(dtype)


def close(found, expected, dtype):
    """Compare with loops: rounded for integers."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        rtol = {2: 1e-3, 4: 5e-6, 8: 1e-13}[kind.itemsize]
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)
    else:
        np.testing.assert_array_equal(found, np.rint(expected).astype(kind))


@loop_over("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink"])
@loop_over(("shape", "patch", "search"), [((9, 11), 3, 5), ((14,), 5, 7), ((3, 4, 5), 3, 3)])
@pytest.mark.slow
def test_borders_and_dimensions(mode, shape, patch, search):
    image, n = picture(shape), len(shape)
    found = imfilter.non_local_means(
        image, patch=patch, search=search, strength=20, noise=8, mode=mode, cval=55
    )
    expected = reference.non_local_means(image[None], (patch,) * n, (search,) * n, 20, 8, mode, 55)[0]
    close(found, expected, "float32")


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", ">u2", "i4", "u8", "f2", "f4", ">f4", "f8", "longdouble"]
)
def test_types(dtype):
    image = picture((8, 9), dtype) if dtype != "i1" else picture((8, 9), "f8", 5).clip(0, 127).astype("i1")
    found = imfilter.non_local_means(image, patch=3, search=5, strength=20, noise=8)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    expected = reference.non_local_means(image[None].astype(float), (3, 3), (5, 5), 20, 8)[0]
    close(found, expected, "f8" if dtype == "longdouble" else dtype)


def test_truth_values():
    image = RNG.random((12, 13)) < 0.5
    expected = reference.non_local_means(image[None].astype(float), (3, 3), (5, 5), 0.5, 0.2)[0]
    found = imfilter.non_local_means(image, patch=3, search=5, strength=0.5, noise=0.2, dtype="f4")
    close(found, expected, "f4")
    rounded = imfilter.non_local_means(image, patch=3, search=5, strength=0.5, noise=0.2)
    np.testing.assert_array_equal(rounded, expected > 0.5)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.slow
def test_sizes_of_one(n):
    for shape in ((1,) * n, (3, 1, 2)[:n], (2, 1, 1)[:n]):
        image = picture(shape)
        found = imfilter.non_local_means(image, patch=5, search=7, strength=30, noise=5)
        expected = reference.non_local_means(image[None], (5,) * n, (7,) * n, 30, 5)[0]
        close(found, expected, "float32")
    image = picture((6, 7))
    np.testing.assert_array_equal(imfilter.non_local_means(image, search=1), image)


def test_a_patch_and_a_window_for_each_axis():
    image = picture((10, 4, 12), "f8")
    found = imfilter.non_local_means(image, patch=(5, 1), search=(3, 7), strength=25, noise=5, axes=(2, 0))
    for y in range(4):
        expected = reference.non_local_means(image[None, :, y], (1, 5), (7, 3), 25, 5)[0]
        close(found[:, y], expected, "f8")


def test_channels_share_the_distance():
    image = picture((8, 9, 3))
    options = {"patch": 3, "search": 5, "strength": 25, "noise": 5}
    expected = reference.non_local_means(np.moveaxis(image, -1, 0), (3, 3), (5, 5), 25, 5)
    found = imfilter.non_local_means(image, channel_axis=-1, **options)
    close(found, np.moveaxis(expected, 0, -1), "float32")
    first = imfilter.non_local_means(np.moveaxis(image, -1, 0), channel_axis=0, **options)
    np.testing.assert_array_equal(np.moveaxis(first, 0, -1), found)
    each = imfilter.non_local_means(image, axes=(0, 1), **options)
    assert abs(each - found).max() > 1


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize("mode", ["mirror", "shrink"])
def test_masks(graded, mode):
    image = picture((9, 10))
    mask = RNG.random(image.shape) < 0.6
    mask[:4, :4] = False
    if graded:
        mask = mask * RNG.choice([0.25, 0.5, 2.0], mask.shape)
    image[mask == 0] = RNG.choice([np.nan, np.inf, 1e30], int((mask == 0).sum()))
    expected = reference.non_local_means(
        np.where(mask > 0, image, 7)[None], (3, 3), (5, 5), 25, 5, mode, counts=mask[None].astype(float)
    )[0]
    assert np.isnan(expected).any()
    found = imfilter.non_local_means(image, patch=3, search=5, strength=25, noise=5, mode=mode, mask=mask)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, rtol=3e-6)
    least = reference.non_local_means(
        np.where(mask > 0, image, 7)[None], (3, 3), (5, 5), 25, 5, mode, counts=mask[None].astype(float),
        least=0.5,
    )[0]  # fmt: skip
    few = imfilter.non_local_means(
        image, patch=3, search=5, strength=25, noise=5, mode=mode, mask=mask, min_coverage=0.5
    )
    assert np.isnan(least).sum() > np.isnan(expected).sum()
    np.testing.assert_array_equal(np.isnan(few), np.isnan(least))


def test_masks_of_channels():
    image, mask = picture((3, 7, 8)), RNG.random((3, 7, 8)) < 0.7
    expected = reference.non_local_means(image, (3, 3), (3, 3), 25, 5, counts=mask.astype(float))
    found = imfilter.non_local_means(
        image, patch=3, search=3, strength=25, noise=5, mask=mask, channel_axis=0
    )
    np.testing.assert_allclose(found, expected, rtol=3e-6)


def test_a_mask_far_away_changes_no_bit():
    image = picture((60, 70))
    options = {"patch": 5, "search": 9, "strength": 25.0, "noise": 5.0}
    whole = imfilter.non_local_means(image, **options)
    np.testing.assert_array_equal(imfilter.non_local_means(image, mask=np.ones((60, 70)), **options), whole)
    mask = np.ones(image.shape, bool)
    mask[30, 30] = False
    found = imfilter.non_local_means(image, mask=mask, **options)
    same = np.ones(image.shape, bool)
    same[30 - 6 : 30 + 7, 30 - 6 : 30 + 7] = False
    np.testing.assert_array_equal(found[same], whole[same])
    assert (found != whole).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_is_local(value):
    image = picture((40, 41))
    image[20, 20] = value
    found = imfilter.non_local_means(image, patch=5, search=7)
    gone = np.isnan(found)
    assert gone[20, 20]
    assert gone[15:26, 15:26].all()
    gone[15:26, 15:26] = False
    assert not gone.any()
    if value == value:
        return
    ignored = imfilter.non_local_means(image, patch=5, search=7, nan="ignore")
    assert np.isfinite(ignored).all()
    assert abs(ignored[20, 20] - 130) < 20


@pytest.mark.parametrize("shape", [(150, 800), (9000,), (40, 70, 200)])
def test_workers_and_layouts(shape):
    image = picture(shape)
    options = {"patch": 3, "search": 3}
    found = imfilter.non_local_means(image, workers=1, **options)
    np.testing.assert_array_equal(imfilter.non_local_means(image, workers=3, **options), found)
    np.testing.assert_array_equal(imfilter.non_local_means(np.asfortranarray(image), **options), found)
    wide = np.repeat(image, 2, -1)[..., ::2]
    np.testing.assert_array_equal(imfilter.non_local_means(wide, **options), found)
    place = image.copy()
    assert imfilter.non_local_means(place, out=place, **options) is place
    np.testing.assert_array_equal(place, found)


def test_tiles_agree_with_a_small_image():
    image = picture((140, 900))
    whole = imfilter.non_local_means(image, patch=3, search=5, strength=20, noise=8)
    part = imfilter.non_local_means(image[55:85, 430:480], patch=3, search=5, strength=20, noise=8)
    np.testing.assert_allclose(whole[60:80, 435:475], part[5:-5, 5:-5], rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-25, 1e-18, 1e18, 1e25])
def test_small_and_large_samples(scale):
    image = picture((12, 13))
    found = imfilter.non_local_means((image * np.float64(scale)).astype("f4"), patch=3, search=5)
    expected = imfilter.non_local_means(image, patch=3, search=5)
    np.testing.assert_allclose(found / np.float64(scale), expected, rtol=2e-6)


def test_without_noise_nothing_changes():
    image = np.repeat(np.arange(20.0), 20).reshape(20, 20)  # a ramp has no second differences
    np.testing.assert_array_equal(imfilter.non_local_means(image), image)
    flat = np.full((9, 9), 7, "u1")
    np.testing.assert_array_equal(imfilter.non_local_means(flat), flat)


def test_the_default_strength_is_that_of_the_estimate():
    image = picture((50, 60))
    noise = imfilter.estimate_noise(image)
    found = imfilter.non_local_means(image, patch=5, search=7)
    np.testing.assert_array_equal(
        found, imfilter.non_local_means(image, patch=5, search=7, noise=noise, strength=0.8 * noise)
    )
    batch = np.stack([image, 3 * image])
    each = imfilter.non_local_means(batch, patch=5, search=7, axes=(1, 2))
    np.testing.assert_array_equal(each[0], found)
    np.testing.assert_array_equal(each[1], imfilter.non_local_means(3 * image, patch=5, search=7))


def noisy(name, sigma=20.0, size=96):
    image = photo(name).astype(float)
    start = [(n - size) // 2 for n in image.shape[:2]]
    image = image[start[0] : start[0] + size, start[1] : start[1] + size]
    return image, image + np.random.default_rng(1).normal(0, sigma, image.shape)


def test_opencv():
    """OpenCV rounds distances and weights to tables."""
    _, image = noisy("camera")
    image = image.round().clip(0, 255).astype("u1")
    theirs = cv2.fastNlMeansDenoising(image, None, 40.0, 7, 21).astype(int)
    ours = imfilter.non_local_means(image, patch=7, strength=40, noise=0).astype(int)
    assert abs(ours - theirs).max() <= 3
    assert abs(ours - theirs).mean() < 0.4


def test_skimage():
    """scikit-image compares patches of 6 x 6 and divides by 49, and drops small weights."""
    _, image = noisy("camera")
    theirs = skimage.restoration.denoise_nl_means(image, 7, 10, h=16.0, sigma=20.0, fast_mode=True)
    ours = imfilter.non_local_means(image, patch=7, strength=16 * 7 / 6, noise=20)
    assert abs(ours - theirs).mean() < 1.5
    assert abs(image - theirs).mean() > 10


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"patch": 4}, ValueError, "patch must be odd, got 4"),
        ({"search": (3, 6)}, ValueError, "search must be odd, got 6"),
        ({"patch": 0}, ValueError, "patch must be at least 1, got 0"),
        ({"patch": 3.0}, TypeError, "patch must be an integer, got 3.0"),
        ({"search": 1025}, ValueError, "search must span at most 1048576 samples, got 1050625"),
        ({"strength": -1}, ValueError, "strength must be at least 0, got -1"),
        ({"noise": -1.0}, ValueError, "noise must be at least 0, got -1.0"),
        ({"noise": np.nan}, ValueError, "noise must be finite, got nan"),
        ({"noise": "1"}, TypeError, "noise must be a number, got '1'"),
        ({"h": 1}, TypeError, "no argument 'h'"),
    ],
)
def test_errors(options, error, message):
    with pytest.raises(error, match=message.replace("(", r"\(")):
        imfilter.non_local_means(np.zeros((5, 6)), **options)


def test_the_last_bits_do_not_depend_on_where_an_array_begins():
    """Samples get the votes of others in one order, wherever they are in a vector."""
    image = np.random.default_rng(0).random((60, 80)) * 100
    options = {"patch": 3, "search": 5, "noise": 10.0}
    whole = imfilter.non_local_means(image, **options)
    for start in range(1, 12):
        part = imfilter.non_local_means(image[:, start:], **options)
        np.testing.assert_array_equal(part[:, 3:], whole[:, start + 3 :])
