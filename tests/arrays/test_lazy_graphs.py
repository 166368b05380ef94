"""The graphs of lazy results: what is computed, how many tasks there are, and what is refused."""

import importlib
import inspect
import pickle

import numpy as np
import pytest

import imfilter
from imfilter import morphology, threshold
from imfilter._arrays.rules import RULES
from tests.arrays.cases import CASES
from tests.looping import loop_over

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")

MODULES = ("", "color", "layers", "morphology", "series", "show", "threshold")


def hinted():
    """The names of all public functions that look at their image."""
    for module in MODULES:
        home = importlib.import_module(f"imfilter.{module}" if module else "imfilter")
        for name in home.__all__:
            function = getattr(home, name)
            if inspect.isfunction(function) and hasattr(function, "__wrapped__"):
                yield f"{module}.{name}" if module else name


def test_the_table_has_every_public_function():
    assert set(hinted()) == set(RULES)


def test_every_function_that_works_in_blocks_has_a_case():
    names = {f"{f.__module__.split('.')[1]}.{f.__name__}" for _, f, _, _ in CASES} | {
        f.__name__ for _, f, _, _ in CASES
    }
    needed = {name for name, rule in RULES.items() if rule.kind == "blocks"} - {"meijering"}
    assert {name for name in needed if name not in names} == set()


def broken(shape=(40, 46), chunks=(10, 12), dtype="f4"):
    """A lazy array that cannot be computed."""

    def fail(block):
        raise AssertionError("a chunk was computed")

    return da.map_blocks(
        fail, da.zeros(shape, chunks=chunks, dtype=dtype), dtype=dtype, meta=np.empty((0, 0), dtype)
    )


@loop_over(("function", "args", "options"), [c[1:] for c in CASES])
def test_nothing_is_computed_before(function, args, options):
    lazy = function(broken(), *args, **options)
    assert isinstance(lazy, da.Array)
    assert not any(np.isnan(lazy.shape))


def test_nothing_is_computed_before_by_the_others():
    lazy = broken()
    imfilter.canny(lazy)
    imfilter.canny(lazy, threshold="median")
    imfilter.hysteresis_threshold(lazy, 1, 2)
    imfilter.hog(lazy)
    imfilter.resize(lazy, scale=0.5)
    threshold.otsu(lazy)
    with pytest.raises(AssertionError, match="a chunk was computed"):
        imfilter.gaussian(lazy, 1).compute(scheduler="sync")


def test_only_the_chunks_of_a_window_are_computed():
    met = []

    def note(block, block_info=None):
        met.append(block_info[0]["chunk-location"])
        return block

    lazy = da.zeros((50, 50), chunks=(10, 10)).map_blocks(note, dtype=float, meta=np.empty((0, 0)))
    imfilter.gaussian(lazy, 1)[25, 25].compute(scheduler="sync")
    assert set(met) == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}


@pytest.mark.parametrize(
    ("call", "most"),
    [
        (lambda x: imfilter.gaussian(x, 2), 2),
        (lambda x: imfilter.median(x, 5), 2),
        (lambda x: imfilter.gaussian(x, 2, mode="wrap"), 2),
        (lambda x: morphology.opening(x, iterations=2), 2),
        (lambda x: imfilter.bilateral(x, 1.0, 20.0), 2),
        (lambda x: imfilter.hessian_eigenvalues(x, 1.0), 2),
        (lambda x: imfilter.max_pool(x, 2), 2),
        (lambda x: imfilter.avg_pool(x, 4), 1),
        (lambda x: imfilter.gaussian(x, 0.0), 1),
        (lambda x: imfilter.resize(x, scale=0.5), 2),
        (lambda x: imfilter.hysteresis_threshold(x, 1, 2), 5),
        (lambda x: imfilter.canny(x, 1, 2), 6),
    ],
)
def test_few_tasks_a_chunk(call, most):
    """One for the block, and one that cuts the edges of a chunk for those around it."""
    lazy = da.zeros((640, 640), chunks=(64, 64), dtype="f4")
    tasks = len(call(lazy).__dask_graph__()) - len(lazy.__dask_graph__())
    assert tasks <= most * lazy.npartitions + 1


def test_tiny_chunks_are_joined_and_split_again():
    lazy = da.zeros((400, 4), chunks=(1, 4), dtype="f4")
    result = imfilter.gaussian(lazy, 5, axes=0)
    assert result.chunks == lazy.chunks
    assert len(result.__dask_graph__()) < 3 * lazy.npartitions


def test_the_chunks_follow_strides():
    lazy = da.zeros((40, 41), chunks=(10, 11))
    assert imfilter.gaussian(lazy, 3).chunks == lazy.chunks
    assert imfilter.max_pool(lazy, 2).chunks == ((5, 5, 5, 5), (6, 5, 6, 3))
    assert imfilter.hessian(lazy, 1).chunks == ((3,), *lazy.chunks)
    assert imfilter.resize(lazy, (20, 41)).chunks == ((5, 5, 5, 5), (11, 11, 11, 8))


def test_a_task_can_be_sent():
    result = imfilter.gaussian(da.zeros((40, 41), chunks=(10, 11)), 3)
    copied = pickle.loads(pickle.dumps(result))
    assert len(pickle.dumps(result)) < 200_000
    assert copied.compute(scheduler="sync").shape == (40, 41)


def test_the_same_call_has_the_same_name():
    lazy = da.zeros((40, 41), chunks=(10, 11))
    assert imfilter.gaussian(lazy, 3).name == imfilter.gaussian(lazy, 3).name
    assert imfilter.gaussian(lazy, 3).name != imfilter.gaussian(lazy, 2).name


def test_errors_come_at_once():
    lazy = broken()
    with pytest.raises(ValueError, match=r"out must have shape \(40, 46\), got \(40, 45\)"):
        imfilter.gaussian(lazy, 1, out=np.zeros((40, 45)))
    with pytest.raises(ValueError, match="sigma must be at least 0"):
        imfilter.gaussian(lazy, -1)
    with pytest.raises(TypeError, match=r"gaussian\(\) has no argument 'sigmaa'"):
        imfilter.gaussian(lazy, sigmaa=1)
    with pytest.raises(ValueError, match="nan must be one of"):
        imfilter.gaussian(lazy, 1, nan="drop")
    with pytest.raises(ValueError, match="mask must have shape"):
        imfilter.gaussian(lazy, 1, mask=np.ones((3, 3), bool))
    with pytest.raises(TypeError, match="blobs does not take a dask array: the number of results"):
        imfilter.blobs(lazy)
    with pytest.raises(TypeError, match="mask must be in memory, got a lazy array"):
        imfilter.gaussian(np.zeros((40, 46)), 1, mask=lazy > 0)
    unknown = da.from_array(np.arange(30.0), chunks=7)
    with pytest.raises(ValueError, match="chunks of known sizes"):
        imfilter.gaussian(unknown[unknown > 5], 1)


def test_libraries_are_not_imported():
    from tests.base.test_architecture import loaded_after

    calls = "imfilter.gaussian([[1.0, 2.0]], 1); imfilter.series.median([1.0], 3)"
    loaded = loaded_after(f"import imfilter; {calls}")
    assert not {"dask", "xarray", "pandas"} & loaded


def test_other_options_give_other_names():
    array = da.from_array(np.random.default_rng(0).random((12, 9)), chunks=-1)
    names = {imfilter.resize(array, scale=2, method=method).name for method in ("linear", "cubic", "lanczos")}
    assert len(names) == 3
    assert imfilter.threshold.otsu(array).name == imfilter.threshold.otsu(array).name
    assert imfilter.threshold.otsu(array).name != imfilter.threshold.otsu(array, bins=9).name


@pytest.mark.slow
def test_colours_of_an_image_larger_than_memory():
    array = da.zeros((100_000, 100_000, 3), chunks=(1000, 1000, 3))
    assert imfilter.color.rgb_to_lab(array).shape == array.shape
