"""`Pipeline`: the functions one after the other, its halo, copies, files and errors; and `sklearn.Filter`."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_get_params_invariance, check_set_params

import imfilter
from imfilter import Pipeline, io, morphology, threshold, weights
from imfilter.sklearn import Filter

RNG = np.random.default_rng(25)
IMAGE = RNG.integers(0, 256, (40, 50)).astype(np.uint8)
STEPS = [("gaussian", {"sigma": 2}), "sobel", "threshold.otsu"]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16", "float32", "float64"])
def test_is_the_functions_in_floating_point(dtype):
    image = (IMAGE % 2 if dtype == "bool" else IMAGE).astype(dtype)
    real = image.astype(np.float64 if dtype in ("int32", "float64") else np.float32)
    edges = imfilter.sobel(imfilter.gaussian(real, 2.0))
    assert Pipeline(STEPS[:2])(image).dtype == real.dtype
    np.testing.assert_array_equal(Pipeline(STEPS[:2])(image), edges)
    np.testing.assert_array_equal(Pipeline(STEPS)(image.tolist() if dtype == "float64" else image),
                                  edges > threshold.otsu(edges))  # fmt: skip


def test_axes_channels_and_workers():
    image = RNG.random((3, 20, 25))
    expected = imfilter.sobel(imfilter.median(image, 5, channel_axis=0), channel_axis=0)
    run = Pipeline([("median", {"size": 5}), "sobel"])
    np.testing.assert_array_equal(run(image, channel_axis=0, workers=1), expected)
    np.testing.assert_array_equal(run(image, axes=(1, 2)), expected)
    local = Pipeline([("threshold.sauvola", {"size": 9})])
    np.testing.assert_array_equal(local(image, axes=(1, 2)), image > threshold.sauvola(image, 9, axes=(1, 2)))
    classes = Pipeline([("threshold.multi_otsu", {"classes": 3})])(image)
    np.testing.assert_array_equal(classes, np.digitize(image, threshold.multi_otsu(image, 3), right=True))
    values = imfilter.hessian_eigenvalues(image[0], 2.0)
    largest = Pipeline([("hessian_eigenvalues", {"sigma": 2, "which": "largest"})])
    np.testing.assert_array_equal(largest(image[0]), values[0])


def test_absent_samples():
    mask = RNG.random(IMAGE.shape) > 0.3
    mask[10:25, 10:25] = False
    real = IMAGE.astype(np.float32)
    smooth = imfilter.box(real, 3, mask=mask)
    expected = imfilter.sobel(smooth, nan="ignore")
    run = Pipeline([("box", {"size": 3}), "sobel"])
    np.testing.assert_array_equal(run(IMAGE, mask=mask), expected)
    np.testing.assert_array_equal(run(np.where(mask, real, np.nan), nan="ignore"), expected)
    masked = run(np.ma.MaskedArray(IMAGE, ~mask))
    assert isinstance(masked, np.ma.MaskedArray)
    np.testing.assert_array_equal(masked.filled(np.nan), expected)


@pytest.mark.parametrize(
    ("steps", "halo"),
    [
        ([("correlate", {"kernel": np.ones((3, 9))})], 4),
        ([("correlate", {"kernel": [np.ones(5), np.ones(3)]})], 2),
        (["sobel", ("gaussian", {"sigma": (1, 2)})], 9),
        ([("gaussian", {"sigma": 2, "spacing": (1, 0.5)})], 16),
        ([("morphology.opening", {"element": morphology.disk(4)})], 8),
        ([("bilateral", {"sigma_space": 1, "sigma_range": 20, "radius": 3})], 3),
        ([("threshold.niblack", {"size": 7})], 3),
        ([("maximum", {"footprint": np.ones((9, 5))})], 4),
        (["harris"], 2),
        ([("hessian_eigenvalues", {"sigma": 1, "which": "determinant"})], 4),
        (["roberts", "laplacian", ("unsharp_mask", {"sigma": 1})], 6),
    ],
)
def test_halo(steps, halo):
    """A crop with the halo has the bits of the whole in its middle."""
    run = Pipeline(steps)
    assert run.halo == halo
    image, h = RNG.random((140, 150)), run.halo
    crop = image[60 - h : 80 + h, 70 - h : 85 + h]
    np.testing.assert_array_equal(run(crop)[h : h + 20, h : h + 15], run(image)[60:80, 70:85])


@pytest.mark.parametrize(
    "steps",
    [
        ["threshold.otsu"],
        ["canny"],
        [("box", {"size": 3}), "clahe"],
        ["frangi"],
        [("resize", {"scale": 2})],
        [("hysteresis_threshold", {"low": 1, "high": 2})],
        [("correlate", {"kernel": np.ones((3, 3)), "stride": 2})],
        [("box", {"size": 20_001})],  # longer than the image that is tried
    ],
)
def test_no_halo(steps):
    assert Pipeline(steps).halo is None


def test_copies_and_words(tmp_path):
    steps = [("gaussian", {"sigma": (1.0, 2.5)}), ("correlate", {"kernel": weights.SHARPEN}),
             ("morphology.erosion", {"element": morphology.disk(2), "mode": "edge"}), "sobel"]  # fmt: skip
    run = Pipeline(steps)
    again = pickle.loads(pickle.dumps(run))
    assert again == run
    assert hash(again) == hash(run)
    assert run != Pipeline(steps[:2])
    assert run != steps
    assert len(run) == 4
    assert run.steps[0] == ("gaussian", {"sigma": (1.0, 2.5)})
    assert repr(Pipeline(STEPS)) == "Pipeline([('gaussian', {'sigma': 2}), 'sobel', 'threshold.otsu'])"
    assert eval(repr(Pipeline(STEPS))) == Pipeline(STEPS)
    text = run.to_toml(tmp_path / "steps.toml")
    assert (tmp_path / "steps.toml").read_text() == text == run.to_toml()
    read = Pipeline.from_toml(tmp_path / "steps.toml")
    np.testing.assert_array_equal(read(IMAGE), run(IMAGE))
    assert Pipeline([{"filter": "gaussian", "sigma": 2}]) == Pipeline(STEPS[:1])


def test_every_kind_of_value_in_a_file(tmp_path):
    options = {"sigma": 2, "truncate": 3.5, "mode": "constant", "cval": float("-inf"),
               "radius": (3, 4), "order": np.int64(1)}  # fmt: skip
    column, row = np.array([1.0, 2.0]), np.array([3.0, -1.0, 0.5])
    run = Pipeline([("gaussian", options), ("sobel", {"normalize": True, "axis": -1}),
                    ("convolve", {"kernel": [column, row], "cval": float("nan")})])  # fmt: skip
    run.to_toml(tmp_path / "steps.toml")
    first, second, third = Pipeline.from_toml(tmp_path / "steps.toml").steps
    assert first == ("gaussian", options)
    assert second == ("sobel", {"normalize": True, "axis": -1})
    np.testing.assert_array_equal(third[1]["kernel"], np.outer(column, row))
    assert np.isnan(third[1]["cval"])
    with pytest.raises(TypeError, match="function must be numbers, words or truth values"):
        Pipeline([("generic", {"function": max, "size": 3})]).to_toml()
    with pytest.raises(io.FileError, match="cannot be read"):
        Pipeline.from_toml(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("error", "steps", "message"),
    [
        (TypeError, "sobel", "steps must be a sequence of names"),
        (ValueError, [], "steps must have at least one step"),
        (TypeError, ["sobel", 3], "step 2 must be a name, or (name, options), got 3"),
        (TypeError, [("box", 3)], "step 1 must be a name, or (name, options), got ('box', 3)"),
        (ValueError, ["sobl"], "step 1: unknown filter 'sobl'; did you mean 'sobel'?"),
        (ValueError, ["opening"], "step 1: unknown filter 'opening'; here it is called 'morphology.opening'"),
        (ValueError, ["set_workers"], "step 1: unknown filter 'set_workers'"),
        (ValueError, ["morphology.disk"], "step 1: unknown filter 'morphology.disk'"),
        (ValueError, ["os.path"], "step 1: unknown filter 'os.path'"),
        (TypeError, ["sobel", "gaussian"], "step 2, gaussian: sigma is missing"),
        (TypeError, ["hessian_eigenvalues"], "step 1, hessian_eigenvalues: sigma is missing"),
        (TypeError, [("sobel", {"axes": 1})], "step 1, sobel: has no option 'axes'; give it to the call"),
        (TypeError, [("sobel", {"Axis": 1})], "step 1, sobel: has no option 'Axis'; did you mean 'axis'?"),
    ],
)
def test_errors_of_steps(error, steps, message):
    with pytest.raises(error) as caught:
        Pipeline(steps)
    assert str(caught.value).startswith(message)


def test_errors_of_calls_name_the_step():
    with pytest.raises(ValueError, match=r"^step 2, gaussian: sigma must be at least 0, got -2"):
        Pipeline(["sobel", ("gaussian", {"sigma": -2})])(IMAGE)
    with pytest.raises(TypeError, match=r"^step 1, sobel: .*complex"):
        Pipeline(["sobel"])(IMAGE.astype(complex))
    with pytest.raises(TypeError, match=r"^step 1, canny: it takes no channel_axis"):
        Pipeline(["canny"])(IMAGE, channel_axis=0)
    with pytest.raises(ValueError, match=r"^step 1, box: mask"):
        Pipeline([("box", {"size": 3})])(IMAGE, mask=np.ones((2, 2), bool))


IMAGES = RNG.integers(0, 256, (6, 20, 24)).astype(np.uint8)


def test_filter_is_the_function_for_each_image():
    expected = np.stack([imfilter.gaussian(image.astype(np.float32), 2.0) for image in IMAGES])
    for images in (IMAGES, list(IMAGES), IMAGES.astype(np.float32)):
        np.testing.assert_array_equal(Filter("gaussian", sigma=2).fit_transform(images), expected)
    rows = Filter("gaussian", sigma=2, image_shape=(20, 24)).fit_transform(IMAGES.reshape(6, -1))
    np.testing.assert_array_equal(rows, expected.reshape(6, -1))
    colours = RNG.random((3, 15, 16, 3))
    found = Filter("sobel", channel_axis=-1, workers=1).fit_transform(colours)
    np.testing.assert_array_equal(found, [imfilter.sobel(image, channel_axis=-1) for image in colours])
    above = Filter("threshold.otsu").fit_transform(IMAGES)
    np.testing.assert_array_equal(
        above, [image > threshold.otsu(image.astype(np.float32)) for image in IMAGES]
    )


def test_filter_keeps_the_conventions():
    transformer = Filter("gaussian", sigma=2, mode="edge")
    params = {"name": "gaussian", "channel_axis": None, "image_shape": None, "workers": None, "sigma": 2,
              "mode": "edge"}  # fmt: skip
    assert transformer.get_params() == params
    again = clone(transformer.fit(IMAGES))
    assert again.get_params() == params
    assert not hasattr(again, "image_shape_")
    assert again.set_params(sigma=3, radius=4) is again
    assert again.get_params() == params | {"sigma": 3, "radius": 4}
    assert clone(again).get_params() == again.get_params()
    restored = pickle.loads(pickle.dumps(transformer))
    np.testing.assert_array_equal(restored.transform(IMAGES), transformer.transform(IMAGES))
    assert repr(transformer) == "Filter(mode='edge', name='gaussian', sigma=2)"
    assert list(transformer.get_feature_names_out()[:2]) == ["filter0", "filter1"]
    check_get_params_invariance("Filter", transformer)
    check_set_params("Filter", transformer)


@pytest.mark.slow
def test_filter_learns_in_a_pipeline_and_a_search():
    shape = (16, 16)
    images = RNG.normal(size=(60, *shape))
    images[:30] += 3 * (np.arange(16) % 2)
    kinds = np.repeat([0, 1], 30)
    model = make_pipeline(Filter("sobel", axis=0, image_shape=shape), LogisticRegression())
    search = GridSearchCV(model, {"filter__axis": [0, 1], "filter__normalize": [False, True]}, cv=2)
    search.fit(images.reshape(60, -1), kinds)
    assert set(search.best_params_) == {"filter__axis", "filter__normalize"}
    assert "normalize" in search.best_estimator_[0].get_params()


def test_errors_of_filters():
    with pytest.raises(ValueError, match="unknown filter 'gausian'; did you mean 'gaussian'"):
        Filter("gausian").fit(IMAGES)
    with pytest.raises(TypeError, match="gaussian: sigma is missing"):
        Filter("gaussian").fit(IMAGES)
    with pytest.raises(ValueError, match="give the shape of one image with image_shape="):
        Filter("sobel").fit(IMAGES.reshape(6, -1))
    with pytest.raises(ValueError, match="X must contain images of shape"):
        Filter("sobel").fit(IMAGES).transform(IMAGES[:, :10])


def test_absent_samples_are_in_the_lowest_class():
    image = np.array([0.0, 1, 5, 6, 11, 12, np.nan] * 9)
    found = Pipeline([("threshold.multi_otsu", {"classes": 3})])(image, nan="ignore")
    np.testing.assert_array_equal(found[:7], [0, 0, 1, 1, 2, 2, 0])


def test_a_table_is_an_array_of_its_values():
    pandas = pytest.importorskip("pandas")
    table = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(Pipeline(["sobel"])(pandas.DataFrame(table)), imfilter.sobel(table))


def test_eigenvalues_have_three_names():
    with pytest.raises(ValueError, match="'largest', 'smallest', 'determinant'"):
        Pipeline([("hessian_eigenvalues", {"sigma": 1, "which": "bigest"})])(np.zeros((9, 9)))
