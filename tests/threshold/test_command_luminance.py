"""The command `threshold` on pictures whose channels are equal gives what it gives on the grey picture."""

import numpy as np
import pytest

from imfilter import io
from tests.cli.commands import done, save


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("method", ["sauvola", "niblack", "otsu", "local"])
def test_equal_channels_are_grey(tmp_path, method, dtype):
    y, x = np.mgrid[:60, :80]
    page = 150 + 0.5 * x + np.random.default_rng(0).normal(0, 3, (60, 80))
    page[(y % 20 < 3) & (x % 7 < 4)] -= 80
    grey = (page.clip(0, 255) * (1 if dtype == "uint8" else 257)).astype(dtype)
    pictures = (
        grey,
        np.dstack([grey] * 3),
        np.dstack([grey] * 3 + [np.full_like(grey, np.iinfo(dtype).max)]),
    )
    found = []
    for pixels in pictures:
        source = save(tmp_path / "in.png" if dtype == "uint8" else tmp_path / "in.tif", pixels)
        done("threshold", source, tmp_path / "out.png", "--method", method, "--size", "25")
        found.append(io.read(tmp_path / "out.png").pixels)
    assert 0.5 < (found[0] > 0).mean() < 0.97
    for other in found[1:]:
        assert (other != found[0]).mean() < 0.002  # where a luminance rounds to another side
