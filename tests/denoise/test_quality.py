"""The quality of denoised photographs. `python -m benchmarks.denoising` measures more noise."""

import numpy as np
import pytest

from benchmarks.denoising import FILTERS, PHOTOS, best_gaussian, noisy, photograph, psnr

SIGMA = 20.0
RULES = [name for name in FILTERS if "patch" not in name]


@pytest.fixture(scope="module")
def pairs():
    images = [photograph(name, 96) for name in PHOTOS]
    return [(noisy(image, SIGMA), image) for image in images]


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
def test_better_than_the_best_gaussian_and_not_worse_than_scikit_image(name, pairs):
    ours, theirs = FILTERS[name]
    mean = np.mean([psnr(ours(x, SIGMA), image) for x, image in pairs])
    assert mean > 0.5 + np.mean([best_gaussian(x, image) for x, image in pairs])
    if theirs is not None:
        assert mean > np.mean([psnr(theirs(x, SIGMA), image) for x, image in pairs]) - 0.05
