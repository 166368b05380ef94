"""Lazy results on processes of dask.distributed: the tasks can be sent, and give the same bits."""

import numpy as np
import pytest

import imfilter
from imfilter import threshold

da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")


@pytest.mark.slow
def test_processes():
    array = np.random.default_rng(0).random((60, 70)).astype("f4") * 100
    kernel = np.arange(9.0).reshape(3, 3)
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        lazy = da.from_array(array, chunks=(17, 70))
        calls = [
            (imfilter.gaussian, (2,)),
            (imfilter.correlate, (kernel,)),
            (imfilter.median, (3,)),
            (imfilter.canny, (10, 40)),
            (threshold.otsu, ()),
            (imfilter.resize, (30,)),
        ]
        found = client.compute([function(lazy, *args) for function, args in calls], sync=True)
        for (function, args), result in zip(calls, found, strict=True):
            np.testing.assert_array_equal(result, function(array, *args))
        with pytest.raises(
            ValueError, match="out must be left out for a dask array that is computed by other"
        ):
            imfilter.gaussian(lazy, 2, out=np.empty_like(array))
