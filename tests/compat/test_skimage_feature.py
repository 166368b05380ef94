"""Functions of compat.skimage.feature give scikit-image's results: tensors, corners, peaks, edges, blobs."""

import inspect

import numpy as np
import pytest
import skimage.data
import skimage.feature

from imfilter.compat.skimage import feature
from tests.compat.agreement import runs_here
from tests.looping import loop_over

PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text")
KINDS = ("uint8", "uint16", "int16", "float32", "float64", "bool")
MODES = ("constant", "reflect", "nearest", "mirror", "wrap")
CORNERS = (
    "corner_harris",
    "corner_shi_tomasi",
    "corner_foerstner",
    "corner_kitchen_rosenfeld",
    "shape_index",
)


def agrees(name, *args, **options):
    runs_here("skimage.feature", feature, skimage.feature, name, *args, **options)


def photograph(name, kind="uint8"):
    """Return a photograph of at most 160 x 160 samples, in a type."""
    image = getattr(skimage.data, name)()[:160, :160]
    if kind == "bool":
        return image > 120
    return (
        image if kind == "uint8" else (image / 255 if kind[0] == "f" else image.astype(int) * 40).astype(kind)
    )


@pytest.mark.slow
@loop_over("name", CORNERS)
@pytest.mark.parametrize("kind", KINDS)
def test_corners(name, kind):
    """Corner measures are equal in every bit."""
    for each in PHOTOGRAPHS:
        image = photograph(each, kind)
        agrees(name, image, bound=0)
        if name == "corner_kitchen_rosenfeld":
            agrees(name, image, mode="nearest", bound=0)
        else:
            agrees(name, image, sigma=2, bound=0)
        if name == "corner_harris":
            agrees(name, image, "eps", bound=0)
            agrees(name, image, k=0.1, bound=0)


@pytest.mark.slow
def test_matrices():
    rng = np.random.default_rng(1)
    for shape in ((40, 41), (9, 10, 11)):
        for kind in KINDS:
            image = (rng.random(shape) * (1 if kind[0] == "f" else 1.9 if kind == "bool" else 200)).astype(
                kind
            )
            for mode in MODES:
                sigma = [float(s) for s in rng.random(len(shape)) * 2 + 0.3]
                cval = float(rng.integers(0, 2))
                agrees("structure_tensor", image, sigma, mode, cval)
                if len(shape) == 2:
                    agrees("structure_tensor", image, sigma, mode, cval, order="xy")
                    agrees("hessian_matrix", image, 1.5, order="xy", use_gaussian_derivatives=False)
                for gaussian in (False, True):
                    # Differences of neighbours have fewer digits than the samples.
                    agrees("hessian_matrix", image, sigma, mode, cval, use_gaussian_derivatives=gaussian,
                           bound=1e-5 if kind == "float32" else None)  # fmt: skip


@pytest.mark.slow
def test_eigenvalues():
    rng = np.random.default_rng(2)
    for shape in ((40, 41), (9, 10, 11)):
        for kind in ("float32", "float64"):
            image = rng.random(shape).astype(kind)
            agrees("structure_tensor_eigenvalues", skimage.feature.structure_tensor(image))
            matrix = skimage.feature.hessian_matrix(image, use_gaussian_derivatives=True)
            agrees("hessian_matrix_eigvals", matrix)


@pytest.mark.slow
@loop_over("name", PHOTOGRAPHS)
@pytest.mark.parametrize("kind", KINDS)
def test_edges(name, kind):
    image, rng = photograph(name, kind), np.random.default_rng(3)
    full = 1 if kind[0] in "fb" else np.iinfo(kind).max
    agrees("canny", image)
    agrees("canny", image, 2.5, 0.02 * full, 0.05 * full)
    agrees("canny", image, 0.7, 0.6, 0.9, use_quantiles=True)
    agrees("canny", image, (1.0, 2.0), 0.01 * full, cval=0.5)
    agrees("canny", image, 0)
    for mode in MODES:
        agrees("canny", image, 1.5, 0.05 * full, 0.1 * full, mode=mode)
    mask = rng.random(image.shape) < 0.99
    agrees("canny", image, 1.0, 0.05 * full, 0.1 * full, mask)
    agrees("canny", image, mask=mask.astype(np.uint8), mode="nearest")


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (3, 3), (40, 5), (12, 300)])
def test_small_edges(size):
    agrees("canny", np.random.default_rng(4).random(size), 3.0, 0.001, 0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_peaks_of_photographs(name):
    for kind in ("uint8", "float32"):
        image = photograph(name, kind)
        for options in (
            {"min_distance": 5},
            {"min_distance": 3, "p_norm": 2, "num_peaks": 40},
            {"min_distance": 2, "threshold_rel": 0.7, "exclude_border": False},
            {"footprint": np.ones((5, 3)), "exclude_border": 4},
            {"footprint": skimage.morphology.disk(3), "exclude_border": (2, 0)},
            {"threshold_abs": 100 if kind == "uint8" else 0.4},
        ):
            agrees("peak_local_max", image, **options)
        corners = skimage.feature.corner_harris(image)
        for options in (
            {"min_distance": 5, "threshold_rel": 0.02},
            {"min_distance": 4, "threshold_rel": 0.01, "p_norm": 2, "num_peaks": 7},
            {"indices": False},
        ):
            agrees("corner_peaks", corners, **options)


def test_peaks_of_plateaus():
    rng = np.random.default_rng(5)
    for _ in range(60):
        ndim = int(rng.integers(1, 4))
        shape = tuple(map(int, rng.integers(3, [60, 25, 9][ndim - 1], ndim)))
        kind = str(rng.choice(["uint8", "int16", "float64", "float32"]))
        image = rng.integers(0, 6, shape).astype(kind)
        options = {"min_distance": int(rng.integers(1, 4)), "p_norm": (np.inf, 2)[rng.integers(2)]}
        options["num_peaks"] = (np.inf, int(rng.integers(1, 9)))[rng.integers(2)]
        options["exclude_border"] = (True, False, 1)[rng.integers(3)]
        agrees("peak_local_max", image, **options)
        agrees("corner_peaks", image, **options)
        labels = rng.integers(0, 4, shape)
        options["num_peaks_per_label"] = (np.inf, 2)[rng.integers(2)]
        agrees("peak_local_max", image, labels=labels, **options)
    agrees("peak_local_max", np.ones((9, 9)))
    agrees("peak_local_max", np.ones((9, 9)), labels=np.eye(9, dtype=int), exclude_border=False)


@pytest.mark.slow
def test_blobs():
    rng = np.random.default_rng(6)
    for name in ("camera", "coins"):
        for kind in ("uint8", "float32"):
            image = photograph(name, kind)[:120, :130]
            for options in (
                {},
                {"threshold": None, "threshold_rel": 0.3, "overlap": 0.1, "exclude_border": 3},
            ):
                agrees("blob_log", image, 1, 6, 4, **{"threshold": 0.05} | options, bound=0)
                agrees("blob_dog", image, 1, 6, **{"threshold": 0.05} | options, bound=0)
            agrees("blob_log", image, (1, 2), (4, 5), 3, 0.05, log_scale=True, bound=0)
            agrees("blob_dog", image, (1, 2), (6, 7), 1.4, 0.05, bound=0)
    volume = rng.random((15, 16, 17))
    agrees("blob_log", volume, 1, 3, 3, 0.05, bound=0)
    agrees("blob_dog", volume, 1, 3, threshold=0.01, bound=0)
    agrees("blob_log", np.zeros((9, 9)), 1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_descriptors(name):
    image = photograph(name)
    for options in (
        {},
        {"orientations": 8, "block_norm": "L1"},
        {"orientations": 6, "pixels_per_cell": (10, 7), "cells_per_block": (2, 1), "block_norm": "L2"},
        {"block_norm": "L1-sqrt", "feature_vector": False},
    ):
        agrees("hog", image, **options, bound=1e-5)  # scikit-image's sums of votes are float32
    agrees("hog", image / 255, bound=1e-5)
    agrees("hog", image[:64, :64], visualize=True, bound=1e-5)
    agrees("hog", skimage.data.astronaut()[:128, :128], channel_axis=-1, bound=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_templates(name):
    image = photograph(name)
    for template in (image[20:40, 30:55], image[:7, :8], image[100:101, 5:9]):
        agrees("match_template", image, template, bound=1e-5)
        agrees("match_template", image, template, True, bound=1e-5)
        agrees("match_template", image, template, True, "edge", bound=1e-5)
        agrees("match_template", image, template, True, constant_values=90, bound=1e-5)


@pytest.mark.parametrize("name", feature.__all__)
def test_signatures(name):
    """Every parameter has scikit-image's name, kind and default."""
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (feature, skimage.feature))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


CALLS = {
    "order": lambda m: m.structure_tensor(np.eye(9), order="xx"),
    "sigma": lambda m: m.structure_tensor(np.eye(9), (1, 2, 3)),
    "negative": lambda m: m.corner_harris(np.eye(9), sigma=-1),
    "thresholds": lambda m: m.canny(np.eye(9), 1.0, 0.3, 0.2),
    "quantiles": lambda m: m.canny(np.eye(9), 1.0, 0.3, 2, use_quantiles=True),
    "three axes": lambda m: m.canny(np.ones((3, 3, 3))),
    "wide": lambda m: m.canny(np.eye(9, dtype=int)),
    "border": lambda m: m.peak_local_max(np.eye(9), exclude_border=-1),
    "ratio": lambda m: m.blob_dog(np.eye(9), sigma_ratio=0.5),
    "blocks": lambda m: m.hog(np.eye(9)),
    "norm": lambda m: m.hog(np.eye(99), block_norm="L7"),
    "template": lambda m: m.match_template(np.eye(5, dtype=np.uint8), np.eye(9, dtype=np.uint8)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_errors_are_scikit_images(call):
    with pytest.raises(Exception) as theirs:  # noqa: PT011  # whatever it raises
        call(skimage.feature)
    with pytest.raises(type(theirs.value)) as ours:
        call(feature)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_large_samples(kind):
    """A sum of all samples overflows, without a warning."""
    image = np.full((40, 50), np.finfo(kind).max / 100).astype(kind)
    image[10:20, 10:20] = 0
    for _ in range(2):
        agrees("peak_local_max", image)
        image *= np.array(-1, kind)
    image[5, 5] = np.inf
    assert feature.peak_local_max(image).tolist() == skimage.feature.peak_local_max(image).tolist()


def test_large_samples_of_float16():
    image = np.full((40, 50), 255, np.float16)
    image[10:20, 10:20] = 0
    agrees("canny", image)
    agrees("blob_dog", image, 2, 8, threshold=2.0, bound=0)
