"""The transformer for scikit-learn: as the function, in pipelines, searches and copies; mistakes."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import imfilter
from imfilter.sklearn import HOG
from tests.cli.commands import subprocess_env

RNG = np.random.default_rng(53)
GREY = RNG.integers(0, 256, (6, 32, 40)).astype(np.uint8)
OPTIONS = {"orientations": 6, "pixels_per_cell": (8, 5), "cells_per_block": 2, "block_norm": "L1"}


def expected(images, **options):
    return np.stack([imfilter.hog(image, **options) for image in images])


@pytest.mark.parametrize("options", [{}, OPTIONS, {"interpolate": True, "transform_sqrt": True}])
def test_is_the_function_for_each_image(options):
    for images in (GREY, GREY.astype(np.float32), list(GREY), GREY.tolist()):
        result = HOG(**options).fit_transform(images)
        np.testing.assert_array_equal(result, expected(np.asarray(images), **options))
    rows = HOG(image_shape=(32, 40), **options).fit_transform(GREY.reshape(6, -1))
    np.testing.assert_array_equal(rows, expected(GREY, **options))


def test_colour():
    images = RNG.random((3, 24, 32, 3))
    result = HOG(channel_axis=-1).fit(images).transform(images)
    np.testing.assert_array_equal(result, expected(images, channel_axis=-1))
    front = HOG(channel_axis=0, workers=1).fit_transform(np.moveaxis(images, -1, 1))
    np.testing.assert_array_equal(front, result)


def test_learns_in_a_pipeline_and_a_search():
    lying = np.zeros((40, 24, 24))
    lying[:, ::4] = 1  # lines along the rows, and down the columns
    images = np.concatenate([lying, lying.transpose(0, 2, 1)]) + RNG.normal(scale=0.3, size=(80, 24, 24))
    kinds = np.repeat([0, 1], 40)
    order = RNG.permutation(80)
    model = make_pipeline(HOG(cells_per_block=1), LogisticRegression())
    search = GridSearchCV(model, {"hog__orientations": [1, 4]}, cv=3)
    search.fit(images[order[:40]], kinds[order[:40]])
    assert search.best_params_ == {"hog__orientations": 4}
    assert search.score(images[order[40:]], kinds[order[40:]]) == 1


def test_copies_names_and_parameters():
    hog = HOG(**OPTIONS).fit(GREY)
    again = clone(hog)
    assert again.get_params() == hog.get_params()
    assert not hasattr(again, "image_shape_")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(hog)).transform(GREY), hog.transform(GREY))
    names = hog.get_feature_names_out()
    assert list(names[:2]) == ["hog0", "hog1"]
    assert len(names) == hog.transform(GREY).shape[1]
    assert hog.n_features_in_ == 32 * 40
    assert hog.set_params(orientations=3).fit_transform(GREY).shape[1] == len(names) // 2


@pytest.mark.parametrize(
    ("message", "images", "options"),
    [
        ("X must have 3 axes, got shape (6, 1280); give the shape", GREY.reshape(6, -1), {}),
        ("X must have 4 axes, got shape (6, 32, 40)", GREY, {"channel_axis": -1}),
        ("X must contain at least one image, got shape (0, 32, 40)", GREY[:0], {}),
        ("X must contain images of one shape, got images of several shapes", [GREY[0], GREY[0, :20]], {}),
        ("X must contain rows of 1000 samples", GREY.reshape(6, -1), {"image_shape": (20, 50)}),
        ("image_shape must be at least 1, got 0", GREY, {"image_shape": (0, 3)}),
        ("orientations must be at least 1, got 0", GREY, {"orientations": 0}),
        ("image must have 80 rows for 10 cells of 8", GREY, {"cells_per_block": 10}),
    ],
)
def test_errors(message, images, options):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the message is compared below)
        HOG(**options).fit(images)
    assert str(caught.value).startswith(message)


def test_other_images_are_refused():
    hog = HOG(cells_per_block=2).fit(GREY)
    with pytest.raises(ValueError, match=r"X must contain images of shape \(32, 40\), got \(32, 32\)"):
        hog.transform(GREY[:, :, :32])
    with pytest.raises(Exception, match="is not fitted yet"):
        HOG().transform(GREY)


def test_says_what_is_missing():
    code = "import sys; sys.modules['sklearn'] = None; import imfilter.sklearn"
    result = subprocess.run(
        [sys.executable, "-c", code], env=subprocess_env(), capture_output=True, text=True, check=False
    )
    assert result.stderr.strip().splitlines()[-1] == (
        "ImportError: imfilter.sklearn needs scikit-learn: pip install 'imfilter[sklearn]'"
    )
