"""Series and tables of pandas keep their index; memory-mapped arrays are read and written in place."""

import numpy as np
import pytest

import imfilter
from imfilter import series

pd = pytest.importorskip("pandas")

DAYS = pd.date_range("2020-01-01", periods=12)


def test_a_series_keeps_its_index():
    values = pd.Series(np.arange(12.0) ** 2, DAYS, name="load")
    found = series.gaussian(values, 1.0)
    pd.testing.assert_series_equal(
        found, pd.Series(series.gaussian(values.to_numpy(), 1.0), DAYS, name="load")
    )


def test_the_index_of_a_table_is_time():
    table = pd.DataFrame({"a": np.arange(12.0) ** 2, "b": -np.arange(12.0)}, DAYS)
    found = series.moving_average(table, 3)
    expected = series.moving_average(table.to_numpy(), 3, axis=0)
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, DAYS, ["a", "b"]))
    across = series.moving_average(table, 2, axis=1)
    np.testing.assert_array_equal(across, series.moving_average(table.to_numpy(), 2, axis=1))


def test_results_of_another_shape_are_arrays():
    values = pd.Series(np.arange(12.0), DAYS)
    assert isinstance(series.moving_average(values, 3, mode="valid"), np.ndarray)
    assert isinstance(imfilter.gaussian(values, 1), np.ndarray)


def test_errors_name_arguments():
    with pytest.raises(TypeError, match=r"gaussian\(\) has no argument 'sd'"):
        series.gaussian(pd.Series([1.0, 2.0]), sd=3)


def test_memory_maps(tmp_path):
    """An image in a file is an array, and so may be the result."""
    array = np.random.default_rng(0).random((60, 70)).astype("f4")
    np.save(tmp_path / "image.npy", array)
    image = np.load(tmp_path / "image.npy", mmap_mode="r")
    place = np.lib.format.open_memmap(tmp_path / "out.npy", "w+", "f4", (60, 70))
    found = imfilter.gaussian(image, 2, out=place)
    assert found is place
    place.flush()
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), imfilter.gaussian(array, 2))
