"""The weights that both samples of a pair share in the bilateral filter."""

import numpy as np
import pytest

import imfilter
from imfilter._base.program import address
from imfilter._filters.edge_preserving import bilateral
from imfilter._filters.local.pieces import Frame
from imfilter._simd.power_table import power_table
from tests.edge_preserving.cases import picture


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("radius", "window"), [((8, 8), "box"), ((3, 20), "disc"), ((2, 0), "box")])
def test_shared_weights_change_no_bit(dtype, radius, window, monkeypatch):
    """A large image shares the weights of pairs. A narrow part of it, and one with a mask, do not."""
    image = picture(dtype, (70, 790), 3)
    image[40, 200] = np.inf
    image[9, 100] = np.nan
    how = {"radius": radius, "window": window, "workers": 1}
    (y, x), spread = radius, float(np.nanstd(image[:9]))
    with np.errstate(invalid="ignore"):
        whole = imfilter.bilateral(image, 2.0, spread, **how)
        for left in (0, 97, 180, 270, 470):
            part = imfilter.bilateral(image[:, max(left - x, 0) : left + 60 + x], 2.0, spread, **how)
            start = min(left, x)
            np.testing.assert_array_equal(whole[:, left : left + 60], part[:, start : start + 60])
        low = imfilter.bilateral(image[: 2 * y + 5], 2.0, spread, **how)
        np.testing.assert_array_equal(whole[: y + 5], low[: y + 5])
        mask = np.ones(image.shape, bool)
        mask[60:, 300:] = False
        masked = imfilter.bilateral(image, 2.0, spread, mask=mask, **how)
        np.testing.assert_array_equal(whole[: 60 - y, : 300 - x], masked[: 60 - y, : 300 - x])
    pair = np.stack([image, image[::-1]])
    both = imfilter.bilateral(pair, 2.0, spread, axes=(1, 2), **how)
    np.testing.assert_array_equal(both[0], whole)
    np.testing.assert_array_equal(both[1], imfilter.bilateral(image[::-1], 2.0, spread, **how))
    # Sharing is left out altogether, and images are as wide as a number of lines in the lane layout or not.
    pairs, found = bilateral._pairs, []
    for width in (512, 790, 1024, 1111):
        image = picture(dtype, (70, width), width)
        monkeypatch.setattr(bilateral, "_pairs", lambda *args: found.append(pairs(*args)) or found[-1])
        whole = imfilter.bilateral(image, 2.0, spread, **how)
        monkeypatch.setattr(bilateral, "_pairs", lambda *args: {})
        np.testing.assert_array_equal(imfilter.bilateral(image, 2.0, spread, **how), whole)
    assert len(found) == 4
    assert all(found)


def test_pieces_are_large_only_where_samples_share_weights():
    def largest(shape, radii, axes):
        frame = Frame.of(shape, axes, tuple(2 * r + 1 for r in radii), "mirror")
        return bilateral._largest(frame, np.dtype("f4"), 2)

    assert largest((2160, 3840), (8, 8), (0, 1)) == 1 << 20
    assert largest((3, 2160, 3840), (8, 8), (1, 2)) == 1 << 20
    assert largest((3_000_000,), (8,), (0,)) == 0
    assert largest((150, 150, 150), (3, 3, 3), (0, 1, 2)) == 0
    assert largest((2160, 3840, 3), (8, 8), (0, 1)) == 0
    assert largest((400_000, 12), (2, 2), (0, 1)) == 0
    assert largest((512, 512), (8, 8), (0, 1)) == 0


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_taps_find_their_row_of_the_table(dtype):
    real, weights = np.dtype(dtype), np.log2(np.array([0.3, 0.1, 0.3, 0.05, 0.1, 0.05, 0.1]))
    powers = bilateral._powers(weights.tobytes(), real)
    assert bilateral._powers(weights.tobytes(), real) is powers
    places = (powers.addresses - address(powers.table)) // powers.table.strides[0]
    np.testing.assert_array_equal(powers.table[places], power_table(weights, real))
    first = sorted(set(places.tolist()), key=places.tolist().index)
    assert first == list(range(len(powers.table)))
