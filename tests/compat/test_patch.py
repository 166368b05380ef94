"""Patching: what is replaced, in which modules, in which order, in threads, forks and pickles; the report."""

import concurrent.futures
import contextlib
import multiprocessing
import pickle
import subprocess
import sys
import types

import numpy as np
import pytest
import scipy.ndimage
import skimage.exposure
import skimage.filters
from scipy.ndimage import uniform_filter as imported_by_name

import imfilter

#: In a list, because a patch replaces what a module has by name.
ORIGINALS = [scipy.ndimage.uniform_filter]
IMAGE = np.random.default_rng(0).random((80, 80))


@pytest.fixture(autouse=True)
def _unpatched():
    yield
    imfilter.unpatch()
    assert scipy.ndimage.uniform_filter is ORIGINALS[0]
    imfilter.report(clear=True)


def calls(name="scipy.ndimage.uniform_filter"):
    return {each.name: each for each in imfilter.report().functions}.get(name)


def test_with_block():
    imfilter.report(clear=True)
    with imfilter.patch("scipy.ndimage"):
        assert scipy.ndimage.uniform_filter is not ORIGINALS[0]
        scipy.ndimage.uniform_filter(IMAGE, 3)
        assert calls().here == 1
    assert scipy.ndimage.uniform_filter is ORIGINALS[0]


@pytest.mark.slow
def test_names_in_loaded_modules():
    """A module that imported the function by name has the replacement, and gets the original back."""
    with imfilter.patch():
        assert imported_by_name is scipy.ndimage.uniform_filter
    assert imported_by_name is ORIGINALS[0]


def test_modules_loaded_later():
    module = types.ModuleType("loaded_later")
    with imfilter.patch("scipy.ndimage"):
        exec("from scipy.ndimage import uniform_filter", vars(module))
        assert module.uniform_filter is not ORIGINALS[0]
        sys.modules["loaded_later"] = module
    try:
        assert module.uniform_filter is ORIGINALS[0]
    finally:
        del sys.modules["loaded_later"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_patched_twice(order):
    patches = [imfilter.patch("scipy.ndimage"), imfilter.patch("scipy.ndimage")]
    patches[order[0]].__exit__(None, None, None)
    assert scipy.ndimage.uniform_filter is not ORIGINALS[0]
    patches[order[1]].__exit__(None, None, None)
    assert scipy.ndimage.uniform_filter is ORIGINALS[0]
    patches[0].__exit__(None, None, None)  # a patch ends once


def test_unpatch_ends_all():
    for _ in range(3):
        imfilter.patch("scipy.ndimage")
    imfilter.unpatch("scipy.ndimage")
    assert scipy.ndimage.uniform_filter is ORIGINALS[0]
    imfilter.unpatch()


def test_small_images_stay():
    imfilter.report(clear=True)
    with imfilter.patch("scipy.ndimage", smallest=100):
        scipy.ndimage.uniform_filter(IMAGE[:9, :9], 3)
        scipy.ndimage.uniform_filter(IMAGE[:10, :10], 3)
        scipy.ndimage.uniform_filter(input=IMAGE[:10, :10], size=3)
    assert (calls().calls, calls().here) == (3, 2)
    assert imfilter.report().reasons == {"the array is small": 1}


def test_the_last_patch_decides_what_is_small():
    def ran(size):
        imfilter.report(clear=True)
        scipy.ndimage.uniform_filter(IMAGE[:size, :size], 3)
        return calls().here == 1

    first = imfilter.patch("scipy.ndimage", smallest=100)
    second = imfilter.patch("scipy.ndimage", smallest=400)
    third = imfilter.patch("scipy.ndimage", smallest=0)
    assert ran(2)
    second.__exit__(None, None, None)
    assert ran(2)
    third.__exit__(None, None, None)
    assert (ran(9), ran(10)) == (False, True)
    with imfilter.patch("scipy.ndimage", smallest=900):
        assert (ran(10), ran(30)) == (False, True)
    assert ran(10)
    first.__exit__(None, None, None)


def test_reasons():
    imfilter.report(clear=True)
    with imfilter.patch("scipy.ndimage", smallest=0):
        scipy.ndimage.uniform_filter(np.ones(0), 3)
    assert calls().here == 0
    assert imfilter.report().reasons == {"the array is empty": 1}
    assert "scipy.ndimage.uniform_filter" in str(imfilter.report())


def test_functions_that_stay_have_their_reason():
    """The size of the first argument is not the reason. It may be a number."""
    imfilter.report(clear=True)
    with imfilter.patch("skimage.filters", "skimage.exposure"):
        skimage.filters.gabor_kernel(0.3)
        skimage.exposure.equalize_adapthist(IMAGE[:16, :16])
        skimage.filters.sobel(IMAGE[:9, :9])
    reasons = {each.name: set(each.reasons) for each in imfilter.report().functions}
    assert reasons == {
        "skimage.exposure.equalize_adapthist": {
            "scikit-image rounds to levels and spreads its result in another way"
        },
        "skimage.filters.gabor_kernel": {"it filters no image and takes little time"},
        "skimage.filters.sobel": {"the array is small"},
    }


def test_functions_that_are_looked_up_late():
    """scikit-image finds a function at its first use; its own modules that define functions keep them."""
    theirs = [skimage.filters.edges.sobel]
    imfilter.report(clear=True)
    with imfilter.patch("skimage.filters"):
        assert skimage.filters.sobel is not theirs[0]
        assert skimage.filters.edges.sobel is theirs[0]
        from skimage.filters import sobel

        assert pickle.loads(pickle.dumps(sobel)) is sobel
        sobel(IMAGE)
    assert calls("skimage.filters.sobel").here == 1
    assert skimage.filters.sobel is theirs[0]


def test_scikit_image_is_optional():
    code = "import sys; sys.modules['skimage'] = None; import imfilter.compat.skimage"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("imfilter.compat.skimage needs scikit-image: pip install scikit-image\n")


def test_pickle():
    with imfilter.patch("scipy.ndimage"):
        assert pickle.loads(pickle.dumps(scipy.ndimage.uniform_filter)) is scipy.ndimage.uniform_filter


def test_threads():
    with imfilter.patch("scipy.ndimage"), concurrent.futures.ThreadPoolExecutor(4) as pool:
        imfilter.report(clear=True)
        found = list(pool.map(lambda _: scipy.ndimage.uniform_filter(IMAGE, 3), range(40)))
    assert calls().here == 40
    assert all(np.array_equal(each, found[0]) for each in found)


def _in_child(queue):
    queue.put(
        (
            scipy.ndimage.uniform_filter is not ORIGINALS[0],
            float(scipy.ndimage.uniform_filter(IMAGE, 3)[4, 4]),
        )
    )


@pytest.mark.skipif(not hasattr(multiprocessing, "get_context") or sys.platform == "win32", reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_fork():
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with imfilter.patch("scipy.ndimage"):
        child = context.Process(target=_in_child, args=(queue,))
        child.start()
        patched, value = queue.get()
        child.join()
    assert patched
    assert value == pytest.approx(ORIGINALS[0](IMAGE, 3)[4, 4])


def test_names_are_checked():
    with pytest.raises(ValueError, match=r"libraries must be among .*'scipy.ndimage'.*, got 'scipy'"):
        imfilter.patch("scipy")
    with pytest.raises(ValueError, match=r"smallest must be at least 0, got -1"):
        imfilter.patch(smallest=-1)


def test_library_that_is_not_installed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"scipy.ndimage cannot be patched: scipy is not installed"):
        imfilter.patch("scipy.ndimage")
    with imfilter.patch():  # what is installed: nothing
        assert scipy.ndimage.uniform_filter is ORIGINALS[0]


def test_measured(monkeypatch):
    monkeypatch.setenv("IMFILTER_PATCH_MEASURE", "1")
    imfilter.report(clear=True)
    with imfilter.patch("scipy.ndimage"):
        scipy.ndimage.uniform_filter(IMAGE, 3)
    assert min(calls().seconds) > 0


SCRIPT = """
import sys
import numpy as np
from scipy.ndimage import uniform_filter
print(uniform_filter.__module__, sys.argv[1:], __name__, uniform_filter(np.ones((99, 99)), 3)[0, 0])
"""


@pytest.mark.slow
def test_script(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "imfilter.patch", "--report", str(script), "a", "--b"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "scipy.ndimage ['a', '--b'] __main__ 1.0\n"
    assert "scipy.ndimage.uniform_filter      1     1" in done.stderr


def test_the_module_is_the_function_too():
    code = (
        "import imfilter.patch\nimfilter.patch('scipy.ndimage')\nimfilter.patch.unpatch()\nimfilter.unpatch()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("patched", [False, True])
def test_warnings_name_the_caller(patched):
    """Warnings of this engine and of the original name the line of the call, as without a patch."""
    weights = np.ones(3)
    with (
        imfilter.patch("scipy.ndimage", "skimage.filters", smallest=0)
        if patched
        else contextlib.nullcontext()
    ):
        with pytest.warns(UserWarning, match="promoting specified output dtype to complex") as ours:
            scipy.ndimage.correlate1d(IMAGE * 1j, weights, output=np.float64)
        with pytest.warns(UserWarning, match="Change 'behavior'") as theirs:
            skimage.filters.median(IMAGE.astype(np.uint8), mode="constant", behavior="rank")
    assert {ours[0].filename, theirs[0].filename} == {__file__}


IMPORTS = """
import sys
import imfilter
loaded = [name for name in ("skimage", "cv2") if name in sys.modules]
assert not loaded, loaded
patch = imfilter.patch()
assert not [name for name in ("skimage", "cv2") if name in sys.modules]

import skimage.filters
assert skimage.filters.sobel.__module__ == "skimage.filters"
assert skimage.filters.__spec__.loader is skimage.filters.__loader__
assert type(skimage.filters.__loader__).__name__ == "SourceFileLoader"
from skimage.feature import corner_harris
assert corner_harris.__module__ == "skimage.feature"
assert "cv2" not in sys.modules
import cv2
assert hasattr(cv2.blur, "__wrapped__") and not hasattr(cv2.threshold, "__wrapped__")
from scipy.ndimage import sobel
assert sobel.__module__ == "scipy.ndimage"

imfilter.unpatch()
assert skimage.filters.sobel.__module__ != "skimage.filters"
assert corner_harris.__module__ != "skimage.feature" and not hasattr(cv2.blur, "__wrapped__")
assert sobel.__module__ != "scipy.ndimage"
"""

LATER = """
import sys
import imfilter
import skimage.feature
patch = imfilter.patch("skimage.feature")
assert "skimage.feature.orb" not in sys.modules
import skimage.feature.orb as later
assert later.corner_harris.__module__ == "skimage.feature", later.corner_harris
assert later.corner_harris is skimage.feature.corner_harris
assert sys.modules["skimage.feature.corner"].corner_harris.__module__ == "skimage.feature.corner"
patch.__exit__(None, None, None)
assert later.corner_harris is skimage.feature.corner_harris
assert later.corner_harris.__module__ == "skimage.feature.corner"
import skimage.feature.censure as latest
assert latest.structure_tensor.__module__ == "skimage.feature.corner"
"""

RUN = """
import copy, importlib.util, pkgutil, runpy, sys
import imfilter
imfilter.patch("skimage.filters")
assert "skimage" not in sys.modules
spec = importlib.util.find_spec("skimage")
assert spec.loader.is_package("skimage") and spec.loader.get_filename("skimage") == spec.origin
assert not hasattr(spec.loader, "get_nothing")
assert copy.copy(spec.loader).get_filename("skimage") == spec.origin
import skimage
assert "skimage.feature" not in sys.modules
assert pkgutil.get_data("skimage.feature", "orb_descriptor_positions.txt")
assert "skimage.feature.orb" not in sys.modules
assert "ORB" in runpy.run_module("skimage.feature.orb")
"""

FORGOTTEN = """
import sys
import imfilter
with imfilter.patch("skimage.filters", "cv2"):
    pass
import cv2, skimage.filters
assert skimage.filters.sobel.__module__ != "skimage.filters" and not hasattr(cv2.blur, "__wrapped__")
first, second = imfilter.patch("skimage.morphology"), imfilter.patch("skimage.morphology")
first.__exit__(None, None, None)
import skimage.morphology
assert skimage.morphology.erosion.__module__ == "skimage.morphology"
second.__exit__(None, None, None)
assert skimage.morphology.erosion.__module__ != "skimage.morphology"
"""

OURS_FIRST = """
import imfilter
imfilter.patch()
from imfilter.compat.skimage import feature, filters, morphology
from imfilter.compat import cv2 as ours
import cv2, skimage.filters, skimage.feature
assert skimage.filters.sobel.__module__ == "skimage.filters"
assert skimage.feature.canny.__module__ == "skimage.feature" and hasattr(cv2.blur, "__wrapped__")
assert not hasattr(filters.sobel.original, "original") and not hasattr(ours.blur.original, "original")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [IMPORTS, FORGOTTEN, OURS_FIRST, LATER, RUN],
    ids=["replaced", "forgotten", "ours first", "later", "run as a script"],
)
def test_libraries_that_are_not_loaded(code):
    """They are not imported. Their functions are replaced when they are imported."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_partly_unpatched():
    """A module that defines functions of one library has the originals of another one again."""
    code = (
        "import imfilter; imfilter.patch('skimage.filters', 'skimage.feature')\n"
        "import skimage.feature.corner as corner, skimage.filters\n"
        "imfilter.unpatch('skimage.filters')\n"
        "assert corner.gaussian is skimage.filters.gaussian\n"
        "assert skimage.filters.gaussian.__module__ != 'skimage.filters'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_looking_for_a_module_keeps_its_patch():
    code = (
        "import importlib.util, imfilter; imfilter.patch('cv2'); importlib.util.find_spec('cv2');"
        "imfilter.patch('cv2'); import cv2; print(cv2.blur.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    plain = subprocess.run(
        [sys.executable, "-c", "import cv2; print(cv2.blur.__module__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout != plain.stdout
