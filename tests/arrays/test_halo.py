"""The halo of public functions, without dask: it comes from the plan of the call."""

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
