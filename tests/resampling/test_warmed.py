"""What `imfilter warmup` compiles is enough for the usual calls of `resize`."""

import json
import subprocess
import sys

import pytest

from tests.cli.commands import subprocess_env

#: Writes the kernels that calls need and that the list of the warm-up does not have. A new process has no
#: kernels of earlier calls.
CALLS = """
import json, sys
import numpy as np
import imfilter
from imfilter._base import warmup
from imfilter._simd import jit

listed = set(warmup._combinations())
code, needed = jit.Kernel._code, {}
def noted(kernel, kinds):
    needed.setdefault((kernel, kinds), (sys.call[:], f"{kernel.name}{kinds}"))
    return code(kernel, kinds)
jit.Kernel._code = noted
for dtype in ("uint8", "uint16", "float32"):
    for shape in (60, 70), (60, 70, 3), (2600, 2500):  # results of the last are written past the cache
        image = np.zeros(shape, dtype)
        for method in ("area", "linear", "cubic"):
            for scale in (0.5, 2, 0.3, 1.3):
                if scale == 2 or len(image) < 100:
                    sys.call = [dtype, shape, method, scale]
                    colours = -1 if image.ndim > 2 else None
                    imfilter.resize(image, scale=scale, method=method, channel_axis=colours)
print(json.dumps([told for key, told in needed.items() if key not in listed]))
"""


@pytest.mark.slow
def test_usual_calls_need_no_other_kernels() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS], env=subprocess_env(), stdout=subprocess.PIPE, text=True, check=True
    )
    assert json.loads(done.stdout) == []
