"""How much must be present around a result: `min_coverage` of filters of whole images."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import restoration

RNG = np.random.default_rng(10)


def response(name, shape, kernel):
    """The response of a filter to the frequencies of a periodic image."""
    square = sum(f * f for f in restoration.waves(shape))
    low = 1 / (1 + (square / 0.15**2) ** 2)
    if name == "butterworth":
        return low
    if name == "homomorphic":
        return 0.5 + (1 - low)
    h = restoration.response_of(kernel, shape)
    bend = sum(2 - 2 * np.cos(2 * np.pi * f) for f in restoration.waves(shape)) ** 2
    return h.conj() / (abs(h) ** 2 + 0.1 * bend)


@pytest.mark.parametrize("name", ["butterworth", "homomorphic", "wiener"])
@loop_over("mode", ["wrap", "mirror", "symmetric"])
@loop_over("shape", [(24,), (9, 10), (4, 5, 6)])
@loop_over("graded", [False, True])
def test_share_of_the_weights(name, mode, shape, graded):
    image, present = RNG.random(shape) + 1, RNG.random(shape) < 0.7
    present[(slice(0, 3),) * len(shape)] = False
    mask = present * RNG.random(shape) if graded else present
    kernel = RNG.random((3, 2, 3)[: len(shape)]) + 0.1
    pads = [(0, {"wrap": 0, "mirror": n - 2, "symmetric": n}[mode]) for n in shape]
    period = np.pad(mask.astype(float), pads, mode="symmetric" if mode == "symmetric" else "reflect")
    share = restoration.covered(period, response(name, period.shape, kernel))[tuple(map(slice, shape))]
    least = float(np.quantile(share, 0.4))
    if np.abs(share - least).min() < 1e-9:
        least += 1e-6
    own = {"butterworth": (0.15,), "homomorphic": (0.15,), "wiener": (kernel,)}[name]
    options = {"balance": 0.1, "mode": mode} if name == "wiener" else {"mode": mode}
    function = getattr(imfilter, name)
    found = function(image, *own, mask=mask, min_coverage=least, **options)
    np.testing.assert_array_equal(np.isnan(found), share < least)
    assert np.isnan(found).any()
    filled = function(image, *own, mask=mask, **options)
    np.testing.assert_array_equal(found[share >= least], filled[share >= least])
    whole = function(
        (image * 50).astype(np.uint8), *own, mask=mask, min_coverage=least, dtype="int32", **options
    )
    assert not whole[share < least].any()
    if not graded:
        masked = function(np.ma.array(image, mask=~present), *own, min_coverage=least, **options)
        np.testing.assert_array_equal(np.ma.getmaskarray(masked), share < least)
    np.testing.assert_array_equal(
        function(image, *own, min_coverage=1, **options), function(image, *own, **options)
    )


@pytest.mark.parametrize("shape", [(20,), (9, 10)], ids=str)
def test_richardson_lucy(shape):
    image, present = RNG.random(shape) + 1, RNG.random(shape) < 0.7
    present[(slice(0, 4),) * len(shape)] = False
    kernel = RNG.random((5, 4)[: len(shape)])
    share = restoration.blurred(present.astype(float), kernel, flipped=True) / kernel.sum()
    found = imfilter.richardson_lucy(image, kernel, 3, mask=present, min_coverage=0.5)
    np.testing.assert_array_equal(np.isnan(found), share < 0.5)
    plain = imfilter.richardson_lucy(image, kernel, 3, mask=present)
    np.testing.assert_array_equal(found[share >= 0.5], plain[share >= 0.5])
    inside = restoration.blurred(np.ones(shape), kernel, flipped=True) / kernel.sum()
    found = imfilter.richardson_lucy(image, kernel, 3, min_coverage=0.9)
    np.testing.assert_array_equal(np.isnan(found), inside < 0.9)
    known = imfilter.richardson_lucy(image, kernel, 3, min_coverage=0.9, mode="zero")
    assert np.isfinite(known).all()
