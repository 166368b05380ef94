"""The quality of denoised photographs. `python -m benchmarks.denoising` measures more of it."""

import numpy as np
import pytest

from benchmarks.denoising import (
    FILTERS,
    NOISES,
    PHOTOS,
    best,
    noisy,
    photograph,
    psnr,
    quality_of_volumes,
    quality_of_words,
)

#: Patches of 7 are 6 x 6 in scikit-image. The filters of one pass have the best strength for each photograph.
RULES = [name for name in FILTERS if name not in ("non_local_means, patch 7", "bilateral", "guided")]


@pytest.fixture(scope="module", params=NOISES)
def noise(request):
    images = [photograph(name, 96) for name in PHOTOS]
    return request.param, [(noisy(image, request.param), image) for image in images]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
def test_photographs(name, noise):
    """Better than the best Gaussian by 0.5 dB for a noise of 20, and as good as scikit-image."""
    sigma, pairs = noise
    ours, theirs = FILTERS[name]
    mean = np.mean([psnr(ours(x, sigma), image) for x, image in pairs])
    if sigma == 20 and name in RULES:
        assert mean > 0.5 + np.mean([best("gaussian", x, image, sigma) for x, image in pairs])
    if theirs is not None and name != "non_local_means, patch 7":
        assert mean > np.mean([psnr(theirs(x, sigma), image) for x, image in pairs]) - 0.05


@pytest.mark.slow
def test_the_best_bilateral_filter_of_each_photograph():
    pairs = [(noisy(image, 20.0), image) for image in (photograph(name, 96) for name in PHOTOS)]
    found, gaussian = (
        np.mean([best(name, *pair, 20.0) for pair in pairs]) for name in ("bilateral", "gaussian")
    )
    assert found > gaussian + 0.5


@pytest.mark.slow
def test_volumes():
    found = quality_of_volumes()
    for (name, library), value in found.items():
        if library == "scikit-image":
            assert found[name, "imfilter"] > value - 0.05
        elif name != "gaussian, best":
            assert value > found["gaussian, best", "imfilter"] + 0.5, name


@pytest.mark.slow
def test_sixteen_bits():
    found = quality_of_words()
    for name in RULES:
        assert found[name] > found["gaussian, best"] + 0.5, name
