"""The sizes of vectors that follow from the instructions of the processor."""

import runpy

import llvmlite.binding
import pytest

from imfilter._simd import registers
from tests.looping import loop_over


@loop_over(
    ("name", "features", "narrow"),
    [
        ("znver4", {"avx2": True, "avx512f": True}, 32),
        ("znver4", {"avx2": True}, 32),
        ("znver4", {}, 16),  # a virtual machine may hide instructions
        ("znver4", {"sse2": True}, 16),
        ("skylake-avx512", {"avx2": True, "avx512f": True}, 64),
        ("haswell", {"avx2": True}, 32),
    ],
)
def test_bytes_loaded_at_once(name, features, narrow):
    with pytest.MonkeyPatch.context() as patch:
        for setting in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX"):
            patch.delenv(setting, raising=False)
        patch.setattr(llvmlite.binding, "get_host_cpu_name", lambda: name)
        patch.setattr(llvmlite.binding, "get_host_cpu_features", lambda: features)
        found = runpy.run_path(registers.__file__)
    assert found["NARROW"] == narrow
    assert found["NARROW"] * found["REGISTERS"] <= found["BYTES"]
