"""Pieces of an axis: they contain what their results depend on, beyond every border."""

import itertools

import numpy as np

from imfilter._arrays import pieces
from imfilter._base import borders
from imfilter._base.reach import Along
from tests.looping import loop_over


def read(n, along, place, mode):
    """The samples that a result reads."""
    low, high = place * along.step - along.before, place * along.step + along.after
    before, after = max(0, -low), max(0, high - n + 1)
    outside = borders.outside(n, before, after, mode)
    everywhere = [*outside[:before], *range(n), *outside[before:]]
    return [int(everywhere[i + before]) for i in range(low, high + 1)]


@loop_over("mode", ["mirror", "symmetric", "edge", "wrap"])
@loop_over("along", [Along(1, 1), Along(3, 0), Along(0, 4), Along(9, 7), Along(2, 3, 2)])
@loop_over("n", [1, 2, 5, 12])
def test_a_piece_has_all_samples_in_place(n, along, mode):
    """Filtering the piece as an image reads the same samples as filtering the image."""
    results = -(-n // along.step)
    for start, stop in itertools.combinations(range(results + 1), 2):
        found = pieces.piece(n, along, start, stop, wraps=mode == "wrap")
        samples = np.concatenate([np.arange(a, b) for a, b in found.ranges])
        assert len(samples) <= n + along.before + along.after + along.step
        first, last = found.keep
        assert last - first == stop - start
        for place in range(start, stop):
            inside = [int(samples[i]) for i in read(len(samples), along, first + place - start, mode)]
            assert inside == read(n, along, place, mode)


def test_tiny_chunks_are_joined():
    assert pieces.groups((1,) * 10, Along(2, 2)) == [(0, 4), (4, 10)]
    assert pieces.groups((5, 1, 1, 8), Along(1, 1)) == [(0, 1), (1, 3), (3, 4)]
    assert pieces.groups((3, 3), Along(0, 0)) == [(0, 1), (1, 2)]
    assert pieces.groups((1, 1), Along(50, 50)) == [(0, 2)]


def test_results_are_in_the_chunk_of_their_sample():
    assert pieces.of_results((4, 4, 4), Along(1, 1), 12) == (4, 4, 4)
    assert pieces.of_results((4, 4, 4), Along(1, 1, 3), 4) == (2, 1, 1)
    assert pieces.of_results((1, 1, 1, 1), Along(0, 1, 2), 2) == (1, 1)


def test_segments_of_chunks():
    found = pieces.segments((3, 2, 4), [(7, 9), (0, 4)])
    assert [tuple(s) for s in found] == [(2, 2, 4, 0), (0, 0, 3, 2), (1, 0, 1, 5)]
