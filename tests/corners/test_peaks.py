"""Peaks: every property on random responses, plateaus, chessboards, mistakes."""

import itertools
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from skimage.feature import peak_local_max

import imfilter
from imfilter import peaks
from tests.cli.commands import subprocess_env
from tests.looping import loop_over

RNG = np.random.default_rng(43)


def by_loops(values):
    """All peaks, as sets of samples that are equally high, by flooding in plain loops."""
    values = np.asarray(values, float)
    moves = [m for m in itertools.product((-1, 0, 1), repeat=values.ndim) if any(m)]
    seen, peaks = set(), []
    for start in np.ndindex(*values.shape):
        if start in seen or np.isnan(values[start]):
            continue
        part, todo, highest = {start}, [start], True
        while todo:
            at = todo.pop()
            for move in moves:
                near = tuple(a + m for a, m in zip(at, move, strict=True))
                if any(not 0 <= a < n for a, n in zip(near, values.shape, strict=True)):
                    continue
                if values[near] > values[at]:
                    highest = False
                elif values[near] == values[at] and near not in part:
                    part.add(near)
                    todo.append(near)
        seen |= part
        if highest and values[start] > np.nanmin(values):
            peaks.append(part)
    return peaks


@loop_over("shape", [(60,), (14, 17), (5, 6, 7), (3, 4, 3, 4), (1, 1), (1, 9)])
@loop_over("levels", [3, 10, 10**6])
@pytest.mark.slow
def test_one_peak_for_each_that_is_flat(shape, levels):
    for _ in range(6):
        values = RNG.integers(0, levels, shape).astype(RNG.choice(["f4", "f8", "i4"]))
        found = {tuple(p) for p in imfilter.corner_peaks(values).tolist()}
        expected = by_loops(values)
        assert len(found) == len(expected)
        for part in expected:
            assert len(part & found) == 1


def test_the_middle_of_a_flat_peak():
    values = np.zeros((9, 12))
    values[2:5, 3:8] = 7
    assert imfilter.corner_peaks(values).tolist() == [[3, 5]]
    values[5, 8] = 8  # a corner touches the flat part, which is no peak any more
    assert imfilter.corner_peaks(values).tolist() == [[5, 8]]


@loop_over("ndim", [1, 2, 3])
@loop_over("distance", [0, 1, 1.5, 2, 3.7, 6])
def test_distances_order_and_completeness(ndim, distance):
    shape = {1: (500,), 2: (50, 61), 3: (15, 16, 17)}[ndim]
    values = RNG.random(shape)
    peaks = imfilter.corner_peaks(values, min_distance=distance)
    everything = imfilter.corner_peaks(values)
    heights = values[tuple(peaks.T)]
    assert (np.diff(heights) <= 0).all()
    gaps = np.sqrt(((peaks[:, None] - peaks[None]) ** 2).sum(axis=-1))
    assert gaps[np.triu_indices(len(peaks), 1)].min() >= distance
    kept = {tuple(p) for p in peaks.tolist()}
    for peak in everything:  # what is left out has a stronger one too near
        if tuple(peak.tolist()) not in kept:
            near = np.sqrt(((peaks - peak) ** 2).sum(axis=1)) < distance
            assert (heights[near] >= values[tuple(peak)]).any()
    for count in (1, 3, 7):
        few = imfilter.corner_peaks(values, min_distance=distance, count=count)
        np.testing.assert_array_equal(few, peaks[:count])


def kept_by_loops(peaks, distance, metric):
    """What of peaks in their order is left, if none may be nearer than a distance to one kept before it."""
    kept = []
    for peak in peaks.tolist():
        steps = [[abs(a - b) for a, b in zip(peak, other, strict=True)] for other in kept]
        if metric == "euclidean":
            near = any(sum(s * s for s in step) < Fraction(distance) ** 2 for step in steps)
        else:
            near = any(max(step) < distance for step in steps)
        if not near:
            kept.append(peak)
    return kept


@pytest.mark.slow
@loop_over("metric", ["euclidean", "chebyshev"])
@loop_over("seed", range(40))
def test_greedy_in_any_number_of_dimensions(metric, seed):
    rng = np.random.default_rng(seed)
    ndim = 1 + seed % 5
    shape = rng.integers(1, {1: 200, 2: 24, 3: 10, 4: 7, 5: 5}[ndim], ndim)
    values = rng.integers(0, 1000 if seed % 2 else 5, shape)
    everything = imfilter.corner_peaks(values)
    for distance in (0, 1, 1.01, np.sqrt(2), 2, np.sqrt(5), 2.5, 3, 5, 7.3, 1e3, 1e300):
        wanted = kept_by_loops(everything, distance, metric)
        found = imfilter.corner_peaks(values, min_distance=distance, metric=metric)
        assert found.tolist() == wanted
        for count in (1, 2, len(everything) + 1):
            few = imfilter.corner_peaks(values, min_distance=distance, metric=metric, count=count)
            assert few.tolist() == wanted[:count]


@loop_over("shape", [(97,), (31, 13), (7, 4, 5), (5, 3, 2, 4)])
@loop_over("dtype", ["u1", "f4"])
@pytest.mark.slow
def test_strips_of_rows_change_nothing(shape, dtype, monkeypatch):
    for levels in (2, 4):
        values = RNG.integers(0, levels, shape)
        values = np.repeat(np.repeat(values, RNG.integers(1, 4), axis=0), RNG.integers(1, 4), axis=-1)
        values = values.astype(dtype)
        inside = RNG.random(values.shape) < 0.9
        calls = [{}, {"mask": inside}, {"threshold": levels / 2, "exclude_border": 1}, {"relative": 0.8}]
        if values.dtype.kind == "f":
            values[RNG.random(values.shape) < 0.1] = np.nan
            calls.append({"nan": "ignore"})
        for options in calls:
            whole = imfilter.corner_peaks(values, **options)
            for rows in (1, 5):
                monkeypatch.setattr(peaks, "_STRIP", 1)
                monkeypatch.setattr(peaks, "_LEAST", rows)
                np.testing.assert_array_equal(imfilter.corner_peaks(values, **options), whole)
            monkeypatch.undo()


@loop_over("shape", [(60,), (14, 17), (5, 6, 7)])
def test_a_plateau_is_at_its_sample_nearest_to_the_centroid(shape):
    for _ in range(5):
        values = RNG.integers(0, 3, shape).repeat(2, axis=-1)
        found = {tuple(p) for p in imfilter.corner_peaks(values).tolist()}
        for part in by_loops(values):
            (one,) = part & found
            centre = [Fraction(sum(along), len(part)) for along in zip(*part, strict=True)]
            far = {at: sum((a - c) ** 2 for a, c in zip(at, centre, strict=True)) for at in part}
            assert far[one] == min(far.values())


def test_one_plateau_that_winds_through_the_image():
    """Its runs touch only at their ends."""
    values = np.zeros((64, 60), np.uint8)
    values[::2] = 1
    values[1::4, -1] = values[3::4, 0] = 1
    assert len(imfilter.corner_peaks(values)) == 1
    values[-2, 30] = 2
    assert imfilter.corner_peaks(values).tolist() == [[62, 30]]


def test_scikit_image_measures_along_axes():
    """Pairs of dots: where no third one is near, it keeps those that are more than its distance apart."""
    rng = np.random.default_rng(1)
    for distance in (3, 5, 8):
        side = 5 * distance + 5
        dots = np.zeros((6 * side, 7 * side))
        heights = iter(rng.permutation(84) + 1.0)
        for y, x in np.ndindex(6, 7):
            at = np.array([y, x]) * side + 2 * distance + 2
            dots[tuple(at)] = next(heights)
            step = rng.integers(-distance - 2, distance + 3, 2)
            step[rng.integers(2)] = rng.choice([-distance - 1, -distance, distance, distance + 1])
            dots[tuple(at + step)] = next(heights)
        theirs = peak_local_max(dots, min_distance=distance, exclude_border=False)
        ours = imfilter.corner_peaks(dots, min_distance=distance + 1, metric="chebyshev")
        np.testing.assert_array_equal(ours, theirs)
        assert 42 < len(ours) < 84
        assert len(imfilter.corner_peaks(dots, min_distance=distance + 1)) > len(ours)


MEMORY = """
import numpy as np
import imfilter
from tests import memory
noise = np.random.default_rng(0).random((2000, 3000)).astype(np.float32)
imfilter.corner_peaks(noise[:50, :50], min_distance=3)
before = memory.restart()
counts = [len(imfilter.corner_peaks(noise, min_distance=d)) for d in (1.5, 5, 20, 60, 500)]
print(memory.peak() - before, *counts)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process forgets its peak")
@pytest.mark.slow
def test_many_peaks_take_little_memory_at_any_distance():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], env=subprocess_env(), capture_output=True, text=True, check=True
    )
    more, *counts = map(int, done.stdout.split())
    assert counts[0] > 600_000
    # Each of the peaks, a ninth of the samples, has 80 bytes. Maps of all samples would have 16 bytes each.
    assert more < 14 * 2000 * 3000
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("dtype", ["i8", "u8", ">i8", "g"])
def test_no_height_is_rounded(dtype):
    values = np.zeros(9, dtype)
    values[[2, 3, 6]] = np.array([2**53, 2**53 + 1, 2**53 + 3], np.int64)
    assert imfilter.corner_peaks(values).tolist() == [[6], [3]]
    assert imfilter.corner_peaks(values, threshold=2**53 + 1).tolist() == [[6]]
    assert imfilter.corner_peaks(values, threshold=2**53).tolist() == [[6], [3]]
    assert imfilter.corner_peaks(values, threshold=float(2**53) + 2).tolist() == [[6]]
    assert imfilter.corner_peaks(values, threshold=2**53 + 3).tolist() == []
    assert imfilter.corner_peaks(values, relative=1.0).tolist() == []
    assert imfilter.corner_peaks(values, threshold=-np.inf).tolist() == [[6], [3]]
    assert imfilter.corner_peaks(values, threshold=np.nan).tolist() == []
    top = imfilter.corner_peaks(np.array([0, 2**62 - 1, 2**62, 2**62 - 3, 0]).astype(dtype), refine=True)
    np.testing.assert_allclose(top, [[2 - 1 / 4]], atol=1e-12)  # differences of 1 and 3


def test_the_ends_of_integers():
    low, high = -(2**63), 2**63 - 1
    assert imfilter.corner_peaks(np.array([low, high, low, low + 1, low])).tolist() == [[1], [3]]
    assert imfilter.corner_peaks(np.array([low, low + 1, low + 2, low + 2])).tolist() == [[2]]
    assert imfilter.corner_peaks(np.array([0, 2**64 - 1, 2**64 - 2, 5], np.uint64)).tolist() == [[1]]
    assert imfilter.corner_peaks([False, True, False]).tolist() == [[1]]


def test_a_bound_of_float32_is_not_rounded_to_it():
    values = np.array([0, 0.1, 0], np.float32)  # which is more than 0.1
    assert imfilter.corner_peaks(values, threshold=0.1).tolist() == [[1]]
    assert imfilter.corner_peaks(values, threshold=float(values[1])).tolist() == []


def test_thresholds_and_borders():
    values = RNG.normal(size=(40, 50))
    everything = imfilter.corner_peaks(values)
    heights = values[tuple(everything.T)]
    above = imfilter.corner_peaks(values, threshold=1.5)
    np.testing.assert_array_equal(above, everything[heights > 1.5])
    share = imfilter.corner_peaks(values, relative=0.5)
    np.testing.assert_array_equal(share, everything[heights > 0.5 * heights.max()])
    inner = imfilter.corner_peaks(values, exclude_border=3)
    inside = ((everything >= 3) & (everything < np.array(values.shape) - 3)).all(axis=1)
    np.testing.assert_array_equal(inner, everything[inside])
    assert imfilter.corner_peaks(values, exclude_border=30).shape == (0, 2)
    assert imfilter.corner_peaks(values, threshold=np.inf).shape == (0, 2)
    assert imfilter.corner_peaks(np.ones((4, 5))).shape == (0, 2)


def test_nan_is_less_than_every_number():
    """It is no peak, it parts a flat one, and whatever is flat is higher."""
    nan = np.nan
    values = np.array([0.0, 1.0, nan, 3.0, 2.0, nan, np.inf, 1.0])
    assert imfilter.corner_peaks(values).tolist() == [[6], [3], [1]]
    assert imfilter.corner_peaks(np.full((3, 3), nan)).shape == (0, 2)
    assert imfilter.corner_peaks([1.0, 1.0, nan, 1.0, 1.0]).tolist() == [[0], [3]]
    assert imfilter.corner_peaks([1.0, 1.0, 1.0, 1.0]).tolist() == []
    assert imfilter.corner_peaks([nan, 1.0, 1.0, 1.0]).tolist() == [[2]]
    assert imfilter.corner_peaks([-np.inf, nan, -np.inf]).tolist() == []
    ring = np.ones((5, 5))
    ring[1:4, 1:4] = nan  # around which the flat part goes on
    ring[2, 2] = 0.5
    assert len(imfilter.corner_peaks(ring)) == 2
    for dtype in ("f2", "f4", "f8", "g"):
        assert imfilter.corner_peaks(np.array([1, 1, nan, 1, 1], dtype)).tolist() == [[0], [3]]


@pytest.mark.parametrize("measure", [imfilter.harris, imfilter.shi_tomasi], ids=["harris", "shi_tomasi"])
@pytest.mark.parametrize("square", [12, 17])
def test_the_corners_of_a_chessboard(measure, square):
    """Between four squares, half a sample off the pixels, to a tenth of one."""
    board = np.kron(np.indices((6, 8)).sum(axis=0) % 2, np.ones((square, square))).astype(np.float32)
    image = imfilter.gaussian(board, 1.0)
    response = measure(image, window="gaussian", sigma=2.0)
    peaks = imfilter.corner_peaks(response, min_distance=5, relative=0.3, exclude_border=6, refine=True)
    assert len(peaks) == 5 * 7
    rows, columns = (np.arange(1, n) * square - 0.5 for n in (6, 8))
    expected = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    off = np.sqrt(((peaks[:, None] - expected[None]) ** 2).sum(axis=-1))
    assert off.min(axis=0).max() <= 0.1
    assert off.min(axis=1).max() <= 0.1


def test_refinement_finds_the_top_of_a_parabola():
    y, x = np.mgrid[:20, :24]
    values = 10 - (y - 8.3) ** 2 - 0.5 * (x - 11.8) ** 2
    np.testing.assert_allclose(imfilter.corner_peaks(values, refine=True), [[8.3, 11.8]], atol=1e-9)
    assert imfilter.corner_peaks([0.0, 1.0, 2.0], refine=True).tolist() == [[2.0]]  # at the border


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ValueError, "min_distance must not be negative, got -1.0", {"min_distance": -1}),
        (TypeError, "min_distance must be a number, got 'x'", {"min_distance": "x"}),
        (ValueError, "metric must be one of 'euclidean', 'chebyshev', got 'max'", {"metric": "max"}),
        (TypeError, "metric must be one of 'euclidean', 'chebyshev', got 2", {"metric": 2}),
        (ValueError, "relative must be from 0 to 1, got 1.5", {"relative": 1.5}),
        (ValueError, "exclude_border must be at least 0, got -1", {"exclude_border": -1}),
        (TypeError, "exclude_border must be an integer, got True", {"exclude_border": True}),
        (ValueError, "count must be at least 1, got 0", {"count": 0}),
        (TypeError, "refine must be True or False, got 1", {"refine": 1}),
        (TypeError, "threshold must be a number, got '1'", {"threshold": "1"}),
    ],
)
def test_errors(error, message, options):
    with pytest.raises(error) as caught:
        imfilter.corner_peaks(np.zeros((5, 5)), **options)
    assert str(caught.value) == message


def test_responses_are_checked():
    with pytest.raises(TypeError, match="response must contain real numbers"):
        imfilter.corner_peaks(np.zeros(3, complex))
    with pytest.raises(ValueError, match="response must not be empty"):
        imfilter.corner_peaks(np.zeros((0, 3)))
