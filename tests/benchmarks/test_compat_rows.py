"""The small rows of `benchmarks.compat`: every function has one, and runs on this engine in it."""

import importlib

import numpy as np

from benchmarks import compat_rows
from imfilter._compat import record
from tests import photos
from tests.looping import loop_over

ROWS = compat_rows.rows(np.ascontiguousarray(photos.photo("camera")[100:124, 200:224]))
#: The modules by the first word of a row, and the name of the library before that word in reports.
MODULES = {
    "ndimage": ("ndimage", "scipy."),
    "cv2": ("cv2", ""),
    **{
        name: (f"skimage.{name}", "skimage.")
        for name in ("filters", "morphology", "feature", "restoration", "transform", "exposure", "color")
    },
}


def test_every_function_has_a_row_or_a_reason():
    public = {
        f"{word}.{name}"
        for word, (module, _) in MODULES.items()
        for name in importlib.import_module(f"imfilter.compat.{module}").__all__
    }
    assert not ROWS.keys() & compat_rows.WITHOUT.keys()
    assert ROWS.keys() | compat_rows.WITHOUT.keys() == public


@loop_over("name", ROWS)
def test_the_call_of_a_row_runs_here(name):
    through, direct = ROWS[name]
    entry = record.entry(MODULES[name.partition(".")[0]][1] + name)
    before = entry.here
    through()
    direct()
    assert entry.here == before + 1
