"""Peaks: every property on random responses, plateaus, chessboards, mistakes."""

import itertools

import numpy as np
import pytest

import imfilter

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


@pytest.mark.parametrize("shape", [(60,), (14, 17), (5, 6, 7), (3, 4, 3, 4), (1, 1), (1, 9)], ids=str)
@pytest.mark.parametrize("levels", [3, 10, 10**6])
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


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("distance", [0, 1, 1.5, 2, 3.7, 6])
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


def test_what_is_no_number_is_no_peak():
    values = np.array([0.0, 1.0, np.nan, 3.0, 2.0, np.nan, np.inf, 1.0])
    assert imfilter.corner_peaks(values).tolist() == [[6], [3], [1]]
    assert imfilter.corner_peaks(np.full((3, 3), np.nan)).shape == (0, 2)


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
    with pytest.raises(TypeError, match="response must hold real numbers"):
        imfilter.corner_peaks(np.zeros(3, complex))
    with pytest.raises(ValueError, match="response must not be empty"):
        imfilter.corner_peaks(np.zeros((0, 3)))
