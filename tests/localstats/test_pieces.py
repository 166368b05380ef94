"""Images that are cut into pieces along different axes give what small images give."""

import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from imfilter._filters.local.pieces import LARGEST, Frame, over


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "axes", "sizes"),
    [
        ((600_001,), (0,), (9,)),
        ((3, 5, 100_000), (0, 2), (3, 5)),
        ((2000, 12, 13), (1, 2), (4, 5)),
        ((7, 9, 3000, 3), (0, 1, 2), (3, 4, 5)),
        ((150_000, 3), (0,), (7,)),
    ],
)
def test_pieces(shape, axes, sizes):
    rng = np.random.default_rng(1)
    image, there = rng.normal(size=shape), rng.random(shape) < 0.3
    window = [1] * len(shape)
    for axis, size in zip(axes, sizes, strict=True):
        window[axis] = size

    def mean(values):
        return ndi.uniform_filter(values, window, mode="mirror")

    counts = mean(there.astype(float))
    counts[counts < 1e-9] = np.nan
    sums, squares = mean(image * there) / counts, mean(image * image * there) / counts
    found = imfilter.local_variance(np.ma.array(image, mask=~there), sizes, axes=axes)
    np.testing.assert_array_equal(found.mask, np.isnan(counts))
    np.testing.assert_allclose(found.data, squares - sums * sums, rtol=0, atol=1e-10)
    found = imfilter.local_variance(image, sizes, axes=axes)
    np.testing.assert_allclose(found, mean(image * image) - mean(image) ** 2, rtol=0, atol=1e-11)
    whole = (image * 4).astype("i1")
    found = imfilter.local_entropy(whole, sizes, axes=axes)
    turned = imfilter.local_entropy(
        whole.T, sizes[::-1], axes=[len(shape) - 1 - a for a in axes[::-1]], workers=3
    )
    if all(size % 2 for size in sizes):
        np.testing.assert_array_equal(turned.T, found)
    assert found.max() <= np.log2(np.prod(sizes)) + 1e-6


@pytest.mark.parametrize("workers", [0, 1, 2, 3, 16, 100])
@pytest.mark.parametrize("size", [1, 5, 15, 61, 400])
def test_pieces_cover_the_result_once(workers, size):
    for shape in [(2160, 3840), (500, 600), (20_000, 1500), (9, 600_000), (700, 900, 3), (3, 5000), (1, 1)]:
        frame = Frame.of(shape, (0, 1), (size, size), "mirror")
        cuts = frame.cuts(workers)
        seen = np.zeros(frame.shape[2:4], np.int8)
        for cut in cuts:
            seen[cut.where[2:]] += 1
        assert (seen == 1).all()


def test_a_filter_lowers_the_size_of_large_pieces():
    frame = Frame.of((6000, 8000), (0, 1), (5, 5), "mirror")
    for workers in (1, 2):
        found = []
        for largest in (1 << 19, 1 << 20, LARGEST):
            cuts = frame.cuts(workers, largest)
            found.append(max((c.y[1] - c.y[0]) * (c.x[1] - c.x[0]) for c in cuts))
            assert 0.8 * largest < found[-1] <= largest
        assert found == sorted(set(found))


def shared(shape, axes, workers, small):
    """Return the pieces that `over` makes of a small image."""
    found = []
    frame = Frame.of(shape, axes, (9,) * len(axes), "mirror")
    over(frame, workers, lambda cut, store: found.append(cut), small=small)
    return found


@pytest.mark.parametrize(
    ("workers", "small", "number"),
    [*((1, 1 << 16, 1), (2, 1 << 16, 2), (4, 1 << 16, 4), (9, 1 << 16, 4)), (2, 1 << 18, 1), (2, 0, 1)],
)
def test_threads_share_small_images(workers, small, number):
    assert len(shared((512, 512), (0, 1), workers, small)) == number


@pytest.mark.parametrize("workers", [2, 3, 4, 5])
@pytest.mark.parametrize("more", range(5))
def test_threads_share_small_images_of_any_height_equally(workers, more):
    """No share is rounded down to whole rows, which would leave rows for one more piece."""
    assert len(shared((480 + more, 640), (0, 1), workers, 1 << 14)) == workers
    assert len(shared((100 + more, 50, 60), (0, 1, 2), workers, 1 << 14)) == workers
    batch = shared((2, 240 + more, 640), (1, 2), workers, 1 << 14)
    assert len(batch) == 2 * -(-workers // 2)


@pytest.mark.parametrize(
    ("name", "arguments"), [("bilateral", (2, 25)), ("guided", (3, 100.0)), ("local_entropy", (9,))]
)
def test_costly_filters_share_small_images(name, arguments, monkeypatch):
    numbers, cuts = [], Frame.cuts

    def counted(*arguments, **options):
        found = cuts(*arguments, **options)
        numbers.append(len(found))
        return found

    monkeypatch.setattr(Frame, "cuts", counted)
    image = np.random.default_rng(7).integers(0, 200, (600, 700)).astype("u1")
    results = [getattr(imfilter, name)(image, *arguments, workers=n) for n in (2, 3, 4)]
    assert numbers == [2, 3, 4]
    alone = getattr(imfilter, name)(image, *arguments, workers=1)
    for found in results:
        np.testing.assert_array_equal(found, alone)


def busiest(frame, cuts, workers):
    """Return the samples that the busiest thread reads, divided by an equal share of the results."""
    rows, columns = (size - 1 for size in frame.sizes[1:])
    read = [(c.y[1] - c.y[0] + rows) * (c.x[1] - c.x[0] + columns) for c in cuts]
    bands = [read[len(read) * i // workers : len(read) * (i + 1) // workers] for i in range(workers)]
    return max(map(sum, bands)) * workers / (frame.shape[2] * frame.shape[3])


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 8])
def test_large_pieces_share_the_work_better_than_usual_ones(workers):
    for shape in [(2160, 3840), (2800, 3733), (3200, 3200), (1500, 7000), (3162, 3162), (3000, 4000)]:
        for size in (5, 15, 61):
            frame = Frame.of(shape, (0, 1), (size, size), "mirror")
            usual, large = frame.cuts(), frame.cuts(workers)
            assert busiest(frame, large, workers) <= 1.005 * busiest(frame, usual, workers)
            if workers < 8:
                assert len(large) < 1.6 * len(usual)
