"""Missing samples in tables and arrays of ``imfilter series``."""

from pathlib import Path

import numpy as np
import pytest

from imfilter import series
from imfilter._cli import plot
from tests.cli.commands import done, failed
from tests.cli.test_cli_series_live import streamed

TEXT = "t,x\n0,1\n1,-9999\n2,3\n3,-9999.0\n4,-9999\n5,-9999\n6,8\n"


def test_values_of_missing_samples_in_tables(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TEXT)
    options = ("--column", "x", "--size", 3, "--nodata", -9999)
    done("series", "moving_average", source, out, *options)
    assert out.read_text() == "t,x\n0,1.0\n1,2.0\n2,3.0\n3,3.0\n4,-9999\n5,8.0\n6,8.0\n"
    done("series", "moving_average", source, out, *options, "--min-coverage", 0.6, "--append")
    # Where too little is present, a new cell is empty.
    assert out.read_text() == (
        "t,x,x_moving_average\n0,1,1.0\n1,-9999,2.0\n2,3,\n3,-9999.0,\n4,-9999,\n5,-9999,\n6,8,8.0\n"
    )
    done("series", "causal", source, out, "--column", "x", "--kernel", "0.5,0.5", "--nodata", -9999)
    assert out.read_text() == "t,x\n0,0.5\n1,1.0\n2,3.0\n3,3.0\n4,-9999\n5,-9999\n6,8.0\n"


def test_streams_with_missing_values_have_the_bytes_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(TEXT)
    for name, given in (("median", ("--size", 3)), ("exponential", ("--alpha", 0.3))):
        options = ("--column", "x", *given, "--nodata", -9999, "--min-coverage", 0.3)
        done("series", name, source, out, *options, "--align", "causal")
        found = streamed(monkeypatch, capsysbinary, TEXT.encode(), name, *options)
        assert found == out.read_bytes()


def test_values_of_missing_samples_in_arrays(tmp_path: Path) -> None:
    source, out = tmp_path / "in.npy", tmp_path / "out.npy"
    x = np.array([[4, -1, 6, -1, -1, -1, 3]], np.int16)
    np.save(source, x)
    masked = np.ma.MaskedArray(x, x == -1)
    for size in (3, 1):
        done("series", "median", source, out, "--size", size, "--nodata", -1)
        expected = series.median(masked, size)
        np.testing.assert_array_equal(np.load(out), expected.filled(-1))
        assert np.load(out).dtype == np.int16
    done("series", "median", source, out, "--size", 3, "--nodata", -1, "--dtype", "uint8")
    np.testing.assert_array_equal(np.load(out), [[4, 5, 6, 6, 0, 3, 3]])
    np.save(source, np.where(x < 0, np.nan, x).astype(np.float32))
    done("series", "median", source, out, "--size", 3, "--nodata", "nan")
    np.testing.assert_array_equal(np.load(out), [[4, 5, 6, 6, np.nan, 3, 3]])


@pytest.mark.parametrize(("dtype", "value"), [("float32", 0.1), ("float16", -9999), ("float64", 0.1)])
def test_values_of_missing_samples_are_rounded_to_floats(tmp_path: Path, dtype: str, value: float) -> None:
    source, out = tmp_path / "in.npy", tmp_path / "out.npy"
    x = np.array([value, 5, value, value, value, 7], dtype)
    np.save(source, x)
    done("series", "median", source, out, "--size", 3, "--nodata", value)
    np.testing.assert_array_equal(np.load(out), np.array([5, 5, 5, value, 7, 7], dtype))


def test_plots_have_gaps_at_missing_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[np.ndarray]] = []
    monkeypatch.setattr(plot, "check", lambda path: None)
    monkeypatch.setattr(plot, "draw", lambda path, title, names, *drawn: shown.append(list(drawn[:2])))
    table, array = tmp_path / "in.csv", tmp_path / "in.npy"
    table.write_text(TEXT)
    np.save(array, np.array([1, -9999, 3, -9999, -9999, -9999, 8], np.int16))
    for source, more in ((table, ("--column", "x")), (array, ())):
        out = tmp_path / f"out{source.suffix}"
        options = ("--size", 3, "--nodata", -9999, "--plot", tmp_path / "p.png", *more)
        done("series", "moving_average", source, out, *options)
    for before, after in shown:
        np.testing.assert_array_equal(before, [[1, np.nan, 3, np.nan, np.nan, np.nan, 8]])
        np.testing.assert_array_equal(after, [[1, 2, 3, 3, np.nan, 8, 8]])
    assert len(shown) == 2


def test_wrong_values_of_missing_samples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.csv"
    source.write_text(TEXT)
    given = ("series", "median", source, tmp_path / "out.csv", "--column", "x", "--size", 3)
    for code, words, *more in (
        (2, "'some' is not a number, nan or none", "--nodata", "some"),
        (2, "is not a number, nan or none", "--nodata", "9" * 400),
        (2, "min_coverage must be from 0 to 1, got 2", "--min-coverage", 2),
        (2, "'drop' is not one of propagate, ignore", "--nan", "drop"),
    ):
        assert words in failed(capsys, code, *given, *more)
