"""Modules that the command imports for one small picture. Each of these takes longer than the filter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from imfilter import io
from tests.cli.commands import subprocess_env

COMMAND = """
import json, sys
from imfilter.cli import call
assert call(sys.argv[1:]) == 0
print(json.dumps([*sys.modules]))
"""
#: Of Python and of packages: what formats and options need that this call does not have.
FOREIGN = {
    *("asyncio", "csv", "difflib", "gzip", "html", "socket", "ssl", "subprocess"),
    *("numba", "scipy", "tifffile", "numpy.ma", "numpy.polynomial"),
    *("PIL.AvifImagePlugin", "PIL.BmpImagePlugin", "PIL.GifImagePlugin", "PIL.Jpeg2KImagePlugin"),
    *("PIL.JpegImagePlugin", "PIL.PpmImagePlugin", "PIL.WebPImagePlugin"),
}
OWN = {
    *("_cli.cluster", "_cli.denoising", "_cli.enhance", "_cli.finders", "_cli.listing", "_cli.many"),
    *("_cli.objects", "_cli.preserving", "_cli.regions", "_cli.stack_work", "_cli.stacks", "_cli.thresholds"),
    *("_files.dicom", "_files.exif", "_files.film", "_files.jpeg", "_files.nifti", "_files.stacks"),
    *("_files.tiff", "_files.zarr_store"),
}


def test_one_picture_imports_what_it_needs(tmp_path: Path) -> None:
    io.write(tmp_path / "in.png", io.Image(np.arange(600, dtype=np.uint8).reshape(20, 30)))
    command = [sys.executable, "-c", COMMAND, "sobel", str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    for _ in range(2):  # the first run may have to compile, which needs Numba
        done = subprocess.run(command, env=subprocess_env(), capture_output=True, text=True, check=True)
        loaded = set(json.loads(done.stdout))
        if "numba" not in loaded:
            break
    needless = loaded & (FOREIGN | {f"imfilter.{name}" for name in OWN})
    assert not needless


def test_threads_of_matrix_products_wait_at_once() -> None:
    """NumPy reads the variable when it is imported, so it is set before. A value of the user is kept."""
    code = """
import os, sys
from imfilter import cli
def call():
    print("numpy" in sys.modules, os.environ["OPENBLAS_THREAD_TIMEOUT"])
    return 0
cli.call = call
cli.main()
"""
    for given, expected in (({}, "16"), ({"OPENBLAS_THREAD_TIMEOUT": "9"}, "9")):
        env = {name: value for name, value in subprocess_env().items() if not name.startswith("OPENBLAS")}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env | given, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["False", expected]
