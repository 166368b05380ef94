"""Jobs: the records that kernels read. A forgotten field would be a null address."""

import numpy as np
import pytest

from imfilter._base.program import Job
from imfilter._filters.canny.kernels.flood_fill import flood

RECORD = np.dtype([("rows", np.int64), ("table", np.int64), ("other", np.int64), ("scale", np.float64)])
SIZE = {"lines": 1, "work": 1, "rows": 1, "workspace": 0}


def filled(*optional):
    job = Job(RECORD, *optional)
    job["rows"], job["table"], job["scale"] = 3, np.arange(4), 0.5
    return job


def test_a_job_is_written_as_it_is():
    job = filled("other")
    job["other"] = 7
    prepared = job.prepared(flood, **SIZE)
    (table,) = prepared.owners
    assert prepared.record.tolist()[:3] == [3, table.ctypes.data, 7]
    assert prepared.record[3:].view(np.float64).tolist() == [0.5]
    assert filled("other").prepared(flood, **SIZE).record[2] == 0


def test_a_forgotten_field_is_refused():
    with pytest.raises(KeyError, match="without a value: \\['other'\\]"):
        filled().prepared(flood, **SIZE)


def test_an_unknown_field_is_refused():
    job = filled("other")
    job["othre"] = 1
    with pytest.raises(KeyError, match=r"does not have: .*othre"):
        job.prepared(flood, **SIZE)
