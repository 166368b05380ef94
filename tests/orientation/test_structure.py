"""Structure tensors, their eigenvalues, and the direction that they show."""

import numpy as np
import pytest
import skimage.feature

import imfilter
from imfilter._filters.orientation import family
from tests.looping import loop_over
from tests.orientation.test_hessian import MODES, SHAPES, image_of
from tests.reference import naive
from tests.reference import orientation as reference

BOTH = (imfilter.structure_tensor, imfilter.structure_tensor_eigenvalues)
ANGLES = (imfilter.orientation, imfilter.coherence)
FARID = (
    np.array([-0.109603762960254, -0.276690988455557, 0, 0.276690988455557, 0.109603762960254]),
    np.array(
        [0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126]
    ),
)


def slopes(ndim, operator="sobel", **options):
    if operator == "farid":
        return [[FARID[int(a != axis)] for a in range(ndim)] for axis in range(ndim)]
    return [naive.derivative_taps(operator, axis, ndim, **options) for axis in range(ndim)]


@loop_over("shape", SHAPES)
@loop_over("mode", MODES)
def test_components(shape, mode):
    image = image_of(shape)
    border = {"mode": mode, "cval": 1.5 if mode == "constant" else 0.0}
    for operator in ("sobel", "farid"):
        expected = reference.structure_tensor(image, 1.0, slopes(len(shape), operator), **border)
        found = imfilter.structure_tensor(image, 1.0, operator=operator, **border)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * np.abs(expected).max())
        values = imfilter.structure_tensor_eigenvalues(image, 1.0, operator=operator, **border)
        wanted = reference.eigenvalues(expected)
        np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize("operator", ["scharr", "prewitt"])
def test_options(operator):
    image = image_of((14, 12))
    expected = reference.structure_tensor(
        image, (1.0, 0.5), slopes(2, operator, normalize=True, spacing=(2.0, 3.0))
    )
    found = imfilter.structure_tensor(
        image, (2.0, 1.5), operator=operator, normalize=True, spacing=(2.0, 3.0)
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize(
    ("mode", "theirs"), [("symmetric", "reflect"), ("mirror", "mirror"), ("edge", "nearest")]
)
def test_scikit_image(ndim, mode, theirs):
    image = image_of((21, 20, 19)[:ndim])
    expected = skimage.feature.structure_tensor(image, 1.0, mode=theirs, order="rc")
    size = np.abs(expected).max()
    np.testing.assert_allclose(
        imfilter.structure_tensor(image, mode=mode), np.stack(expected), rtol=0, atol=1e-12 * size
    )
    np.testing.assert_allclose(
        imfilter.structure_tensor_eigenvalues(image, mode=mode),
        skimage.feature.structure_tensor_eigenvalues(expected),
        rtol=0,
        atol=1e-12 * size,
    )


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "float16", "float32", "int32"])
def test_types(dtype):
    image = (image_of((12, 13)) * 20).astype(dtype)
    expected = reference.structure_tensor(image.astype(float), 1.0, slopes(2))
    found = imfilter.structure_tensor(image)
    narrow = dtype != "int32"
    assert found.dtype == (np.float32 if narrow else np.float64)
    np.testing.assert_allclose(found, expected, rtol=0, atol=(2e-6 if narrow else 1e-13) * expected.max())
    whole = imfilter.structure_tensor_eigenvalues(image, dtype="int32")
    wanted = np.clip(np.rint(reference.eigenvalues(expected)), 0, 2**31 - 1)
    np.testing.assert_allclose(whole, wanted, rtol=0, atol=1)


@loop_over("shape", [(1, 1), (2, 1), (3, 2), (1, 2, 3)])
@loop_over("mode", MODES)
def test_tiny(shape, mode):
    image = image_of(shape)
    expected = reference.structure_tensor(image, 1.0, slopes(len(shape)), mode=mode)
    size = max(np.abs(expected).max(), 1)
    np.testing.assert_allclose(
        imfilter.structure_tensor(image, mode=mode), expected, rtol=0, atol=1e-13 * size
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_flat_images_give_0(dtype):
    for value in (0.1, 200.7):
        image = np.full((17, 19), value).astype(dtype)
        for function in (*BOTH, *ANGLES):
            assert not function(image).any()
        assert not imfilter.structure_tensor_eigenvalues(image[None] + np.zeros((5, 1, 1), dtype)).any()


@pytest.mark.parametrize("function", ANGLES)
def test_directions_of_waves(function):
    rows, columns = np.mgrid[:48, :48]
    for degrees in range(-85, 91, 25):
        theta = np.radians(degrees)
        wave = np.cos(0.7 * (np.cos(theta) * columns + np.sin(theta) * rows) + 0.4)
        found = function(wave.astype(np.float32), 3.0)[16:-16, 16:-16]
        if function is imfilter.coherence:
            assert found.min() > 0.995
            assert found.max() <= 1
        else:
            off = (np.degrees(found) - degrees + 90) % 180 - 90
            assert np.abs(off).max() < 0.25
    # Both diagonals together have no direction.
    if function is imfilter.coherence:
        wave = np.cos(0.7 * (columns + rows)) + np.cos(0.7 * (columns - rows))
        assert function(wave, 3.0)[16:-16, 16:-16].max() < 0.1


def test_angles_are_those_of_the_tensor():
    image = image_of((40, 41))
    rr, rc, cc = imfilter.structure_tensor(image, 1.0, operator="farid")
    angle = imfilter.orientation(image, 1.0)
    np.testing.assert_allclose(angle, 0.5 * np.arctan2(2 * rc, cc - rr), rtol=0, atol=1e-14)
    assert angle.min() > -np.pi / 2
    assert angle.max() <= np.pi / 2
    high, low = imfilter.structure_tensor_eigenvalues(image, 1.0, operator="farid")
    np.testing.assert_allclose(
        imfilter.coherence(image, 1.0), (high - low) / (high + low), rtol=0, atol=1e-13
    )
    narrow = imfilter.orientation(image.astype(np.float32), 1.0)
    off = (narrow - angle + np.pi / 2) % np.pi - np.pi / 2
    assert np.abs(off[imfilter.coherence(image, 1.0) > 0.01]).max() < 1e-4
    np.testing.assert_array_equal(imfilter.orientation(np.indices((9, 9))[0].astype(float)) > 1.57, True)


@pytest.mark.parametrize("feature", ["plane", "line"])
@pytest.mark.parametrize("mode", MODES)
def test_directions_of_volumes(feature, mode):
    image = image_of((9, 8, 10))
    border = {"mode": mode, "cval": 1.5 if mode == "constant" else 0.0}
    tensor = reference.structure_tensor(image, 1.0, slopes(3, "farid"), **border)
    values = reference.eigenvalues(tensor)
    expected = reference.eigenvector(tensor, -1 if feature == "plane" else 0)
    gap = (values[0] - values[1] if feature == "plane" else values[1] - values[2]) / values[0]
    for dtype, bound in ((np.float64, 1e-14), (np.float32, 1e-6)):
        found = imfilter.orientation(image.astype(dtype), 1.0, feature=feature, **border)
        assert (found.shape, found.dtype) == ((3, 9, 8, 10), dtype)
        assert (found[2] >= 0).all()
        np.testing.assert_allclose((found**2).sum(0), 1, rtol=0, atol=bound)
        off = np.sqrt(np.minimum(((found - expected) ** 2).sum(0), ((found + expected) ** 2).sum(0)))
        assert (off * gap).max() < 4 * bound
    clear = imfilter.coherence(image, 1.0, feature=feature, **border)
    np.testing.assert_allclose(clear, reference.contrast(tensor, feature), rtol=0, atol=1e-13)


def test_lines_of_pictures():
    """The other eigenvector is at a right angle, and as clear."""
    image = image_of((30, 31))
    turned = imfilter.orientation(image, 1.0, feature="line") - imfilter.orientation(image, 1.0)
    np.testing.assert_allclose(np.abs(turned), np.pi / 2, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(
        imfilter.coherence(image, 1.0, feature="line"), imfilter.coherence(image, 1.0)
    )


@pytest.mark.parametrize("unit", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 2, 3), (3, -1, 0), (-2, 1, 2)])
def test_layers_and_fibres(unit):
    unit = np.array(unit) / np.linalg.norm(unit)
    unit *= np.sign(unit[np.flatnonzero(unit)[-1]])
    grid = np.indices((31, 31, 31)) - 15.0
    along = np.tensordot(unit, grid, 1)
    at = (slice(None), 15, 15, 15)
    for dtype, bound in (("float32", 3e-3), ("float64", 3e-3)):
        layers = np.cos(0.7 * along).astype(dtype)
        np.testing.assert_allclose(imfilter.orientation(layers, 2.0)[at], unit, rtol=0, atol=bound)
        assert imfilter.coherence(layers, 2.0)[15, 15, 15] > 0.999
        fibre = np.exp(-((grid**2).sum(0) - along**2) / 8).astype(dtype)
        found = imfilter.orientation(fibre, 2.0, feature="line")[at]
        np.testing.assert_allclose(found, unit, rtol=0, atol=bound)
        assert imfilter.coherence(fibre, 2.0, feature="line")[15, 15, 15] > 0.99
        assert imfilter.coherence(fibre, 2.0)[15, 15, 15] < 0.1
    turned = imfilter.orientation(layers, 2.0, axes=(2, 0, 1))[at][[1, 2, 0]]
    np.testing.assert_allclose(turned * np.sign(turned @ unit), unit, rtol=0, atol=bound)


def test_no_direction():
    for feature in ("plane", "line"):
        flat = imfilter.orientation(np.full((7, 8, 9), 3, np.uint8), feature=feature)
        assert flat.dtype == np.float32
        np.testing.assert_array_equal(flat, np.broadcast_to([[[[0.0]]], [[[0.0]]], [[[1.0]]]], (3, 7, 8, 9)))
        assert not imfilter.coherence(np.full((7, 8, 9), 3, np.uint8), feature=feature).any()
        lost = imfilter.orientation(np.where(np.indices((9, 9, 30))[2] == 25, np.nan, 1.0), feature=feature)
        np.testing.assert_array_equal(np.isnan(lost).any((0, 1, 2)), np.isnan(lost).all((0, 1, 2)))
        assert np.isnan(lost[..., 25]).all()
        assert np.isfinite(lost[..., :15]).all()
    # Rounding errors are no lines.
    layers = np.cos(0.7 * np.indices((30, 30, 30))[0])
    assert not imfilter.coherence(layers, 2.0, feature="line").any()


@pytest.mark.parametrize("feature", ["plane", "line"])
def test_volumes_in_pieces_and_mirrored(feature, monkeypatch):
    image = image_of((16, 21, 19)).astype(np.float32)
    functions = [lambda a, f=f, **o: f(a, 1.0, feature=feature, **o) for f in ANGLES]
    expected = [function(image, workers=1) for function in functions]
    for axis in range(3):
        turned = np.flip(image, axis)
        vector = np.flip(functions[0](turned), axis + 1)
        signs = np.where(np.arange(3) == axis, -1, 1).reshape(3, 1, 1, 1)
        vector = vector * signs * (-1 if axis == 2 else 1)
        np.testing.assert_array_equal(vector, expected[0])
        np.testing.assert_array_equal(np.flip(functions[1](turned), axis), expected[1])
    monkeypatch.setattr(family, "_PIECE", 300)
    for workers in (1, 3):
        for function, wanted in zip(functions, expected, strict=True):
            np.testing.assert_array_equal(function(image, workers=workers), wanted)


def test_missing_samples_of_volumes():
    image = image_of((12, 13, 11))
    present = np.random.default_rng(4).random(image.shape) < 0.6
    present[3:10, 2:11, 2:9] = False
    given = np.where(present, image, np.nan)
    options = {"operator": "farid", "nan": "ignore", "min_coverage": 0.2}
    tensor = imfilter.structure_tensor(given, 1.0, **options)
    known = np.isfinite(tensor[0])
    assert not known.all()
    for feature, which in (("plane", -1), ("line", 0)):
        found = imfilter.orientation(given, 1.0, feature=feature, **options)
        np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(~known, found.shape))
        expected = reference.eigenvector(np.where(known, tensor, 0), which)
        aligned = np.abs((found * expected).sum(0))[known]
        np.testing.assert_allclose(aligned, 1, rtol=0, atol=1e-9)
        masked = imfilter.orientation(
            np.ma.array(image, mask=~present), 1.0, feature=feature, min_coverage=0.2
        )
        np.testing.assert_array_equal(masked.filled(np.nan), found)
        clear = imfilter.coherence(given, 1.0, feature=feature, **options)
        np.testing.assert_allclose(
            clear[known], reference.contrast(tensor[:, known], feature), rtol=0, atol=1e-12
        )


def test_spacing_gives_angles_in_space():
    rows, columns = np.mgrid[:40, :40]
    wave = np.sin(0.2 * (rows * 3.0 + columns))  # per unit: the rows are 3 units apart
    angle = imfilter.orientation(wave, 3.0, spacing=(3.0, 1.0))[12:-12, 12:-12]
    np.testing.assert_allclose(np.degrees(angle), 45, rtol=0, atol=2.5)


@pytest.mark.parametrize("shape", [(90, 100), (16, 21, 19)])
@pytest.mark.parametrize("mode", ["mirror", "edge", "wrap", "constant"])
def test_neither_workers_nor_cuts_change_a_bit(shape, mode, monkeypatch):
    image = image_of(shape).astype(np.float32)
    expected = imfilter.structure_tensor_eigenvalues(image, 1.0, mode=mode, workers=1)
    monkeypatch.setattr(family, "_PIECE", 300)
    for workers in (1, 3):
        found = imfilter.structure_tensor_eigenvalues(image, 1.0, mode=mode, workers=workers)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_mirrored_image_has_the_mirrored_bits(dtype):
    image = image_of((40, 37)).astype(dtype)
    for axis in range(2):
        turned = np.flip(image, axis)
        found = imfilter.structure_tensor_eigenvalues(turned, 1.0)
        np.testing.assert_array_equal(
            np.flip(found, axis + 1), imfilter.structure_tensor_eigenvalues(image, 1.0)
        )
        np.testing.assert_array_equal(
            np.flip(imfilter.orientation(turned, 1.0), axis), -imfilter.orientation(image, 1.0)
        )
        np.testing.assert_array_equal(
            np.flip(imfilter.coherence(turned, 1.0), axis), imfilter.coherence(image, 1.0)
        )


@pytest.mark.parametrize("mode", ["mirror", "shrink", "wrap", "zero"])
def test_missing(mode):
    """A product counts as much as its sample, and is absent where its derivative is not known."""
    image, rng = image_of((20, 22)), np.random.default_rng(4)
    present = rng.random(image.shape) < 0.6
    present[4:14, 3:15] = False
    given = np.where(present, image, np.nan)
    border = {"mode": mode}
    parts = [imfilter.sobel(given, axis=a, nan="ignore", **border) for a in range(2)]
    known = present & np.isfinite(parts[0]) & np.isfinite(parts[1])
    expected = [
        imfilter.gaussian(
            np.where(known, parts[i] * parts[j], 0), 1.0, mask=known, min_coverage=0.2, **border
        )
        for i, j in reference.pairs(2)
    ]
    options = {"min_coverage": 0.2, **border}
    found = imfilter.structure_tensor(given, 1.0, nan="ignore", **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.isnan(found).any()
    np.testing.assert_array_equal(imfilter.structure_tensor(image, 1.0, mask=present, **options), found)
    masked = imfilter.coherence(np.ma.array(image, mask=~present), 1.0, operator="sobel", **options)
    np.testing.assert_array_equal(masked.mask, np.isnan(found[0]))
    full = imfilter.structure_tensor(image, 1.0, mask=np.ones(image.shape), mode="edge")
    np.testing.assert_array_equal(full, imfilter.structure_tensor(image, 1.0, mode="edge"))


def test_axes():
    image = image_of((3, 12, 11, 2))
    found = imfilter.orientation(image, 1.0, axes=(1, 2))
    assert found.shape == image.shape
    np.testing.assert_array_equal(found[1, :, :, 1], imfilter.orientation(image[1, :, :, 1], 1.0))
    turned = imfilter.orientation(image, 1.0, axes=(2, 1))
    off = (turned + found) % np.pi - np.pi / 2  # the angle from the other axis
    np.testing.assert_allclose(off, 0, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: imfilter.orientation(np.zeros((4, 5)), 1.0, feature="edge"),
            "feature must be one of 'plane', 'line', got 'edge'",
        ),
        (
            lambda: imfilter.coherence(np.zeros(9), 1.0),
            "image must have 2 or 3 axes for a structure tensor, got 1",
        ),
        (
            lambda: imfilter.structure_tensor(np.zeros((4, 5)), operator="canny"),
            "operator must be one of 'sobel', 'scharr', 'prewitt', 'farid', got 'canny'",
        ),
        (lambda: imfilter.structure_tensor(np.zeros((4, 5)), -1.0), "sigma must be at least 0, got -1.0"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(30, 34), (9, 10, 11)])
def test_a_common_factor_changes_no_direction(shape, dtype):
    """Squares of the derivatives may be 0 or infinite."""
    rng = np.random.default_rng(3)
    image = (rng.random(shape) + 0.5).astype(dtype)
    error = {"float32": 5e-5, "float64": 1e-12}[dtype]  # large samples are summed in another way
    present = rng.random(shape) < 0.8
    powers = {"float32": (-90, -60, -50, 60, 64, 90, 120), "float64": (-900, -530, -490, 500, 512, 800, 1020)}
    for function in (imfilter.coherence, imfilter.orientation):
        for options in ({}, {"mask": present}, {"mode": "wrap"}):
            expected = function(image, 1.0, **options)
            for power in powers[dtype]:
                found = function(np.ldexp(image, power), 1.0, **options)
                np.testing.assert_allclose(found, expected, rtol=0, atol=error, err_msg=f"{power} {options}")
    # Three ranges in one image.
    scaled = image.copy()
    scaled[..., :5] *= 2.0 ** powers[dtype][0]
    scaled[..., -5:] *= 2.0 ** powers[dtype][-1]
    for function in (imfilter.coherence, imfilter.orientation):
        options = {"radius": 1}
        dark, bright = (np.ascontiguousarray(part) for part in (image[..., :5], image[..., -5:]))
        found = function(scaled, 0.5, mode="edge", **options)
        for alone, place in ((dark, 0), (bright, -1)):
            expected = function(alone, 0.5, mode="edge", **options)[..., place]
            np.testing.assert_allclose(found[..., place], expected, rtol=0, atol=error)
