"""The bits of a result: the same however many threads share an image, and wherever its samples lie."""

import numpy as np
import pytest

import imfilter

RNG = np.random.default_rng(19)
FULL, LINE = RNG.normal(size=(31, 31)), RNG.normal(size=501)

#: By the algorithm that runs: the filter, images large enough to be shared along each of their axes, and
#: what tells the plan of it.
ALGORITHMS = {
    "direct": (
        lambda image, **options: imfilter.correlate(image, FULL[:7, :7], **options),
        [(900, 300), (50, 5000), (300, 200, 3)],
        FULL[:7, :7],
    ),
    "separable": (
        lambda image, **options: imfilter.gaussian(image, 3, **options),
        [(900, 300), (50, 5000), (5000, 40), (300, 200, 3)],
        [imfilter.weights.gaussian(3.0)] * 2,
    ),
    "running": (
        lambda image, **options: imfilter.box(image, 31, **options),
        [(1000, 300), (40, 9000), (9000, 40), (400, 300, 3)],
        [np.full(31, 1 / 31)] * 2,
    ),
    "cosines": (
        lambda image, **options: imfilter.gaussian(image, 20, **options),
        [(1100, 300), (200, 3000), (3000, 200), (400, 300, 3)],
        [imfilter.weights.gaussian(20.0)] * 2,
    ),
    "winograd": (
        lambda image, **options: imfilter.correlate(image, FULL, **options),
        [(900, 300), (50, 5000), (300, 200, 3)],
        FULL,
    ),
    "separable in volumes": (
        lambda image, **options: imfilter.gaussian(image, 1.5, **options),
        [(40, 60, 70), (3, 90, 400), (200, 8, 9)],
        [imfilter.weights.gaussian(1.5)] * 3,
    ),
    "winograd along a line": (
        lambda image, **options: imfilter.correlate(image, LINE, axes=1, **options),
        [(1, 200_000), (30, 20_000), (4, 50_000, 3)],
        LINE,
    ),
}


@pytest.mark.parametrize(
    ("name", "shape"), [(n, s) for n, (_, shapes, _) in ALGORITHMS.items() for s in shapes]
)
@pytest.mark.slow
def test_workers_and_layouts_do_not_matter(name, shape):
    """Also of samples that are 24 orders of magnitude apart."""
    image = (RNG.normal(size=shape) * 10.0 ** RNG.integers(-12, 12, size=shape)).astype(np.float32)
    run, _, kernel = ALGORITHMS[name]
    options = {"channel_axis": -1} if len(shape) == 3 and " " not in name else {}
    axes = {"axes": 1} if name.endswith("line") else {}
    assert imfilter.plan(shape, image.dtype, kernel, **options, **axes).algorithm == name.split()[0]
    alone = run(image, workers=1, **options)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(run(image, workers=workers, **options), alone)
    for other in (np.asfortranarray(image), image[::-1].copy()[::-1], np.repeat(image, 2, axis=1)[:, ::2]):
        out = np.empty_like(other)
        np.testing.assert_array_equal(run(other, **options), alone)
        np.testing.assert_array_equal(run(other, out=out, **options), alone)
