"""Numba may be asked to compile for another processor: no kernel then uses instructions that it lacks."""

import os
import subprocess
import sys

import numpy as np
import pytest

import imfilter

#: Filters whose kernels ask for instructions by name: the sums of pairs of bytes, the search for a bit,
#: samples at any place, and powers of two. Pixels of four float64 need more than a short register.
SCRIPT = """
import sys
import numpy as np
import imfilter
image = np.load(sys.argv[1])
floats = image.astype("f4")
means, ranks = imfilter.avg_pool(image, 2), imfilter.median(floats, 15)
small = imfilter.resize(image, (23, 71), method="linear", antialias=False)
pixels = imfilter.max_pool(image.reshape(70, 75, 4).astype("f8"), 2, channel_axis=-1)
smooth = imfilter.bilateral(floats, 2, 25)
np.savez(sys.argv[2], means=means, ranks=ranks, small=small, pixels=pixels, smooth=smooth)
"""


@pytest.mark.slow
@pytest.mark.parametrize("setting", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_ENABLE_AVX": "0"}])
def test_a_processor_without_vectors(tmp_path, setting):
    image = np.random.default_rng(0).integers(0, 256, (70, 300), np.uint8)
    np.save(tmp_path / "image.npy", image)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "image.npy"), str(tmp_path / "found.npz")]
    subprocess.run(command, check=True, env=os.environ | setting)
    with np.load(tmp_path / "found.npz") as found:
        np.testing.assert_array_equal(found["means"], imfilter.avg_pool(image, 2))
        np.testing.assert_array_equal(found["ranks"], imfilter.median(image.astype("f4"), 15))
        pixels = imfilter.max_pool(image.reshape(70, 75, 4).astype("f8"), 2, channel_axis=-1)
        np.testing.assert_array_equal(found["pixels"], pixels)
        small = imfilter.resize(image, (23, 71), method="linear", antialias=False)
        np.testing.assert_array_equal(found["small"], small)
        # Without fused multiply-add and tables, weights are rounded in other places.
        smooth = imfilter.bilateral(image.astype("f4"), 2, 25)
        np.testing.assert_allclose(found["smooth"], smooth, rtol=0, atol=2e-6 * 255)
