"""Every row of `cases.py` on photographs, against the same call in OpenCV, SciPy and scikit-image."""

import numpy as np
import pytest

from tests import photos
from tests.looping import loop_over
from tests.peers.case import types_of
from tests.peers.cases import CASES

HEAVY = 50  # multiply-adds a pixel from which the slow libraries get a smaller part of the photograph

TABLE = [(case, type_name) for case in CASES for type_name in case.types]


def pictures(case, dtype):
    """Photographs for a case: never square, and smaller for the heavy cases."""
    if case.ndim == 3:
        found = [photos.volume()]
    elif case.ndim == 1:
        found = [photos.signal()]
    elif case.rgb:
        found = [photos.photo("chelsea"), photos.photo("astronaut")[:301]]
        if case.work > HEAVY:
            found = [found[0][20:149, 40:241], found[1][60:190, 80:283]]
    else:
        found = [photos.photo("coins"), photos.photo("camera")[:, 20:451], photos.photo("page")]
        if case.work > HEAVY:
            found = [found[0][40:209, 30:291], found[1][60:190, 80:293]]
    return [photos.as_type(image, dtype) for image in found]


@loop_over(("case", "type_name"), TABLE)
@pytest.mark.slow
def test_agrees_with_the_other_libraries(case, type_name):
    source, result_type = types_of(type_name)
    for image in pictures(case, source):
        result = case.ours(image, dtype=result_type)
        assert result.dtype == result_type
        for name, peer in case.peers_for(type_name).items():
            given = peer.prepare(image) if peer.prepare else image
            expected = peer.call(given, None, result_type)
            if peer.finish:
                expected = peer.finish(expected, image)
            assert result.shape == expected.shape
            inner = (slice(peer.margin, -peer.margin),) * case.ndim if peer.margin else (...,)
            difference = np.abs(result[inner].astype(np.float64) - expected[inner].astype(np.float64)).max()
            allowed = case.tolerance(peer, float(np.abs(image).max()), result_type)
            assert difference <= allowed, f"{name}: {difference:.3g} apart, {allowed:.3g} allowed"


@loop_over(("case", "type_name"), TABLE)
@pytest.mark.slow
def test_out_and_workers_change_nothing(case, type_name):
    source, result_type = types_of(type_name)
    image = pictures(case, source)[0]
    expected = case.ours(image, dtype=result_type, workers=1)
    out = np.empty_like(expected)
    assert case.ours(image, out=out, workers=2) is out
    np.testing.assert_array_equal(out, expected)


def test_rows_are_named_once():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


def test_every_row_has_a_peer():
    for case in CASES:
        for type_name in case.types:
            assert case.peers_for(type_name), f"{case.name} {type_name} is compared with nothing"
