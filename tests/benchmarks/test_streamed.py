"""The programs of `benchmarks.streamed`: both floors copy the picture."""

import sys

import numpy as np
import pytest
import tifffile

from benchmarks import streamed


@pytest.mark.parametrize("program", ["LOOP", "COPY"])
def test_a_floor_copies_the_picture(tmp_path, program):
    source, target = tmp_path / "in.tif", tmp_path / "out.tif"
    streamed.make(source, 600, 400)
    streamed.run([sys.executable, "-c", getattr(streamed, program), str(source), str(target)])
    np.testing.assert_array_equal(tifffile.imread(target), tifffile.imread(source))


def test_a_program_that_fails_is_an_error():
    with pytest.raises(RuntimeError, match="failed"):
        streamed.run([sys.executable, "-c", "raise SystemExit(3)"])
