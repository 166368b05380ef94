"""Filters of mirrored images by cosine transforms: those of the whole period, by Fourier transforms."""

import functools

import numpy as np
import pytest

import imfilter
from imfilter._filters.restoration import cosines, spectra
from tests.looping import loop_over

RNG = np.random.default_rng(8)
SHAPES = ((1,), (2,), (3,), (17,), (1, 1), (2, 3), (1, 9), (13, 16), (5, 6, 7), (1, 4, 2))


class _Whole(spectra.Periodic):
    """Whole periods. What is one already stays as it is."""

    def extended(self, values, mode, cval):
        return values if values.shape == self.periods else super().extended(values, mode, cval)


def even_kernel(lengths):
    """A kernel that is its own mirror image along each axis. One large tap keeps its inverse small."""
    kernel = np.ones(())
    for k in lengths:
        taps = RNG.random(k)
        kernel = kernel[..., None] * (taps + taps[::-1])
    middle = tuple(slice((k - 1) // 2, k // 2 + 1) for k in lengths)
    kernel[middle] += kernel.sum()
    return kernel


def agree(monkeypatch, call, bound):
    found = call()
    with monkeypatch.context() as patch:
        patch.setattr(cosines, "domain", lambda shape, mode, reach, kernel=None: _Whole(shape, mode, reach))
        expected = call()
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound * max(np.abs(expected).max(), 1))


@loop_over("shape", SHAPES)
@loop_over("mode", ["mirror", "symmetric"])
@loop_over("absent", [False, True])
@pytest.mark.slow
def test_whole_periods(shape, mode, absent, monkeypatch):
    image = RNG.random(shape) * 10 + 1
    mask = RNG.random(shape) < 0.6 if absent else None
    if absent:
        mask.flat[0] = True
    options = {"mode": mode, "mask": mask}
    check = functools.partial(agree, monkeypatch)
    check(lambda: imfilter.butterworth(image, 0.1, **options), 1e-12)
    check(lambda: imfilter.butterworth(image, (0.1, 0.3), kind="band", squared=False, **options), 1e-12)
    check(lambda: imfilter.homomorphic(image, 0.05, spacing=0.7, **options), 1e-11)
    for first, other in ((1, 1), (2, 3), (3, 2), (4, 4), (5, 5), (8, 9), (21, 20)):
        kernel = even_kernel((first,) + (other,) * (len(shape) - 1))
        for regularizer in ("laplacian", "constant"):
            wiener = functools.partial(imfilter.wiener, image, kernel, regularizer=regularizer)
            check(lambda wiener=wiener: wiener(balance=0.1, **options), 1e-9)
        if first % 2 and other % 2:
            check(lambda kernel=kernel: imfilter.richardson_lucy(image, kernel, 4, **options), 1e-9)


def test_what_is_not_mirrored_is_filtered_in_whole_periods():
    shape, reach = (9, 8), (3, 3)
    lopsided = RNG.random((3, 3))
    for mode in spectra.MIRRORED:
        assert isinstance(cosines.domain(shape, mode, reach), cosines.Cosines)
        assert isinstance(cosines.domain(shape, mode, reach, np.ones((3, 2))), cosines.Cosines)
        assert isinstance(cosines.domain(shape, mode, reach, lopsided), spectra.Periodic)
    assert isinstance(cosines.domain(shape, "wrap", reach, np.ones((3, 3))), spectra.Periodic)
    # Taps that differ by a rounding error are mirrored.
    taps = imfilter.weights.gaussian(1.3)
    rounded = np.outer(taps, taps) * (1 + np.finfo(float).eps * RNG.integers(-1, 2, (len(taps), len(taps))))
    assert isinstance(cosines.domain(shape, "mirror", reach, rounded), cosines.Cosines)
    image, mask = RNG.random(shape), RNG.random(shape) < 0.7
    for kernel in (lopsided, lopsided + lopsided[::-1, ::-1]):
        padded = np.pad(image, ((0, 7), (0, 6)), mode="reflect")
        inside = (slice(0, 9), slice(0, 8))
        np.testing.assert_allclose(
            imfilter.wiener(image, kernel),
            imfilter.wiener(padded, kernel, mode="wrap")[inside],
            rtol=0,
            atol=1e-10,
        )
        filled = imfilter.wiener(image, kernel, mask=mask)
        np.testing.assert_array_equal(imfilter.wiener(np.where(mask, image, 9), kernel, mask=mask), filled)


@pytest.mark.parametrize("mode", ["mirror", "symmetric"])
def test_workers_change_no_bit(mode):
    image = RNG.random((300, 311))
    for call in (
        functools.partial(imfilter.butterworth, image, 0.1, mode=mode),
        functools.partial(imfilter.wiener, image, even_kernel((5, 4)), mode=mode),
    ):
        expected = call(workers=1)
        for workers in (2, 3):
            np.testing.assert_array_equal(call(workers=workers), expected)
