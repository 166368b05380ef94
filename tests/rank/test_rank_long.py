"""Windows longer than the image: samples that are read several times, little memory, clear limits."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import imfilter
from imfilter._filters.rank import apply as rank
from imfilter._filters.rank import repeats, settings
from tests.cli.commands import subprocess_env
from tests.looping import loop_over
from tests.reference import naive

MODES = (*naive.MODES,)


@pytest.fixture
def folded(monkeypatch, no_remembered_calls):
    """Every window that is longer than the image is folded, however few samples there are."""
    monkeypatch.setattr(repeats, "_PLAIN", 0)


def repeated(image, lengths, mode, cval):
    """Every sample that each window reads, by looking at each place of it: the last axis."""
    whole = [(n // 2, n - 1 - n // 2) for n in lengths]
    index = []
    for (before, after), n in zip(whole, image.shape, strict=True):
        index.append([naive.border_index(i, n, mode) for i in range(-before, n + after)])
    padded = np.full([len(i) for i in index], cval, np.float64)
    inside = [[j for j, at in enumerate(i) if at is not None] for i in index]
    source = [[at for at in i if at is not None] for i in index]
    padded[np.ix_(*inside)] = image[np.ix_(*source)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, lengths)
    return np.sort(windows.reshape(*image.shape, -1))


@loop_over("mode", MODES)
@loop_over(
    ("shape", "lengths"),
    [
        *[((n,), (k,)) for n in (1, 2, 5) for k in (2 * n + 1, 2 * n + 2, 4 * n + 1, 13 * n, 40)],
        *[((3, 4), lengths) for lengths in ((7, 9), (1, 30), (15, 2), (8, 8), (31, 24))],
        *[((1, 6), (5, 13)), ((6, 1), (20, 4)), ((2, 3, 4), (5, 1, 9)), ((3, 2, 2), (9, 8, 5))],
    ],
)
def test_every_rank_of_long_boxes(folded, mode, shape, lengths):
    rng = np.random.default_rng(5)
    image = rng.integers(0, 9, shape).astype(np.float64)
    cval = 4.5 if mode == "constant" else 0.0
    ordered = repeated(image, lengths, mode, cval)
    count = ordered.shape[-1]
    for which in sorted({0, 1, count // 3, count // 2, count - 2, count - 1}):
        found = imfilter.percentile(image, 100 * (which + 0.5) / count, lengths, mode=mode, cval=cval)
        np.testing.assert_array_equal(found, ordered[..., which], err_msg=str(which))
    np.testing.assert_array_equal(imfilter.maximum(image, lengths, mode=mode, cval=cval), ordered[..., -1])


@pytest.mark.parametrize("seed", range(2))
def test_folded_or_not_is_the_same(monkeypatch, seed):
    """Any type, layout, axes and border, with NaN and both zeros, to the bit."""
    rng = np.random.default_rng(seed)
    for _ in range(60):
        ndim = int(rng.integers(1, 4))
        shape = rng.integers(1, {1: 9, 2: 6, 3: 4}[ndim], ndim + int(ndim < 3 and rng.random() < 0.5))
        dtype = np.dtype(str(rng.choice(["?", "u1", "i2", ">i4", "i8", "u8", "f2", "f4", ">f8", "g"])))
        image = rng.integers(0, 2 if dtype.kind == "b" else 30, shape).astype(dtype)
        if dtype.kind == "f":
            for special in (np.nan, -0.0, np.inf):
                image[rng.random(shape) < 0.15] = special
        image = image if rng.random() < 0.5 else np.asfortranarray(image)[::-1]
        axes = tuple(int(a) for a in rng.permutation(len(shape))[:ndim])
        size = tuple(int(rng.integers(1, 4 * shape[a] + 4)) for a in axes)
        cval = float(rng.choice([0, 0.5, 3, -0.0, np.nan, np.inf]))
        options = {
            "mode": str(rng.choice(MODES)),
            "cval": cval,
            "axes": axes,
            "workers": int(rng.integers(1, 4)),
        }
        q = float(rng.choice([0, 100, 50, rng.random() * 100]))
        answers = []
        for plain, listed in ((1 << 40, 1 << 24), (0, 1 << 24), (0, 0)):
            monkeypatch.setattr(repeats, "_PLAIN", plain)
            monkeypatch.setattr(settings, "_MOST_SAMPLES", listed)
            rank.FAMILY.calls.clear()
            answers.append(imfilter.percentile(image, q, size, **options))
            if q == 100:
                answers[-1] = imfilter.maximum(image, size, **options)
        for found in answers[1:]:
            assert found.dtype == answers[0].dtype
            np.testing.assert_array_equal(found, answers[0])
            zero = (found == 0) & (found.dtype.kind == "f")
            np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(answers[0][zero]))
    rank.FAMILY.calls.clear()


def test_a_footprint_of_all_samples_is_a_box():
    image = np.random.default_rng(1).random((9, 11))
    for filter_ in (imfilter.minimum, imfilter.median):
        np.testing.assert_array_equal(
            filter_(image, footprint=np.ones((300, 400))), filter_(image, (300, 400))
        )


def test_results_go_where_they_are_asked_for():
    image = np.random.default_rng(2).integers(0, 200, (9, 11)).astype(np.uint8)
    for filter_ in (imfilter.minimum, imfilter.median, imfilter.maximum):
        expected = filter_(image, 501)
        for out in (
            np.empty((9, 11), np.float32),
            np.empty((9, 11), ">i2"),
            np.empty((18, 11), np.uint8)[::2],
        ):
            assert filter_(image, 501, out=out) is out
            np.testing.assert_array_equal(out, expected)
        place = image.copy()
        np.testing.assert_array_equal(filter_(place, 501, out=place), expected)
        assert filter_(image, 501).flags.writeable


def test_windows_beyond_all_memory():
    """Of the longest window each sample is read as often as any other, or the border is all that counts."""
    image = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    longest = repeats.LONGEST
    assert imfilter.minimum(image, longest).tolist() == [1.0] * 5
    assert imfilter.median(image, longest, mode="symmetric").tolist() == [3.0] * 5
    assert imfilter.median(image, longest, mode="constant", cval=9.0).tolist() == [9.0] * 5
    assert imfilter.maximum(np.outer(image, image), longest, mode="zero").tolist() == [[25.0] * 5] * 5
    assert imfilter.median(np.outer(image, image), (longest, longest // 2)).shape == (5, 5)


def test_the_plan_says_so():
    plan = imfilter.plan((300, 400), "uint8", imfilter.median, 40001)
    assert plan.algorithm == "repeated"
    assert "40001x40001" in plan.reason
    assert imfilter.plan((300, 400), "uint8", imfilter.minimum, 3).algorithm == "network"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: imfilter.minimum(x, 2**31 + 1), "size must be at most 2147483648, got 2147483649"),
        (
            lambda x: imfilter.median(x, (3, 10**50)),
            "size must be at most 2147483648, got an integer of more",
        ),
        (
            lambda x: imfilter.median(np.ones((2, 2, 2)), 2**22),
            r"size must span at most \d+ samples, got \(41",
        ),
        (
            lambda x: imfilter.median(x, footprint=np.eye(4097, dtype=bool)),
            r"footprint must span at most 16777216 samples, got shape \(4097, 4097\)",
        ),
    ],
)
def test_limits_are_said(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones((4, 5)))


MEMORY = """
import numpy as np
import imfilter
from tests import memory
rng = np.random.default_rng(0)
picture = rng.integers(0, 255, (300, 400), dtype=np.uint8)
imfilter.median(picture, 9), imfilter.minimum(picture, 9)
before = memory.restart()
for filter_ in (imfilter.minimum, imfilter.maximum, imfilter.median):
    filter_(picture, 40001)
imfilter.minimum(np.arange(6.0), 3 * 10**7), imfilter.median(np.arange(6.0), 3 * 10**7)
imfilter.minimum(rng.random((40, 50, 60)), 999), imfilter.maximum(rng.random((1, 10**6)), (10**9, 3))
print(memory.peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process forgets its peak")
@pytest.mark.slow
def test_long_windows_take_little_memory():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], env=subprocess_env(), capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 100_000_000


def test_an_interrupt_is_heard():
    """Well before such a median is done, which takes minutes."""
    image = np.random.default_rng(0).integers(0, 255, (1200, 1300)).astype(np.uint8)
    imfilter.median(image[:300, :300], 4001)  # compiled beforehand

    def forever():
        while True:  # however fast the machine
            imfilter.median(image, 40001)

    alarm = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    began = time.monotonic()
    alarm.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            forever()
    finally:
        alarm.join()
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("cval", [-0.0, 0.5, 3.0, np.nan, np.inf])
def test_truth_values_with_any_constant(cval):
    image = np.random.default_rng(4).random((4, 5)) > 0.5
    for filtered in (
        lambda **k: imfilter.percentile(image, 50, (1, 2), **k),
        lambda **k: imfilter.minimum(image, footprint=[[1, 0], [1, 1]], **k),
        lambda **k: imfilter.maximum(image, 9, **k),
    ):
        found, out = filtered(mode="constant", cval=cval), np.empty(image.shape, bool)
        assert (found.dtype, found.shape) == (np.bool_, image.shape)
        assert filtered(mode="constant", cval=cval, out=out) is out
        np.testing.assert_array_equal(out, found)
