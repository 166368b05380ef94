"""Fitted kernels: against a design matrix made by plain loops, and against kernels that are known."""

import itertools

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.photos import photo, volume
from tests.reference import naive

RNG = np.random.default_rng(5)
MODES = naive.MODES
VALID = "valid"


def design(image, shape, mode, cval, padding="same"):
    """A row for each output and a column for each tap, by plain loops; and the outputs' shape."""
    one = (1,) * image.ndim
    places = naive.geometry(image.shape, shape, one, one, padding)
    rows = []
    for i in np.ndindex(*(length for _, length in places)):
        row = []
        for j in np.ndindex(*shape):
            at = [
                naive.border_index(i[a] + j[a] - places[a][0], image.shape[a], mode)
                for a in range(image.ndim)
            ]
            row.append((0.0 if mode == "zero" else cval) if None in at else float(image[tuple(at)]))
        rows.append(row)
    return np.array(rows), tuple(length for _, length in places)


def solved(columns, goal, bias, ridge=0.0):
    """The weights, the bias and the root of the mean square of what is missing, by lstsq."""
    unknowns = columns.shape[1]
    full = np.hstack([columns, np.ones((len(columns), 1))]) if bias else columns
    extra = np.sqrt(ridge) * np.eye(unknowns, full.shape[1])
    found = np.linalg.lstsq(np.vstack([full, extra]), np.r_[goal, np.zeros(unknowns)], rcond=None)[0]
    missing = np.sqrt(np.mean((full @ found - goal) ** 2))
    return found[:unknowns], found[unknowns] if bias else 0.0, missing


def agrees(fitted, columns, goal, bias=True, ridge=0.0):
    weights, level, missing = solved(columns, goal, bias, ridge)
    np.testing.assert_allclose(fitted.kernel.ravel(), weights, rtol=1e-9, atol=1e-10)
    assert fitted.bias == pytest.approx(level, rel=1e-9, abs=1e-9)
    assert fitted.residual == pytest.approx(missing, rel=1e-9, abs=1e-9)
    assert fitted.samples == len(goal)


@loop_over("mode", MODES)
@loop_over(
    ("lengths", "shape"),
    [
        ((40,), (5,)),
        ((41,), (4,)),
        ((12, 9), (3, 3)),
        ((9, 14), (4, 2)),
        ((11, 8), (1, 5)),
        ((20, 3), (3, 5)),
        ((6, 7, 8), (3, 2, 3)),
    ],
)
def test_the_design_matrix_of_plain_loops(lengths, shape, mode):
    image, goal = RNG.normal(3, 1, lengths), RNG.normal(-2, 1, lengths)
    for bias in (True, False):
        columns, _ = design(image, shape, mode, 0.7)
        if np.linalg.matrix_rank(columns - columns.mean(axis=0)) < columns.shape[1]:
            continue  # a kernel wider than the image
        fitted = imfilter.fit_kernel(image, goal, shape, bias=bias, mode=mode, cval=0.7)
        assert fitted.kernel.shape == shape
        agrees(fitted, columns, goal.ravel(), bias)


@pytest.mark.parametrize("padding", ["valid", 2, ((0, 3), (1, 0))])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4)])
def test_padding(shape, padding):
    image = RNG.normal(size=(10, 13))
    columns, lengths = design(image, shape, "mirror", 0.0, padding)
    goal = RNG.normal(size=lengths)
    fitted = imfilter.fit_kernel(image, goal, shape, padding=padding)
    agrees(fitted, columns, goal.ravel())
    assert fitted.apply(image).shape == lengths


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (1, 5), (5, 1)])
def test_valid_takes_targets_of_the_size_of_inputs(shape):
    image, whole = RNG.normal(size=(10, 13)), RNG.normal(size=(10, 13))
    # What "same" gives in the middle is what "valid" gives.
    kernel = RNG.normal(size=shape)
    inner = imfilter.correlate(image, kernel, padding="valid")
    fitted = imfilter.fit_kernel(image, imfilter.correlate(image, kernel), shape, padding="valid")
    np.testing.assert_allclose(fitted.kernel, kernel, atol=1e-10)
    assert fitted.samples == inner.size
    cut = tuple(slice(k // 2, k // 2 + n) for k, n in zip(shape, inner.shape, strict=True))
    same = imfilter.fit_kernel(image, whole[cut], shape, padding="valid")
    np.testing.assert_array_equal(
        imfilter.fit_kernel(image, whole, shape, padding="valid").kernel, same.kernel
    )


@pytest.mark.parametrize("ridge", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("bias", [True, False])
def test_ridge(ridge, bias):
    image, goal = RNG.normal(4, 1, (9, 10)), RNG.normal(size=(9, 10))
    columns, _ = design(image, (3, 3), "mirror", 0.0)
    agrees(imfilter.fit_kernel(image, goal, 3, bias=bias, ridge=ridge), columns, goal.ravel(), bias, ridge)
    # The closed form itself.
    x = columns - columns.mean(axis=0) * bias
    y = goal.ravel() - goal.mean() * bias
    weights = np.linalg.solve(x.T @ x + ridge * np.eye(9), x.T @ y)
    found = imfilter.fit_kernel(image, goal, 3, bias=bias, ridge=ridge)
    np.testing.assert_allclose(found.kernel.ravel(), weights, rtol=1e-10, atol=1e-12)


def test_ridge_makes_up_for_too_few_examples():
    image, goal = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))
    columns, _ = design(image, (5, 5), "wrap", 0.0)
    agrees(imfilter.fit_kernel(image, goal, 5, ridge=0.1, mode="wrap"), columns, goal.ravel(), ridge=0.1)
    flat = imfilter.fit_kernel(np.full((5, 5), 0.1), np.full((5, 5), 3.0), 3, ridge=1e-3)
    np.testing.assert_allclose(flat.kernel, 0, atol=1e-12)
    assert flat.bias == pytest.approx(3.0)


@pytest.mark.parametrize("kind", [list, tuple])
def test_many_images(kind):
    images = [RNG.normal(size=shape) for shape in [(5, 6), (9, 4), (3, 12)]]
    goals = [RNG.normal(size=image.shape) for image in images]
    fitted = imfilter.fit_kernel(kind(images), kind(goals), (3, 2), mode="edge")
    columns = np.vstack([design(image, (3, 2), "edge", 0.0)[0] for image in images])
    agrees(fitted, columns, np.concatenate([goal.ravel() for goal in goals]))


def test_a_batch_is_many_images():
    images, goals = RNG.normal(size=(2, 6, 3, 7)), RNG.normal(size=(2, 6, 3, 7))
    fitted = imfilter.fit_kernel(images, goals, (3, 2), axes=(1, 3))
    pairs = list(itertools.product(range(2), range(3)))
    columns = np.vstack([design(images[a, :, b], (3, 2), "mirror", 0.0)[0] for a, b in pairs])
    agrees(fitted, columns, np.concatenate([goals[a, :, b].ravel() for a, b in pairs]))
    turned = imfilter.fit_kernel(images, goals, (2, 3), axes=(3, 1))
    np.testing.assert_allclose(turned.kernel, fitted.kernel.T, atol=1e-12)
    np.testing.assert_allclose(turned.apply(images), fitted.apply(images), atol=1e-12)


@pytest.mark.parametrize("channel_axis", [0, 1, -1])
@pytest.mark.parametrize("outputs", [None, 1, 2])
def test_channels(channel_axis, outputs):
    image = np.moveaxis(RNG.normal([1.0, -5.0, 100.0], 1, (8, 9, 3)), -1, channel_axis)
    planes = np.moveaxis(image, channel_axis, 0)
    goal = RNG.normal(size=(8, 9) if outputs is None else (8, 9, outputs))
    target = goal if outputs is None else np.moveaxis(goal, -1, channel_axis)
    fitted = imfilter.fit_kernel(image, target, (3, 2), channel_axis=channel_axis)
    columns = np.hstack([design(plane, (3, 2), "mirror", 0.0)[0] for plane in planes])
    assert fitted.kernel.shape == (() if outputs is None else (outputs,)) + (3, 3, 2)
    assert np.shape(fitted.bias) == np.shape(fitted.residual) == (() if outputs is None else (outputs,))
    for o in range(outputs or 1):
        weights, level, missing = solved(columns, goal.reshape(72, -1)[:, o], True)
        kernel = fitted.kernel if outputs is None else fitted.kernel[o]
        np.testing.assert_allclose(kernel.ravel(), weights, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(np.atleast_1d(fitted.bias)[o], level, rtol=1e-8)
        np.testing.assert_allclose(np.atleast_1d(fitted.residual)[o], missing, rtol=1e-9)
    applied = fitted.apply(image)
    assert applied.shape == target.shape
    error = np.sqrt(
        np.mean((np.moveaxis(applied, channel_axis, -1) - goal) ** 2, axis=(0, 1))
        if outputs
        else np.mean((applied - goal) ** 2)
    )
    np.testing.assert_allclose(error, fitted.residual, rtol=1e-9)


def test_a_volume_with_channels():
    kernel = RNG.normal(size=(2, 3, 2, 3, 2))
    image = RNG.normal(size=(6, 3, 7, 8))
    target = np.stack(
        [
            sum(naive.correlate(image[:, c], kernel[o, c], mode="wrap") for c in range(3)) + o
            for o in range(2)
        ],
        axis=1,
    )
    fitted = imfilter.fit_kernel(image, target, (2, 3, 2), channel_axis=1, mode="wrap")
    np.testing.assert_allclose(fitted.kernel, kernel, atol=1e-10)
    np.testing.assert_allclose(fitted.bias, [0, 1], atol=1e-10)
    np.testing.assert_allclose(fitted.apply(image), target, atol=1e-9)


@loop_over("mode", MODES)
@loop_over("axis", [0, 1])
@loop_over("dtype", ["uint8", "float32", ">f8", "float16"])
def test_it_finds_sobel(mode, axis, dtype):
    image = photo("camera")[100:300, 50:350].astype(dtype)
    edges = imfilter.sobel(image, axis=axis, mode=mode, cval=20)
    fitted = imfilter.fit_kernel(image, edges, 3, mode=mode, cval=20)
    np.testing.assert_allclose(fitted.kernel, imfilter.weights.SOBEL.kernel(axis), atol=1e-6)
    assert abs(fitted.bias) < 1e-6
    assert fitted.residual < 1e-6
    np.testing.assert_allclose(fitted.apply(image), edges, atol=1e-3)


def test_it_finds_sobel_in_volumes_and_lines():
    cells = volume()
    fitted = imfilter.fit_kernel(cells, imfilter.sobel(cells, axis=0), 3)
    expected = imfilter.correlate(np.pad([[[1.0]]], 1), np.ones((1, 1, 1)))  # an impulse, to be filtered
    expected = imfilter.sobel(expected, axis=0, mode="zero")[::-1, ::-1, ::-1]
    np.testing.assert_allclose(fitted.kernel, expected, atol=1e-6)
    line = photo("camera")[200]
    fitted = imfilter.fit_kernel(line, imfilter.sobel(line, axis=0) + 3, 3)
    np.testing.assert_allclose(fitted.kernel, [-1, 0, 1], atol=1e-6)
    assert fitted.bias == pytest.approx(3, abs=1e-4)


@pytest.mark.parametrize("shape", [(2, 2), (4, 3), (6, 6), (1, 4)])
def test_even_kernels_have_the_origin_of_correlate(shape):
    image, kernel = photo("coins"), RNG.normal(size=shape)
    for mode in MODES:
        target = imfilter.correlate(image, kernel, bias=-4, mode=mode, dtype="float64")
        fitted = imfilter.fit_kernel(image, target, shape, mode=mode)
        np.testing.assert_allclose(fitted.kernel, kernel, atol=1e-6)
        assert fitted.bias == pytest.approx(-4, abs=1e-4)


@pytest.mark.parametrize("bias", [True, False])
def test_smooth_images_far_from_zero(bias):
    """Where the matrix of neighbourhoods has a condition of a million, its square is corrected."""
    image = imfilter.gaussian(RNG.normal(size=(80, 90)), 1.0) + 1000.0
    kernel = RNG.normal(size=(5, 5))
    target = imfilter.correlate(image, kernel)
    fitted = imfilter.fit_kernel(image, target, 5, bias=bias)
    np.testing.assert_allclose(fitted.kernel, kernel, atol=1e-5)


@pytest.mark.parametrize(
    ("lengths", "shape"),
    [((5000, 3), (3, 3)), ((20000,), (7,)), ((3, 1500), (2, 5)), ((40, 70, 60), (3, 2, 3))],
)
def test_many_tiles_are_one_image(lengths, shape):
    kernel, image = RNG.normal(size=shape), RNG.normal(size=lengths)
    fitted = imfilter.fit_kernel(image, imfilter.correlate(image, kernel, mode="wrap"), shape, mode="wrap")
    np.testing.assert_allclose(fitted.kernel, kernel, atol=1e-11)


def test_workers_and_layouts_do_not_change_a_bit():
    image, goal = RNG.normal(size=(500, 1100)), RNG.normal(size=(500, 1100))
    expected = imfilter.fit_kernel(image, goal, (3, 4), workers=1)
    layouts = [
        np.asfortranarray,
        lambda a: a.astype(">f8"),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    ]
    for workers in (2, 7):
        for change in layouts:
            a, b = change(image), change(goal)
            a.flags.writeable = False
            found = imfilter.fit_kernel(a, b, (3, 4), workers=workers)
            np.testing.assert_array_equal(found.kernel, expected.kernel)
            assert (found.bias, found.residual) == (expected.bias, expected.residual)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "uint64", "float16", "longdouble"])
def test_every_dtype(dtype):
    image = RNG.integers(0, 2 if dtype == "bool" else 100, (9, 11)).astype(dtype)
    goal = RNG.integers(0, 2, (9, 11)).astype(dtype)
    columns, _ = design(image, (2, 3), "mirror", 0.0)
    agrees(imfilter.fit_kernel(image, goal, (2, 3)), columns, goal.ravel().astype(float))


def test_inputs_are_not_changed():
    image, goal = RNG.normal(size=(9, 9)), RNG.normal(size=(9, 9))
    before = image.copy(), goal.copy()
    imfilter.fit_kernel(image, goal, 3)
    np.testing.assert_array_equal((image, goal), before)


def test_a_single_tap_and_a_single_sample():
    assert imfilter.fit_kernel([2.0, 4.0], [1.0, 2.0], 1).kernel == pytest.approx(0.5)
    assert imfilter.fit_kernel([2.0], [1.0], 1, bias=False).kernel == pytest.approx(0.5)


def test_it_beats_every_gaussian():
    """On a photograph that was not learned from, one chosen with the clean one in view too."""
    clean = [photo(name)[:240].astype(np.float32) for name in ("coffee", "chelsea", "astronaut")]
    noisy = [image + RNG.normal(0, 20, image.shape).astype(np.float32) for image in clean]
    fitted = imfilter.fit_kernel(noisy[:2], clean[:2], 5, channel_axis=-1)

    def error(found):
        return np.mean((found - clean[2]) ** 2)

    sigmas = np.arange(0.3, 2, 0.05)
    best = min(error(imfilter.gaussian(noisy[2], sigma, channel_axis=-1)) for sigma in sigmas)
    assert error(fitted.apply(noisy[2])) < 0.9 * best


A = RNG.normal(size=(6, 7))
RGB = RNG.normal(size=(6, 7, 3))


@loop_over(
    ("arguments", "error", "words"),
    [
        ({"inputs": A * 1j}, TypeError, "inputs must contain real numbers.*complex"),
        ({"targets": np.array([[None]])}, TypeError, "targets must contain real numbers.*object"),
        ({"inputs": np.ones((0, 3))}, ValueError, r"inputs must not be empty.*\(0, 3\)"),
        ({"inputs": [A, A[0] * 1j]}, TypeError, "inputs must contain real numbers"),
        ({"inputs": []}, ValueError, "inputs must not be empty"),
        ({"inputs": [A, A]}, ValueError, "targets must have one image for each of 2 inputs, got 1"),
        ({"targets": A[:5]}, ValueError, r"targets must have shape \(6, 7\).*\(6, 7\), got \(5, 7\)"),
        ({"targets": A[0]}, ValueError, r"targets must have shape \(6, 7\).*got \(7,\)"),
        ({"targets": A[1:], "padding": "valid"}, ValueError, r"targets must have shape \(4, 5\)"),
        ({"padding": "full"}, ValueError, "padding must be 'same', 'valid'.*'full'"),
        ({"shape": 0}, ValueError, "shape must be at least 1, got 0"),
        ({"shape": 3.0}, TypeError, "shape must be an integer, got 3.0"),
        ({"shape": (3, 3, 3)}, ValueError, "shape must be one number or one for each of 2"),
        ({"shape": "3"}, TypeError, "shape must be an integer"),
        ({"bias": 0.0}, TypeError, "bias must be True or False, got 0.0"),
        ({"ridge": -1}, ValueError, "ridge must not be negative, got -1"),
        ({"ridge": "a"}, TypeError, "ridge must be a number"),
        ({"ridge": np.inf}, ValueError, "ridge must be finite"),
        ({"mode": "reflect"}, ValueError, "mode 'reflect' is ambiguous"),
        ({"cval": np.nan, "mode": "constant"}, ValueError, "cval must be finite"),
        ({"axes": 5}, ValueError, "axes must be from -2 to 1"),
        ({"channel_axis": 2}, ValueError, "channel_axis must be from -2 to 1"),
        ({"workers": 0}, ValueError, "workers must be at least 1"),
        ({"inputs": A * np.nan}, ValueError, "inputs must be finite"),
        ({"inputs": A * 1e200}, ValueError, "inputs must be finite numbers below 1e150"),
        ({"targets": A + np.inf}, ValueError, "targets must be finite"),
        ({"targets": A * 1e200}, ValueError, "targets must be finite numbers below 1e150"),
        ({"inputs": np.full((6, 7), 0.1)}, ValueError, "inputs must vary, got constant values.*ridge > 0"),
        ({"inputs": A * 0, "bias": False}, ValueError, "inputs must vary, got only zeros.*ridge > 0"),
        ({"inputs": A[:3, :3], "targets": A[:3, :3]}, ValueError, "targets .*10 samples.* got 9;.*ridge > 0"),
        (
            {"inputs": np.tile([1.0, 2.0], (6, 4)), "targets": np.ones((6, 8))},
            ValueError,
            "inputs must determine all 9 taps, got inputs that determine 1.*ridge > 0, a smaller shape",
        ),
        ({"inputs": [RGB, A], "targets": [RGB, A], "channel_axis": 2}, ValueError, "channel_axis must be"),
        ({"inputs": [A, A[0]], "targets": [A, A[0]]}, ValueError, "inputs must all have.*shapes"),
        (
            {"inputs": [RGB, RGB], "targets": [RGB, A], "channel_axis": -1},
            ValueError,
            r"targets must all have the same number of filtered axes and channels, got shapes "
            r"\(6, 7\), \(6, 7, 3\)",
        ),
    ],
)  # fmt: skip
def test_errors(arguments, error, words):
    given = {"inputs": A, "targets": A, "shape": 3, **arguments}
    with pytest.raises(error, match=words) as caught:
        imfilter.fit_kernel(**given)
    assert "\n" not in str(caught.value)


def test_apply_says_which_channels_it_needs():
    fitted = imfilter.fit_kernel(RGB, A, 1, channel_axis=-1)
    with pytest.raises(ValueError, match=r"image must have 3 channels along channel_axis=-1, got shape"):
        fitted.apply(RGB[..., :2])
