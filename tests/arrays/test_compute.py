"""The method `compute` of lazy results: blocks are written into one array where all tasks run in threads."""

import pickle
import tracemalloc
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import imfilter
from imfilter._arrays.results import Result

da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")


def image(shape=(60, 70)):
    return np.random.default_rng(3).random(shape, dtype=np.float32) * 100


@pytest.fixture
def written(monkeypatch):
    """The results that were written into one array."""
    made, of = [], Result.of.__func__

    def noted(cls, graph, name, chunks, meta, written):
        return of(cls, graph, name, chunks, meta, lambda out: (made.append(out), written(out=out))[1])

    monkeypatch.setattr(Result, "of", classmethod(noted))
    return made


def test_the_chunks_are_not_joined():
    array = image((1024, 1024))
    lazy = imfilter.gaussian(da.from_array(array, chunks=256), 1)
    with dask.config.set(scheduler="sync"):
        lazy.compute()
        tracemalloc.start()
        try:
            found = lazy.compute()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    np.testing.assert_array_equal(found, imfilter.gaussian(array, 1))
    assert peak < 1.3 * array.nbytes


def test_schedulers(written):
    array = image()
    whole = imfilter.median(array, 3)
    lazy = imfilter.median(da.from_array(array, chunks=20), 3)
    with ThreadPoolExecutor(2) as pool:
        for count, scheduler in enumerate((None, "threads", "sync", pool), 1):
            found = lazy.compute(scheduler=scheduler)
            np.testing.assert_array_equal(found, whole)
            assert len(written) == count
            assert found is written[-1]
        with dask.config.set(scheduler=pool):
            np.testing.assert_array_equal(np.asarray(lazy), whole)
    assert len(written) == 5


@pytest.mark.slow
def test_processes_join_the_chunks(written):
    array = image()
    lazy = imfilter.median(da.from_array(array, chunks=40), 3)
    with ProcessPoolExecutor(1) as pool:
        found = lazy.compute(scheduler=pool)
    np.testing.assert_array_equal(found, imfilter.median(array, 3))
    assert not written


def test_samples_that_were_assigned(written):
    array = image()
    lazy = imfilter.gaussian(da.from_array(array, chunks=20), 1)
    lazy[3:7, 15:40] = -1
    whole = imfilter.gaussian(array, 1)
    whole[3:7, 15:40] = -1
    np.testing.assert_array_equal(lazy.compute(), whole)
    assert not written


def test_what_is_made_from_a_result(written):
    array = image()
    whole = imfilter.gaussian(array, 1)
    lazy = imfilter.gaussian(da.from_array(array, chunks=20), 1)
    many = (
        lazy + 0,
        lazy[:],
        lazy.copy(),
        lazy.persist(),
        lazy.rechunk(30),
        pickle.loads(pickle.dumps(lazy)),
    )
    for one in many:
        np.testing.assert_array_equal(one.compute(), whole)
    one, other = dask.compute(lazy, lazy + 1)
    np.testing.assert_array_equal(one, whole)
    np.testing.assert_array_equal(other, whole + 1)
    np.testing.assert_array_equal(imfilter.sobel(lazy).compute(), imfilter.sobel(whole))


def test_one_chunk_and_masked_arrays(written):
    array = image()
    lazy = imfilter.gaussian(da.from_array(array, chunks=-1), 1)
    np.testing.assert_array_equal(lazy.compute(), imfilter.gaussian(array, 1))
    masked = np.ma.masked_greater(array, 90)
    found = imfilter.gaussian(da.from_array(masked, chunks=20), 1).compute()
    np.testing.assert_array_equal(found, imfilter.gaussian(masked, 1))
    assert isinstance(found, np.ma.MaskedArray)
    assert not written


def test_masked_arrays_that_the_lazy_array_does_not_show(written):
    """Their masks have no place in one array."""
    array = image()
    whole = imfilter.gaussian(np.ma.masked_greater(array, 90), 1)
    meta = np.empty((0, 0), np.float32)
    lazy = da.from_array(array, chunks=20).map_blocks(np.ma.masked_greater, 90, dtype=np.float32, meta=meta)
    found = imfilter.gaussian(lazy, 1).compute()
    assert isinstance(found, np.ma.MaskedArray)
    np.testing.assert_array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(whole))
    np.testing.assert_array_equal(found.filled(0), whole.filled(0))
    with pytest.raises(ValueError, match="out must be left out for a dask array of masked arrays"):
        imfilter.gaussian(lazy, 1, out=np.empty_like(array))


def test_a_chunk_that_cannot_be_read(written):
    def read(block, block_id):
        if block_id == (1, 2):
            raise OSError("the chunk cannot be read")
        return block

    lazy = imfilter.gaussian(da.from_array(image(), chunks=20).map_blocks(read, dtype=np.float32), 1)
    for _ in range(2):
        with pytest.raises(OSError, match="the chunk cannot be read"):
            lazy.compute()
    assert len(written) == 2


def test_with_other_arrays():
    """Operations take a result like any other dask array, on either side."""
    array = image()
    whole, other = imfilter.gaussian(array, 1), da.from_array(array, chunks=20)
    lazy = imfilter.gaussian(other, 1)
    for found, wanted in (
        (other + lazy, array + whole),
        (array + lazy, array + whole),
        (np.add(lazy, array), array + whole),
        (np.stack([other, lazy]), np.stack([array, whole])),
        (da.stack([lazy, other]), np.stack([whole, array])),
        (np.concatenate([lazy, other]), np.concatenate([whole, array])),
        (da.where(lazy > 50, lazy, other), np.where(whole > 50, whole, array)),
        (lazy.map_blocks(np.negative), -whole),
        (lazy[lazy > 50], whole[whole > 50]),
    ):
        np.testing.assert_array_equal(found.compute(), wanted)
    np.testing.assert_array_equal(lazy.compute(optimize_graph=False), whole)
    assert dask.base.tokenize(lazy) == dask.base.tokenize(lazy.copy(), ensure_deterministic=True)


def test_each_call_returns_memory_of_its_own():
    lazy = imfilter.gaussian(da.from_array(image(), chunks=20), 1)
    one, other = lazy.compute(), lazy.compute()
    assert not np.shares_memory(one, other)
    np.testing.assert_array_equal(one, other)
