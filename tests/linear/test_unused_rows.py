"""A linear filter of a part of an image leaves out the first and the last rows, if they are not used."""

import numpy as np
import pytest

import imfilter
from imfilter._base.plan import unused_rows
from tests.looping import loop_over
from tests.reference import naive

#: Filters by name, with the rows that they read above and below a row.
FILTERS = {
    "gaussian": (lambda image, **more: imfilter.gaussian(image, 1.5, **more), 6, 6),
    "box": (lambda image, **more: imfilter.box(image, (4, 3), **more), 2, 1),
    "sharpen": (lambda image, **more: imfilter.sharpen(image, **more), 1, 1),
    "unsharp_mask": (lambda image, **more: imfilter.unsharp_mask(image, (1, 3), **more), 4, 4),
    "correlate": (lambda image, **more: imfilter.correlate(image, KERNEL, **more), 2, 1),
    "convolve": (lambda image, **more: imfilter.convolve(image, KERNEL, **more), 1, 2),
}
KERNEL = np.random.default_rng(0).normal(size=(4, 5))


def part(run, first, last):
    """Return the result while the first and the last rows are not used."""
    token = unused_rows.set((first, last))
    try:
        return run()
    finally:
        unused_rows.reset(token)


@loop_over("name", FILTERS)
@loop_over("dtype", ["uint8", "int16", "float32", "float64"])
@loop_over("channels", [(), (3,)])
def test_the_other_rows_have_the_same_bits(name, dtype, channels):
    function, above, below = FILTERS[name]
    image = np.random.default_rng(1).integers(0, 128, (37, 41, *channels)).astype(dtype)
    if dtype == "float64":
        image[11, 7], image[20, 30] = np.nan, np.inf
    more = {"channel_axis": -1} if channels else {}
    for mode in naive.MODES:
        whole = function(image, mode=mode, **more)
        for first, last in ((above, below), (above, 0), (0, below), (1, 1)):
            found = part(lambda: function(image, mode=mode, **more), first, last)  # noqa: B023
            np.testing.assert_array_equal(found, whole[first : 37 - last])
        again = function(image, mode=mode, **more)  # a remembered call
        np.testing.assert_array_equal(again, whole)


def test_planes_of_a_volume_are_left_out():
    image = np.random.default_rng(2).integers(0, 256, (19, 14, 15)).astype(np.uint8)
    whole = imfilter.gaussian(image, 1)
    np.testing.assert_array_equal(part(lambda: imfilter.gaussian(image, 1), 4, 3), whole[4:-3])


@pytest.mark.parametrize(
    "run",
    [
        lambda image: imfilter.gaussian(image, 1.5, axes=1),
        lambda image: imfilter.gaussian(image, 1),  # it reads fewer rows
        lambda image: imfilter.gaussian(image, 1.5, nan="ignore", mask=image > 3),
        lambda image: imfilter.gaussian(image.astype(np.float32), 1.5, method="fft"),
        lambda image: imfilter.gaussian(image.astype(np.float32), 15),  # sums of cosines
        lambda image: imfilter.box(image.astype(np.float32), 51),  # running sums
        lambda image: imfilter.correlate(image, KERNEL, padding="valid"),
        lambda image: imfilter.correlate(image, np.ones((13, 3)), stride=(2, 1)),
        lambda image: imfilter.correlate(image, np.ones((5, 3)), dilation=(3, 1)),
    ],
)
def test_other_results_have_all_rows(run):
    image = np.random.default_rng(3).integers(0, 256, (300, 260)).astype(np.uint8)
    np.testing.assert_array_equal(part(lambda: run(image), 6, 6), run(image))
