"""The halo of public functions, without dask: it comes from the plan of the call."""

import numpy as np
import pytest

import imfilter
from imfilter import color, morphology
from imfilter._arrays import halo
from imfilter._base.reach import Along


@pytest.mark.parametrize(
    ("function", "args", "options", "expected"),
    [
        (imfilter.gaussian, (2,), {}, {0: Along(8, 8), 1: Along(8, 8)}),
        (imfilter.gaussian, (2,), {"axes": 1, "spacing": 0.5}, {1: Along(16, 16)}),
        (imfilter.box, ((4, 3),), {"mode": "shrink"}, {0: Along(2, 1), 1: Along(1, 1)}),
        (imfilter.max_pool, (3,), {"stride": 2}, {0: Along(0, 2, 2), 1: Along(0, 2, 2)}),
        (morphology.opening, (), {"iterations": 3}, {0: Along(6, 6), 1: Along(6, 6)}),
        (imfilter.structure_tensor, (1,), {}, {0: Along(5, 5), 1: Along(5, 5)}),
        (imfilter.harris, (), {"size": 4, "aperture": 5}, {0: Along(4, 3), 1: Along(4, 3)}),
        (imfilter.wiener, ([[1.0]],), {}, None),
        (imfilter.meijering, (), {}, None),
    ],
)
def test_halos(function, args, options, expected):
    assert halo.of(function, (400, 500), "f4", *args, **options) == expected


def test_colours_depend_on_one_sample():
    assert halo.of(color.rgb_to_lab, (40, 50, 3), "u1") == {}


@pytest.mark.parametrize("mode", ["mirror", "wrap", "constant"])
@pytest.mark.parametrize("length", [1, 7, 60])
def test_a_kernel_longer_than_an_axis_reads_it_whole(mode, length):
    """A part would fold the kernel otherwise. Memory is reserved for what is read, so no more is named."""
    for function, args, options in [
        (imfilter.gaussian, (300000.0,), {"axes": 0}),
        (imfilter.correlate, (np.ones(5),), {"axes": 0, "dilation": 1000, "stride": 3}),
        (imfilter.correlate, (np.ones(5),), {"axes": 0, "dilation": 1000, "padding": (0, 4000)}),
    ]:
        along = halo.of(function, (length, 9), np.float32, *args, mode=mode, **options)[0]
        whole = function(np.zeros((length, 9), np.float32), *args, mode=mode, **options)
        assert (len(whole) - 1) * along.step <= along.before <= len(whole) * along.step
        assert length - 1 <= along.after <= length
