"""Rows of an image that are read in place, with copies of the border only: the bits are those of copies."""

import subprocess
import sys

import numpy as np
import pytest

import imfilter
from imfilter import threshold
from imfilter._filters.local import spread
from imfilter._filters.local.box import TOGETHER
from tests.looping import loop_over

MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant")


@pytest.fixture
def both(monkeypatch):
    """Return a function that computes with rows in place, and compares the bits with those from copies."""

    def compare(function, *args, **options):
        monkeypatch.setattr(spread, "LEAST", sys.maxsize)
        expected = function(*args, **options)
        used = []

        def counted(*given):
            used.append(found := in_image(*given))
            return found

        in_image = spread.in_image
        monkeypatch.setattr(spread, "LEAST", 0)
        monkeypatch.setattr(spread, "in_image", counted)
        found = function(*args, **options)
        monkeypatch.setattr(spread, "in_image", in_image)
        np.testing.assert_array_equal(found, expected)
        return any(rows is not None for rows in used)

    return compare


def image(shape):
    """Return samples of which some windows have sums with enough digits only."""
    samples = np.random.default_rng(8).normal(3, 1, shape).astype(np.float32)
    samples[..., shape[-2] // 2 :, : shape[-1] // 3] += 1e5
    samples[..., -9:, -9:] = 0.1
    return samples


@loop_over("mode", MODES)
@loop_over("size", [2, 5, (16, 1), (1, 9), (61, 3), (9, 31)])
def test_borders_and_windows(both, mode, size):
    cval = -2.5 if mode == "constant" else 0.0
    for shape in ((1, 70), (7, 64), (90, 130)):
        assert both(imfilter.local_std, image(shape), size, mode=mode, cval=cval)


@pytest.mark.parametrize("function", [imfilter.local_variance, threshold.niblack, threshold.sauvola])
def test_pieces_and_workers(both, function):
    assert both(function, image((600, 1300)), 25, workers=3)
    assert both(function, image((1500, 900)), (61, 61), workers=2)


def test_layouts(both):
    samples = image((120, 150))
    for view in (samples[::-1], samples[::3], samples[5:, 7:-3], np.broadcast_to(samples[:1], samples.shape)):
        assert both(imfilter.local_std, view, 5)
    shifted = np.zeros(samples.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(samples.shape)
    shifted[...] = samples
    narrow = image((90, 16))[:, : TOGETHER - 1].copy()  # fewer columns than are read together
    for view in (samples[:, ::-1], samples[:, ::2], shifted, samples.astype(">f4"), narrow):
        assert not both(imfilter.local_std, view, 5)
    both(imfilter.local_std, samples.T, 5)


def test_channels_stacks_and_volumes(both):
    assert both(imfilter.local_std, image((50, 90, 3)), 7, channel_axis=-1)
    assert both(imfilter.local_std, image((3, 50, 90)), 7, channel_axis=0, mode="constant", cval=8.0)
    assert both(imfilter.local_std, image((6, 50, 90)), 7, axes=(1, 2))
    assert both(imfilter.local_std, image((4, 50, 90)), 7, axes=2)
    assert not both(imfilter.local_std, image((20, 50, 90)), 3)


def test_samples_that_are_not_finite_or_lack_digits(both):
    samples = image((80, 200))
    samples[11, 13], samples[40, 190], samples[79, 0] = np.nan, np.inf, 3e38
    assert both(imfilter.local_std, samples, 9)
    assert both(imfilter.local_std, samples, 9, mode="constant", cval=np.nan)
    assert not both(imfilter.local_std, samples, 9, mode="constant", cval=0.1)  # not a float32
    assert not both(imfilter.local_std, image((30, 80)) * np.float32(1e-4) + 9, 5)


def test_the_result_in_the_image(both):
    samples = image((150, 300))
    expected = imfilter.local_std(samples, 5)

    def in_place(given):
        given = given.copy()
        return imfilter.local_std(given, 5, out=given)

    assert both(in_place, samples)
    np.testing.assert_array_equal(in_place(samples), expected)


#: An image that ends where memory ends that may be read.
AT_THE_END = """
import ctypes, mmap
import numpy as np
import imfilter
from imfilter._filters.local import spread
spread.LEAST = 0
page = mmap.PAGESIZE
for shape in ((64, page // 64), (128, 3 * page // 512), (2, page // 4), (page // 4, 77)):
    size = 4 * shape[0] * shape[1]
    assert size % page == 0
    memory = mmap.mmap(-1, size + page)
    whole = np.frombuffer(memory, np.uint8)
    end = ctypes.c_void_p(whole.ctypes.data + size)
    assert not ctypes.CDLL(None).mprotect(end, ctypes.c_size_t(page), 0)
    image = whole[:size].view(np.float32).reshape(shape)
    image[...] = np.random.default_rng(0).normal(3, 1, shape)
    for length in (1, 2, 3, 4, 17):
        for rows in (1, 2, 5):
            imfilter.local_std(image, (rows, length), workers=1)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="protects memory by a call of Linux")
def test_no_sample_beyond_the_image_is_read():
    subprocess.run([sys.executable, "-c", AT_THE_END], check=True)
