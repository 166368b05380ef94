"""The bilateral filter, against plain loops, OpenCV and scikit-image."""

import cv2
import numpy as np
import pytest
from skimage.restoration import denoise_bilateral

import imfilter
from tests.edge_preserving.cases import DTYPES, MODES, photo, picture
from tests.looping import loop_over
from tests.reference import edge_preserving as reference

#: Largest error of a result, relative to the range of the image, in float32 and in float64.
SINGLE, DOUBLE = 2e-6, 1e-14


def expected(image, sigma, spread, radius, mode="mirror", channel_axis=None, guide=None, **how):
    """The result of the loops as one array."""
    planes = [image] if channel_axis is None else list(np.moveaxis(image, channel_axis, 0))
    n = planes[0].ndim
    sigma, radius = (tuple(np.broadcast_to(v, n).tolist()) for v in (sigma, radius))
    found = reference.bilateral(planes, sigma, spread, radius, guide, mode, **how)
    return found[0] if channel_axis is None else np.stack(found, channel_axis)


def close(result, wanted, image, tolerance=DOUBLE):
    """Compare with a tolerance that is relative to the range of the samples, of 0 and of the constant 0.5."""
    values = np.append(np.asarray(image, np.float64).ravel(), (0.0, 0.5))
    np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance * np.ptp(values[np.isfinite(values)]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    image = picture(dtype, (7, 9))
    spread = 0.2 * max(float(np.ptp(image.astype(float))), 1.0)
    wanted = expected(image.astype(float), 1.2, spread, 2)
    found = imfilter.bilateral(image, 1.2, spread, radius=2)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    if found.dtype.kind == "f":
        close(found, wanted, image, {2: 1e-3, 4: SINGLE}.get(found.itemsize, DOUBLE))
    else:
        exact = imfilter.bilateral(image, 1.2, spread, radius=2, dtype=float)
        close(exact, wanted, image)
        sure = np.abs(wanted - np.floor(wanted) - 0.5) > 1e-3  # no tie that an error could turn
        with np.errstate(invalid="ignore"):
            rounded = np.rint(wanted).astype(found.dtype)
        if found.itemsize < 8:
            np.testing.assert_array_equal(found[sure], rounded[sure])


@loop_over("mode", MODES)
@loop_over("shape", [(11,), (5, 6), (3, 4, 5), (1, 1), (1, 7)])
@pytest.mark.slow
def test_every_border(mode, shape):
    image = picture("f8", shape, 1)
    sigma, radius = (1.0, 0.7, 2.0)[: len(shape)], (2, 1, 3)[: len(shape)]
    for disc in (False, True):
        wanted = expected(image, sigma, 1.5, radius, mode, cval=0.5, disc=disc)
        window = "disc" if disc else "box"
        found = imfilter.bilateral(image, sigma, 1.5, radius=radius, window=window, mode=mode, cval=0.5)
        close(found, wanted, image)
        found = imfilter.bilateral(
            image.astype("f4"), sigma, 1.5, radius=radius, window=window, mode=mode, cval=0.5
        )
        close(found, wanted, image, SINGLE)


@pytest.mark.parametrize("manhattan", [False, True])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_colours(dtype, manhattan):
    image = picture("f8", (6, 7, 3), 2).astype(dtype)
    norm = "l1" if manhattan else "l2"
    tolerance = SINGLE if dtype == "f4" else DOUBLE
    wanted = expected(image.astype(float), 1.0, 2.0, 2, channel_axis=-1, manhattan=manhattan)
    given = {"radius": 2, "norm": norm}
    close(imfilter.bilateral(image, 1.0, 2.0, channel_axis=-1, **given), wanted, image, tolerance)
    first = np.moveaxis(image, -1, 0)
    found = imfilter.bilateral(first, 1.0, 2.0, channel_axis=0, **given)
    close(np.moveaxis(found, 0, -1), wanted, image, tolerance)
    # A guide of one channel for an image of three, and the other way round.
    grey, planes = image.mean(axis=-1), list(np.moveaxis(image.astype(float), -1, 0))
    wanted = expected(
        image.astype(float), 1.0, 2.0, 2, channel_axis=-1, guide=[grey.astype(float)], manhattan=manhattan
    )
    close(imfilter.bilateral(image, 1.0, 2.0, guide=grey, channel_axis=-1, **given), wanted, image, tolerance)
    wanted = expected(grey.astype(float), 1.0, 2.0, 2, guide=planes, manhattan=manhattan)
    close(imfilter.bilateral(grey, 1.0, 2.0, guide=image, channel_axis=-1, **given), wanted, image, tolerance)


@pytest.mark.parametrize("mode", ["mirror", "shrink", "constant"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.slow
def test_masks(mode, dtype):
    rng = np.random.default_rng(3)
    tolerance = SINGLE if dtype == "f4" else DOUBLE
    for shape, radius in (((13,), (3,)), ((7, 8), (2, 1)), ((3, 4, 5), (1, 1, 2))):
        image = picture("f8", shape, 4).astype(dtype)
        guide = picture("f8", shape, 5).astype(dtype)
        for counts in (rng.random(shape) < 0.5, rng.random(shape) < 0.1, rng.integers(0, 3, shape) * 0.75):
            for least, other in ((0, None), (0.4, None), (0, guide)):
                sigma = (1.5,) * len(shape)
                wide = None if other is None else [other.astype(float)]
                wanted = expected(
                    image.astype(float), sigma, 2.0, radius, mode, guide=wide, counts=counts, least=least,
                    cval=0.5)  # fmt: skip
                found = imfilter.bilateral(
                    image, sigma, 2.0, radius=radius, mode=mode, mask=counts, min_coverage=least,
                    guide=other, cval=0.5)  # fmt: skip
                close(found, wanted, image, tolerance)


def test_coverage_of_discs():
    rng = np.random.default_rng(30)
    image, counts = rng.normal(size=(12, 13)), rng.random((12, 13)) < 0.5
    for mode in ("mirror", "shrink"):
        for least in (0.3, 0.5, 0.8):
            wanted = expected(image, 1.5, 2.0, (3, 2), mode, counts=counts, least=least, disc=True)
            found = imfilter.bilateral(
                image, 1.5, 2.0, radius=(3, 2), mode=mode, mask=counts, min_coverage=least, window="disc"
            )
            close(found, wanted, image)
    full = np.ones(image.shape, bool)
    full[0, 0] = False
    found = imfilter.bilateral(image, 1.5, 2.0, mask=full, min_coverage=1, radius=2)
    assert np.isnan(found[:3, :3]).all()
    assert np.isfinite(found[3:, 3:]).all()


def test_absent_samples_have_no_influence():
    rng = np.random.default_rng(6)
    for dtype in ("f4", "f8"):
        image, there = rng.normal(size=(9, 10)).astype(dtype), rng.random((9, 10)) < 0.6
        wanted = imfilter.bilateral(np.where(there, image, 0), 1.0, 1.0, mask=there)
        for value in (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-40):
            found = imfilter.bilateral(np.where(there, image, dtype_of(dtype, value)), 1.0, 1.0, mask=there)
            np.testing.assert_array_equal(found, wanted)
        found = imfilter.bilateral(np.where(there, image, dtype_of(dtype, np.nan)), 1.0, 1.0, nan="ignore")
        np.testing.assert_array_equal(found, wanted)
        masked = imfilter.bilateral(np.ma.array(image, mask=~there), 1.0, 1.0)
        np.testing.assert_array_equal(masked.data, wanted)
        full = imfilter.bilateral(image, 1.0, 1.0, mask=np.ones(image.shape))
        np.testing.assert_array_equal(full, imfilter.bilateral(image, 1.0, 1.0))
    none = np.zeros((9, 10), bool)
    assert np.isnan(imfilter.bilateral(image, 1.0, 1.0, mask=none)).all()
    assert (imfilter.bilateral(image, 1.0, 1.0, mask=none, dtype="u1") == 0).all()
    assert np.ma.getmaskarray(imfilter.bilateral(np.ma.array(image, mask=True), 1.0, 1.0)).all()


def dtype_of(dtype, value):
    return np.dtype(dtype).type(value)


def test_far_from_what_is_absent_nothing_changes():
    image = picture("f4", (40, 90), 7)
    there = np.ones(image.shape, bool)
    there[5, 5] = False
    found, whole = (imfilter.bilateral(image, 1.0, 2.0, mask=m) for m in (there, None))
    far = np.ones(image.shape, bool)
    far[1:10, 1:10] = False
    np.testing.assert_array_equal(found[far], whole[far])
    np.testing.assert_array_equal(
        imfilter.bilateral(image, 1.0, 2.0, mode="shrink")[4:-4, 4:-4], whole[4:-4, 4:-4]
    )


def test_a_channel_that_is_absent():
    image = picture("f8", (6, 7, 3), 8)
    image[2, 3, 1] = np.nan
    counts = ~np.isnan(image).any(axis=-1)
    given = {"channel_axis": -1, "radius": 2}
    found = imfilter.bilateral(image, 1.0, 2.0, nan="ignore", **given)
    clean = np.nan_to_num(image)
    wanted = expected(clean, 1.0, 2.0, 2, channel_axis=-1, counts=counts)
    close(found, wanted, clean)
    np.testing.assert_array_equal(found, imfilter.bilateral(clean, 1.0, 2.0, mask=counts, **given))
    assert np.isnan(imfilter.bilateral(image, 1.0, 2.0, **given)[0:5, 1:6]).all()
    assert np.isfinite(imfilter.bilateral(image, 1.0, 2.0, **given)[:, 6]).all()


def test_a_guide_that_is_nan():
    image, guide = picture("f8", (7, 8), 9), picture("f8", (7, 8), 10)
    guide[3, 3] = np.nan
    found = imfilter.bilateral(image, 1.0, 2.0, guide=guide, radius=1)
    assert np.isnan(found[2:5, 2:5]).all()
    assert np.isfinite(found[:2]).all()
    # The window of the sample itself has no range weights. The other windows do not contain it.
    for gap in (False, True):
        if gap:
            image[0, 0] = np.nan
        check_gaps(image, guide, None)
        check_gaps(image, guide, np.random.default_rng(31).random(image.shape))


def check_gaps(image, guide, mask):
    """Compare an image whose guide has a gap at (3, 3)."""
    found = imfilter.bilateral(image, 1.0, 2.0, guide=guide, radius=1, nan="ignore", mask=mask)
    counts = (np.isfinite(image) & np.isfinite(guide)) * (1.0 if mask is None else mask)
    wanted = expected(
        np.nan_to_num(image),
        1.0,
        2.0,
        1,
        guide=[np.where(counts, guide, np.nan_to_num(guide))],
        counts=counts,
    )
    flat = expected(np.nan_to_num(image), 1.0, 1e9, 1, guide=[np.zeros(guide.shape)], counts=counts)
    wanted[3, 3] = flat[3, 3]
    close(found, wanted, np.nan_to_num(image))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite(dtype, value):
    image = picture(dtype, (20, 90), 11)
    whole = imfilter.bilateral(image, 1.0, 2.0, radius=2)
    changed = image.copy()
    changed[9, 40] = value
    found = imfilter.bilateral(changed, 1.0, 2.0, radius=2)
    inside = np.zeros(image.shape, bool)
    inside[7:12, 38:43] = True
    assert np.isnan(found[inside]).all()
    np.testing.assert_array_equal(found[~inside], whole[~inside])


def test_flat_images_stay_flat():
    for value in (0.1, 1e7 + 1, -3.3e30, 1e-30):
        for dtype in ("f4", "f8"):
            image = np.full((9, 70), value, dtype)
            np.testing.assert_array_equal(imfilter.bilateral(image, 2.0, 0.1), image)
            there = np.random.default_rng(12).random(image.shape) < 0.7
            np.testing.assert_array_equal(imfilter.bilateral(image, 2.0, 0.1, mask=there), image)
    image = np.full((9, 9), 255, np.uint8)
    np.testing.assert_array_equal(imfilter.bilateral(image, 2.0, 10.0), image)


def test_offsets_cost_no_digits():
    image = np.random.default_rng(13).integers(0, 9, (20, 21)).astype("f4")
    near = imfilter.bilateral(image, 1.0, 2.0)
    far = imfilter.bilateral(image + np.float32(2**20), 1.0, 2.0, dtype=np.float64)
    np.testing.assert_allclose(far - 2**20, near, atol=1e-5)


def test_extreme_deviations():
    image = picture("f4", (9, 10), 14)
    np.testing.assert_array_equal(imfilter.bilateral(image, 0.0, 1.0), image)
    np.testing.assert_array_equal(imfilter.bilateral(image, 1.0, 1e-300), image)
    wide = imfilter.bilateral(image, 1.0, 1e300)
    np.testing.assert_allclose(wide, imfilter.gaussian(image, 1.0), rtol=0, atol=2e-6 * np.ptp(image))
    spike = image.copy()
    spike[4, 4] = 3e38
    found = imfilter.bilateral(spike, 1.0, 1.0)
    assert found[4, 4] == spike[4, 4]
    wanted = imfilter.bilateral(image, 1.0, 1.0, mask=spike < 1e38)
    outside = spike < 1e38
    np.testing.assert_allclose(found[outside], wanted[outside], rtol=0, atol=2e-6 * np.ptp(image))


def test_opencv():
    grey, colour = photo()
    for image in (grey.astype("f4"), grey):
        found = imfilter.bilateral(image, 3.0, 25.0, radius=5, window="disc")
        peer = cv2.bilateralFilter(image, 11, 25.0, 3.0, borderType=cv2.BORDER_REFLECT_101)
        # Its table of weights for float32 has 4096 bins, of which two are interpolated.
        np.testing.assert_allclose(found, peer, rtol=0, atol=2e-3 if image.dtype == np.float32 else 1)
    found = imfilter.bilateral(colour, 3.0, 40.0, radius=5, window="disc", norm="l1", channel_axis=-1)
    peer = cv2.bilateralFilter(colour, 11, 40.0, 3.0, borderType=cv2.BORDER_REFLECT_101)
    difference = np.abs(found.astype(int) - peer)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_scikit_image():
    """In 0.26 its table of positions has a row and a column too many, so only equal weights are compared.

    It divides the distance of colours by the number of channels.
    """
    grey, colour = photo()
    for image, channel_axis, channels in ((grey, None, 1), (colour, -1, 3)):
        image = image[:40, :50] / 255.0
        peer = denoise_bilateral(image, 7, 0.1, 1e6, bins=100000, mode="edge", channel_axis=channel_axis)
        found = imfilter.bilateral(
            image, 1e6, 0.1 * channels, radius=3, mode="edge", channel_axis=channel_axis
        )
        np.testing.assert_allclose(found, peer, atol=2e-5)


def test_layouts_axes_workers_and_out():
    image = picture("f4", (30, 41, 7), 15)
    given = {"axes": (0, 1), "radius": 2}
    whole = imfilter.bilateral(image, (1.0, 2.0), 2.0, **given)
    for number in (0, 6):
        plane = imfilter.bilateral(np.ascontiguousarray(image[..., number]), (1.0, 2.0), 2.0, radius=2)
        np.testing.assert_array_equal(whole[..., number], plane)
    swapped = imfilter.bilateral(image, (2.0, 1.0), 2.0, axes=(1, 0), radius=2)
    np.testing.assert_array_equal(swapped, whole)
    np.testing.assert_array_equal(
        imfilter.bilateral(np.asfortranarray(image), (1.0, 2.0), 2.0, **given), whole
    )
    turned = imfilter.bilateral(image[::-1, ::-1].transpose(1, 2, 0), (2.0, 1.0), 2.0, axes=(0, 2), radius=2)
    np.testing.assert_allclose(turned.transpose(2, 0, 1)[::-1, ::-1], whole, rtol=0, atol=1e-5)
    place = image.copy()
    assert imfilter.bilateral(place, (1.0, 2.0), 2.0, out=place, **given) is place
    np.testing.assert_array_equal(place, whole)
    guide = image.copy()
    joint = imfilter.bilateral(image, 1.0, 2.0, guide=guide, radius=1)
    np.testing.assert_array_equal(
        imfilter.bilateral(image, 1.0, 2.0, guide=guide, radius=1, out=guide), joint
    )
    np.testing.assert_array_equal(joint, imfilter.bilateral(image, 1.0, 2.0, radius=1))


@pytest.mark.slow
def test_any_number_of_workers():
    image = picture("f4", (700, 900), 16)
    whole = imfilter.bilateral(image, 1.0, 2.0, radius=1, workers=1)
    for workers in (2, 3, 7):
        np.testing.assert_array_equal(imfilter.bilateral(image, 1.0, 2.0, radius=1, workers=workers), whole)
    there = image > 1
    one, two = (imfilter.bilateral(image, 1.0, 2.0, radius=1, mask=there, workers=w) for w in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_guide_is_read_at_each_call():
    image, guide = picture("f8", (5, 6), 17), picture("f8", (5, 6), 18)
    before = imfilter.bilateral(image, 1.0, 1.0, guide=guide)
    guide[2, 2] += 5
    after = imfilter.bilateral(image, 1.0, 1.0, guide=guide)
    assert (before != after).any()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"sigma_range": 0}, ValueError, "sigma_range must be positive, got 0.0"),
        ({"sigma_range": "a"}, TypeError, "sigma_range must be a number, got 'a'"),
        ({"sigma_space": -1}, ValueError, "sigma_space must be at least 0, got -1.0"),
        ({"window": "ball"}, ValueError, "window must be one of 'box', 'disc', got 'ball'"),
        ({"norm": "linf"}, ValueError, "norm must be one of 'l2', 'l1', got 'linf'"),
        ({"guide": np.ones((4, 6))}, ValueError, r"guide must have shape \(5, 6\), got \(4, 6\)"),
        ({"guide": np.ones((5, 6, 3))}, ValueError, r"guide must have shape \(5, 6\), got \(5, 6, 3\)"),
        ({"guide": np.ones((5, 6), complex)}, TypeError, "guide must contain real numbers"),
        (
            {"guide": np.ones((5, 7, 3)), "channel_axis": -1},
            ValueError,
            r"guide must have shape \(5, 6\) beside its channels \(channel_axis=-1\), got \(5, 7, 3\)",
        ),
        ({"radius": -1}, ValueError, "radius must be at least 0, got -1"),
    ],
)
def test_errors(change, error, text):
    given = {"sigma_space": 1.0, "sigma_range": 1.0} | change
    with pytest.raises(error, match=text):
        imfilter.bilateral(np.ones((5, 6)), **given)


def test_gaps_of_a_colour_guide():
    rng = np.random.default_rng(32)
    image, guide, mask = rng.random((6, 7, 2)), rng.random((6, 7, 3)), rng.random((6, 7, 2))
    guide[2, 3, 1] = np.nan
    found = imfilter.bilateral(image[..., 0], 1.0, 1.0, guide=guide, radius=1, nan="ignore", channel_axis=-1)
    known = ~np.isnan(guide).any(axis=-1)
    planes = list(np.moveaxis(np.nan_to_num(guide), -1, 0))
    wanted = expected(image[..., 0], 1.0, 1.0, 1, guide=planes, counts=known)
    flat = expected(image[..., 0], 1.0, 1e9, 1, guide=[np.zeros(known.shape)], counts=known)
    wanted[2, 3] = flat[2, 3]
    close(found, wanted, image)
    grey = guide[..., 1]
    found = imfilter.guided(image, 1, 0.1, guide=grey, nan="ignore", channel_axis=-1, mask=mask)
    counts = np.where(np.isnan(grey), 0, mask.min(axis=-1))
    same = imfilter.guided(image, 1, 0.1, guide=np.nan_to_num(grey), channel_axis=-1, mask=counts)
    others = ~np.isnan(grey)
    np.testing.assert_array_equal(found[others], same[others])
    assert np.isfinite(found).all()
