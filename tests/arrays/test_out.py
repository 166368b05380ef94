"""`out` for a dask array: the result is computed at once, in an array of NumPy."""

import tracemalloc
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import imfilter
from imfilter import color, morphology
from imfilter._arrays import blocks, tasks
from tests.arrays.cases import CASES
from tests.looping import loop_over

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")

SHAPE = (24, 27)


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="sync"):
        yield


def image(shape=SHAPE):
    return np.random.default_rng(5).random(shape, dtype=np.float32) * 100


def agree(function, array, chunks, *args, **options):
    """Whether the result in `out` is that of the plain call."""
    whole = function(array, *args, **options)
    place = np.full(whole.shape, 7).astype(whole.dtype)
    assert function(da.from_array(array, chunks=chunks), *args, **options, out=place) is place
    np.testing.assert_array_equal(place, whole)


@pytest.mark.slow
@loop_over("chunks", [(7, 10), ((10, 1, 2, 11), (3, 24))])
@loop_over(("function", "args", "options"), [c[1:] for c in CASES])
def test_every_filter(function, args, options, chunks):
    agree(function, image(), chunks, *args, **options)


@pytest.mark.slow
@loop_over("chunks", [(7, 10), ((10, 1, 2, 11), (3, 24))])
@loop_over(("function", "args", "options"), [c[1:] for c in CASES])
def test_every_filter_in_bands(function, args, options, chunks, monkeypatch):
    """Bands are as long as they have to be only if they would be chosen for few arrays of this size."""
    monkeypatch.setattr(blocks, "_BAND", 0)
    agree(function, image(), chunks, *args, **options)


@pytest.mark.parametrize("mode", ["mirror", "wrap", "shrink", "constant"])
@pytest.mark.parametrize("chunks", [(1, 27), (12, 14), SHAPE], ids=str)
def test_borders(chunks, mode):
    for function, args in ((imfilter.gaussian, (1.5,)), (imfilter.median, (3,)), (imfilter.hessian, (1,))):
        agree(function, image(), chunks, *args, mode=mode)


def test_results_of_other_shapes():
    agree(imfilter.max_pool, image(), 5, 2)
    agree(imfilter.avg_pool, image(), 8, 4)
    agree(imfilter.resize, image(), 9, (10, 40))
    agree(color.rgb_to_gray, image((24, 27, 3)), (7, 9, 3))
    agree(imfilter.gabor, image(), 12, 0.2, part="complex")


def test_edges_across_chunks():
    agree(imfilter.canny, image(), 9, 30, 60)


def test_the_type_is_that_of_out():
    array = image()
    lazy = da.from_array(array, chunks=(12, 14))
    for dtype in (np.float64, np.uint8, ">f4"):
        place = np.empty(SHAPE, dtype)
        imfilter.gaussian(lazy, 1, out=place)
        np.testing.assert_array_equal(place, imfilter.gaussian(array, 1, out=np.empty_like(place)))
    imfilter.sobel(lazy, dtype=np.float64, out=np.empty(SHAPE))


@pytest.mark.parametrize("chunks", [(7, 9), (30, 100), (45, 50), (90, 100)], ids=str)
@pytest.mark.parametrize(
    ("function", "args"),
    [
        (imfilter.gaussian, (1.5,)),
        (imfilter.gaussian, (5,)),
        (imfilter.sobel, ()),
        (morphology.erosion, (np.ones((3, 3)),)),
    ],
)
@pytest.mark.slow
def test_the_other_byte_order(function, args, chunks):
    array = image((90, 100))
    lazy = da.from_array(array, chunks=chunks)
    for dtype in ("f4", "u2"):
        place = np.empty(array.shape, np.dtype(dtype).newbyteorder())
        function(lazy, *args, out=place)
        np.testing.assert_array_equal(place, function(array, *args, out=np.empty(array.shape, dtype)))


def test_masks_and_guides():
    array = image()
    mask = np.random.default_rng(2).random(SHAPE) > 0.3
    agree(imfilter.gaussian, array, (12, 14), 1, mask=mask, min_coverage=0.2)
    agree(imfilter.guided, array, (12, 14), 2, 10.0, guide=array[::-1])


def test_a_part_of_a_memory_mapped_array(tmp_path):
    array = image()
    file = np.lib.format.open_memmap(tmp_path / "out.npy", "w+", "f4", (60, 70))
    file[:] = -1
    imfilter.gaussian(da.from_array(array, chunks=(12, 14)), 1, out=file[10:58:2, 3:30])
    file.flush()
    found = np.load(tmp_path / "out.npy")
    np.testing.assert_array_equal(found[10:58:2, 3:30], imfilter.gaussian(array, 1))
    assert (np.delete(found, np.s_[3:30], 1) == -1).all()
    assert (found[11:58:2] == -1).all()


def test_threads():
    with dask.config.set(scheduler="threads", num_workers=3):
        agree(imfilter.median, image((90, 100)), 17, 5)
    with ThreadPoolExecutor(2) as pool, dask.config.set(scheduler=pool):
        agree(imfilter.median, image((90, 100)), 17, 5)


def test_a_labelled_array():
    xr = pytest.importorskip("xarray")
    array = image()
    place = np.empty_like(array)
    labelled = xr.DataArray(array, dims=("y", "x")).chunk(y=12)
    found = imfilter.gaussian(labelled, 1, axes=("y", "x"), out=place)
    np.testing.assert_array_equal(place, imfilter.gaussian(array, 1))
    assert found.dims == ("y", "x")
    assert np.shares_memory(found.values, place)


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (imfilter.sobel, ()),
        (imfilter.gaussian, (1,)),
        (imfilter.median, (3,)),
        (morphology.opening, (np.ones((3, 3)),)),
    ],
)
def test_no_chunk_has_memory_of_its_own(function, args):
    array = image((1536, 1536))
    lazy = da.from_array(array, chunks=512)
    place = np.empty_like(function(array, *args))
    function(lazy, *args, out=place)
    tracemalloc.start()
    try:
        function(lazy, *args, out=place)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 512 * 512 * 4


def test_few_tasks_a_chunk():
    from dask.callbacks import Callback

    kept = da.from_array(image((60, 60)), chunks=10)
    # Edges are cut from chunks that tasks return, so that a chunk need not be kept for its neighbours.
    for lazy, each in ((kept, 1), (kept.persist(), 1), (kept + 1, 2)):
        met = []
        with Callback(pretask=lambda key, *_, met=met: met.append(key)):
            imfilter.gaussian(lazy, 1, out=np.empty((60, 60), np.float32))
        assert sum(key[0].startswith("gaussian") for key in met) == each * lazy.npartitions


def parts_of(array, size):
    """A lazy array whose chunks are views of an array. `from_array` copies it first."""
    chunks = da.core.normalize_chunks(size, array.shape)
    places = np.ndindex(*map(len, chunks))
    views = zip(places, da.core.slices_from_chunks(chunks), strict=True)
    return da.Array({("parts", *i): array[part] for i, part in views}, "parts", chunks, meta=array)


@pytest.fixture
def filtered(monkeypatch):
    """The shapes that tasks filter."""
    shapes, run = [], tasks._run

    def noted(call, made, sources):
        shapes.append(made["image"].shape)
        return run(call, made, sources)

    monkeypatch.setattr(tasks, "_run", noted)
    return shapes


@pytest.mark.parametrize(
    ("form", "band"),
    [
        (lambda a: a, (150, 620)),
        (lambda a: a.T, (620, 150)),
        (lambda a: a[::-1], (150, 620)),
        (lambda a: a[:, 20:], (150, 600)),
        (lambda a: a[None], (1, 150, 620)),
    ],
)
def test_parts_of_one_array_are_filtered_in_bands(form, band, filtered):
    array = form(image((600, 620)))
    whole = imfilter.sobel(array, axes=(-2, -1))
    lazy = parts_of(array, 310)
    for kept, is_whole in ((lazy, True), (lazy.persist(), True), (lazy.map_blocks(np.copy), False)):
        for one in (kept, kept.persist()):
            filtered.clear()
            place = np.zeros_like(array)
            imfilter.sobel(one, axes=(-2, -1), out=place)
            np.testing.assert_array_equal(place, whole)
            assert (filtered[0] == band) == is_whole


def test_parts_that_are_not_in_place_are_no_bands(filtered):
    array = image((600, 620))
    lazy = parts_of(array, 310)
    layer = dict(lazy.dask.layers["parts"].mapping)
    layer["parts", 0, 0], layer["parts", 0, 1] = layer["parts", 0, 1], layer["parts", 0, 0]
    place = np.zeros_like(array)
    imfilter.sobel(da.Array(layer, "parts", lazy.chunks, meta=array), out=place)
    array[:310] = np.roll(array[:310], 310, 1)
    np.testing.assert_array_equal(place, imfilter.sobel(array))
    assert (150, 620) not in filtered


def test_bands_have_few_samples_twice(monkeypatch):
    """Windows that are long beside a band, other arrays, and axes of one chunk leave chunks as they are."""
    made = []
    monkeypatch.setattr(blocks.held, "bands", lambda *given: made.append(given))
    array = image((600, 620))
    lazy, place = da.from_array(array, chunks=310), np.empty_like(array)
    imfilter.gaussian(lazy, 2, out=place)
    imfilter.sobel(lazy, mask=array > 3, out=place)
    imfilter.sobel(da.from_array(array, chunks=(-1, 310)), out=place)
    imfilter.max_pool(lazy, 2, out=np.empty((300, 310), np.float32))
    # Fewer rows than chunks would keep fewer threads busy. Chunks without neighbours have no strips.
    stack = image((3, 200, 200))
    imfilter.sobel(da.from_array(stack, chunks=(1, 100, 100)), axes=(1, 2), out=np.empty_like(stack))
    imfilter.sobel(lazy, axes=(0,), out=place)
    assert not made


def test_opposite_strips_are_filtered_at_once(filtered):
    array, kernel = image((60, 90)), np.arange(12.0).reshape(3, 4)
    whole = imfilter.correlate(array, kernel)
    filtered.clear()
    lazy, place = da.from_array(array, chunks=(20, 30)), np.empty_like(array)
    imfilter.correlate(lazy, kernel, out=place)
    np.testing.assert_array_equal(place, whole)
    # A window reaches one row up and down, two columns to the left and one to the right.
    assert len(filtered) == 9 * 3
    assert filtered[12:15] == [(20, 30), (6, 33), (20, 9)]


def test_it_is_computed_each_time():
    array = image()
    lazy, place = da.from_array(array, chunks=9), np.zeros_like(array)
    for _ in range(2):
        place[:] = 0
        imfilter.gaussian(lazy, 1, out=place)
        np.testing.assert_array_equal(place, imfilter.gaussian(array, 1))


def test_errors_come_before_a_chunk_is_computed():
    def fail(block):
        raise AssertionError("a chunk was computed")

    zeros = da.zeros(SHAPE, chunks=9, dtype="f4")
    lazy = da.map_blocks(fail, zeros, dtype="f4", meta=np.empty((0, 0), "f4"))
    place = np.empty(SHAPE, "f4")
    with pytest.raises(TypeError, match=r"out must be a NumPy array, got dask\.array"):
        imfilter.gaussian(lazy, 1, out=zeros)
    with pytest.raises(ValueError, match="dtype must agree with out, got float64 and out of dtype float32"):
        imfilter.gaussian(lazy, 1, dtype="f8", out=place)
    with pytest.raises(ValueError, match="out must have dtype float32, got float64"):
        imfilter.harris(lazy, out=np.empty(SHAPE))
    with pytest.raises(ValueError, match=r"out must have shape \(12, 13\), got \(24, 27\)"):
        imfilter.max_pool(lazy, 2, out=place)
    with pytest.raises(ValueError, match=r"out must have shape \(10, 10\), got \(24, 27\)"):
        imfilter.resize(lazy, (10, 10), out=place)
    with pytest.raises(ValueError, match="out must be left out for a dask array of masked arrays"):
        imfilter.gaussian(da.ma.masked_less(zeros, 1), 1, out=place)
    with ProcessPoolExecutor(1) as pool:
        for scheduler in ("processes", pool):
            with (
                dask.config.set(scheduler=scheduler),
                pytest.raises(ValueError, match="out must be left out for a dask array that is computed by"),
            ):
                imfilter.gaussian(lazy, 1, out=place)
    with pytest.raises(AssertionError, match="a chunk was computed"):
        imfilter.gaussian(lazy, 1, out=place)


def test_out_that_overlaps_the_image():
    array = image()
    chunks = {("shared", i, 0): array[12 * i : 12 * i + 12] for i in range(2)}
    lazy = da.Array(chunks, "shared", ((12, 12), (27,)), dtype=array.dtype)
    before = array.copy()
    with pytest.raises(ValueError, match="out must not overlap image for a dask array"):
        imfilter.gaussian(lazy, 1, out=array)
    np.testing.assert_array_equal(array, before)
    mask = np.ones(SHAPE)
    mask[3, 4] = 0
    with pytest.raises(ValueError, match="out must not overlap mask for a dask array"):
        imfilter.gaussian(lazy, 1, mask=mask, out=mask)
    agree(morphology.opening, array, 12, np.ones((3, 3)))


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("chunks", [4, 12, 24])
def test_out_that_overlaps_what_a_task_returns(chunks, flips):
    array = image()
    read = dask.delayed(lambda start: (array[::-1] if flips else array)[start : start + chunks])
    parts = [da.from_delayed(read(i), (chunks, 27), array.dtype) for i in range(0, 24, chunks)]
    before = array.copy()
    with pytest.raises(ValueError, match="out must not overlap image for a dask array: blocks read"):
        imfilter.gaussian(da.concatenate(parts), 1.5, out=array)
    np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize(
    ("name", "options", "dtype"),
    [
        ("canny", {"low": 20, "high": 60}, bool),
        ("resize", {"shape": (24, 27)}, np.float32),
        ("match_template", {"template": np.eye(3)}, np.float32),
    ],
)
@pytest.mark.parametrize("chunks", [4, 24])
def test_out_of_other_kinds_that_overlaps_what_a_task_returns(name, options, dtype, chunks):
    """These filters copy their results. Blocks that come later would read them."""
    array = image().astype(np.uint8 if dtype is bool else np.float32)
    read = dask.delayed(lambda start: array[start : start + chunks])
    parts = [da.from_delayed(read(i), (chunks, 27), array.dtype) for i in range(0, 24, chunks)]
    before = array.copy()
    with pytest.raises(ValueError, match="out must not overlap image for a dask array: blocks read"):
        getattr(imfilter, name)(da.concatenate(parts), out=array.view(dtype), **options)
    np.testing.assert_array_equal(array, before)
    place = np.empty(array.shape, dtype)
    found = getattr(imfilter, name)(da.concatenate(parts), out=place, **options)
    assert found is place
    np.testing.assert_array_equal(found, getattr(imfilter, name)(da.concatenate(parts), **options).compute())
