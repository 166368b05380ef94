"""The command ``imfilter series``: tables and arrays, and what its options do."""

from __future__ import annotations

import csv
import inspect
import io
import shlex
from pathlib import Path

import numpy as np
import pytest

from imfilter import series
from imfilter._cli import options, series_table, table
from imfilter._cli import plot as plots
from imfilter._cli import series as command
from imfilter._files import columns
from tests.cli.commands import RNG, done, failed

SERIES = series_table.SERIES
NAMES = [entry.name for entry in SERIES]
ARGUMENTS = {
    "moving_average": {"size": 5},
    "weighted_average": {"weights": (1, 2, 1)},
    "gaussian": {"sigma": 1.5},
    "median": {"size": 5},
    **{key: {"size": 5} for key in ("moving_minimum", "moving_maximum", "moving_sum")},
    **{key: {"size": 5, "ddof": 1} for key in ("moving_std", "moving_variance")},
    "moving_quantile": {"size": 5, "q": 0.25},
    "moving_rank": {"size": 5},
    "exponential": {"alpha": 0.25},
    "savgol": {"size": 7, "order": 2},
    "difference": {"order": 1},
    "causal": {"kernel": (0.5, 0.25, 0.25)},
}


def words(arguments: dict[str, object]) -> list[str]:
    """Arguments of a function as options of the command."""
    texts = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        for name, value in arguments.items()
    }
    return [word for name, text in texts.items() for word in (f"--{name}", text)]


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def prices(path: Path, n: int = 40) -> Path:
    rows = [
        f"2024-01-01T00:{i // 60:02}:{i % 60:02},{100 + v:.4f},{i * i}"
        for i, v in enumerate(RNG.normal(size=n))
    ]
    return write(path, "\n".join(["time,price,volume", *rows]) + "\n")


def column(path: Path, name: str) -> np.ndarray:
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
    return np.array([float(row[name] or "nan") for row in rows])


@pytest.mark.parametrize("entry", SERIES, ids=NAMES)
def test_options_are_those_of_the_function(entry: table.Command) -> None:
    parameters = dict(inspect.signature(getattr(series, entry.name)).parameters)
    own = [option for option in entry.options if option not in series_table.FILES]
    for option in own:
        default = parameters[option.name].default
        if default is inspect.Parameter.empty:
            assert option.shown == "required"
        elif option.name == "align":  # which --stream decides as well
            assert (option.default, option.shown) == (None, default)
        else:
            assert option.default == default, option.name
    # Everything else is not for a command, or is in the table for arrays.
    assert set(parameters) - {option.name for option in own} == {"x", "mask", "axis", "out", "workers"}
    assert {option.form for option in entry.options} <= {*options.FORMS, "flag", "switch"}
    assert len({option.name for option in entry.options}) == len(entry.options)


def test_every_filter_has_a_command() -> None:
    filters = {
        name
        for name in series.__all__
        if "x" in getattr(inspect.signature(getattr(series, name)), "parameters", ())
        and "workers" in inspect.signature(getattr(series, name)).parameters
    }
    assert set(NAMES) <= filters
    assert list(ARGUMENTS) == NAMES


@pytest.mark.parametrize("entry", SERIES, ids=NAMES)
def test_help(entry: table.Command, capsys: pytest.CaptureFixture[str]) -> None:
    done("series", entry.name.replace("_", "-"), "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert f"Example: imfilter {entry.example}" in text
    for option in entry.options:
        assert option.flag in text
        assert option.help.split()[0] in text
    assert "[required]  [required]" not in text
    assert "a missing sample" in text


@pytest.mark.parametrize("entry", SERIES, ids=NAMES)
@pytest.mark.slow
def test_examples_run(
    entry: table.Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    if "--plot" in entry.example:
        pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    source = prices(tmp_path / "prices.csv")
    given(monkeypatch, source.read_bytes())
    done(*shlex.split(entry.example))
    if " - - " in entry.example:
        (tmp_path / "out.csv").write_bytes(capsysbinary.readouterr().out)
    assert len(column(tmp_path / "out.csv", "price")) == 40


def test_the_group_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    done("series", "--help")
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in NAMES)
    done("--help")
    assert "  series " in capsys.readouterr().out


def given(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Make this standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("align", ["centre", "causal"])
@pytest.mark.parametrize("name", NAMES)
def test_a_column_is_filtered_and_others_are_as_they_were(tmp_path: Path, name: str, align: str) -> None:
    source, out = prices(tmp_path / "in.csv"), tmp_path / "out.csv"
    extra = {} if name == "causal" else {"align": align}
    done("series", name, source, out, "--column", "price", *words({**ARGUMENTS[name], **extra}))
    expected = getattr(series, name)(column(source, "price"), **ARGUMENTS[name], **extra)
    np.testing.assert_array_equal(column(out, "price"), expected)
    rows = [line.split(",") for line in source.read_text().splitlines()]
    found = [line.split(",") for line in out.read_text().splitlines()]
    assert [row[::2] for row in found] == [row[::2] for row in rows]
    assert found[0] == rows[0]
    assert [row[1] for row in found[1:]] == [repr(v) for v in expected.tolist()]


def test_rows_that_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = prices(tmp_path / "in.csv", 500)
    done("series", "median", source, tmp_path / "a.csv", "--column", "price", "--size", 9)
    monkeypatch.setattr(columns, "_PIECE", 777)
    done("series", "median", source, tmp_path / "b.csv", "--column", "price", "--size", 9)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Quotes that are needed, line ends, empty lines, blanks and other columns stay.
        ('t,x\r\n"a, b",1\r\n\r\n"c ""d""\n",4\r\n', 't,x\r\n"a, b",2.5\r\n\r\n"c ""d""\n",2.5\r\n'),
        ("\ufeffx;y\n1,5;1\n2,5;4", "\ufeffx;y\n1,5;2.5\n2,5;2.5\n"),
        ('t\tx\n \t"1"\nü\t"4"\n', "t\tx\n \t2.5\nü\t2.5\n"),
        ('t,x\n"a\rb","1"\n"c""",4\r\n', 't,x\n"a\rb",2.5\n"c""",2.5\n'),
        ("x,x,y\n1,1,1\n2,2,4\n", "x,x,y\n1,1,2.5\n2,2,2.5\n"),
        # A missing sample stays as it was written.
        ("t,y\n1,1\n2,\n3,NA\n4,\n5,4\n", "t,y\n1,1.0\n2,1.0\n3,NA\n4,4.0\n5,4.0\n"),
        ('t,y\n1,""\n2,n/a\n3,\n', "t,y\n1,\n2,n/a\n3,\n"),
        ('y\n""\nn/a\n""\n', 'y\n""\nn/a\n""\n'),
    ],
)
def test_bytes(tmp_path: Path, text: str, expected: str) -> None:
    source = write(tmp_path / "in.csv", text)
    last = text.lstrip("\ufeff").split("\n")[0].strip().replace(";", ",").replace("\t", ",").split(",")[-1]
    done(
        *("series", "moving_average", source, source, "--column", last, "--size", 3),
        *("--nan", "ignore", "--mode", "shrink"),
    )
    assert source.read_bytes() == expected.encode()


def test_results_that_there_are_not(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.txt", "1\n2\n4\n8\n"), tmp_path / "out.txt"
    done("series", "moving_average", source, out, "--size", 2, "--mode", "valid")
    assert out.read_text() == '""\n1.5\n3.0\n6.0\n'
    done("series", "moving_average", source, out, "--size", 3, "--mode", "valid")
    assert out.read_text() == '""\n2.3333333333333335\n4.666666666666667\n""\n'
    done("series", "causal", source, out, "--kernel", "1,-1", "--initial", "valid")
    assert out.read_text() == '""\n1.0\n2.0\n4.0\n'
    done("series", "causal", source, out, "--kernel", "1,-1", "--initial", "-1")
    assert out.read_text() == "2.0\n1.0\n2.0\n4.0\n"
    for mode in ("centre", "causal"):
        done("series", "median", source, out, "--size", 9, "--mode", "valid", "--align", mode)
        assert out.read_text() == '""\n' * 4
    write(source, "1,\n,1\n8,2\n")
    done("series", "moving_average", source, out, "--column", 1, "--size", 2, "--align", "causal", "--append")
    assert out.read_text() == "1,1.0,\n,,1\n8,,2\n"


def test_which_column(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.csv", "t,a,b,2\n1,2,3,9\n3,4,5,9\n"), tmp_path / "out.csv"

    def found(*more: object) -> str:
        done("series", "causal", source, out, "--kernel", "10", *more)
        return out.read_text()

    assert found("--column", "a") == "t,a,b,2\n1,20.0,3,9\n3,40.0,5,9\n"
    assert found("--column", "b", "--column", 1) == "t,a,b,2\n10.0,2,30.0,9\n30.0,4,50.0,9\n"
    assert found("--column", "3") == "t,a,b,2\n1,2,30.0,9\n3,4,50.0,9\n"
    assert found("--column", "2", "--header") == "t,a,b,2\n1,2,3,90.0\n3,4,5,90.0\n"  # that is its name
    write(source, "1;2\n3;4\n")
    assert found("--column", "2") == "1;20.0\n3;40.0\n"
    assert found("--column", "2", "--header") == "1;2\n3;40.0\n"
    assert found("--column", "2", "--delimiter", ";", "--no-header") == "1;20.0\n3;40.0\n"
    write(source, "x\n1\n")
    assert found() == "x\n10.0\n"
    source = write(tmp_path / "in.tsv", "a,b;c\t d \n1,1\t1\n")
    assert found("--column", "d") == "a,b;c\t d \n1,1\t10.0\n"


def test_added_columns(tmp_path: Path) -> None:
    source, out = write(tmp_path / "in.csv", 'a,"b, ""c""",d\n1,"2",3\n'), tmp_path / "out.csv"
    kernel = ["--kernel", "10"]
    done("series", "causal", source, out, "--column", 'b, "c"', *kernel, "--append")
    assert out.read_text() == 'a,"b, ""c""","b, ""c""_causal",d\n1,2,20.0,3\n'
    done(
        "series", "causal", source, out, "--column", 3, "--column", 1, *kernel, "--name", "x,y", "--name", "z"
    )
    assert out.read_text() == 'a,z,"b, ""c""",d,"x,y"\n1,10.0,2,3,30.0\n'
    write(source, "1,2\n")
    done("series", "causal", source, out, "--column", 1, *kernel, "--append")
    assert out.read_text() == "1,10.0,2\n"


@pytest.mark.parametrize(("dtype", "expected"), [("uint8", ["2", "4", "255", ""]), ("float32", None)])
def test_types(tmp_path: Path, dtype: str, expected: list[str] | None) -> None:
    source, out = write(tmp_path / "in.csv", "x\n2.5\n3.5000001\n300\nnan\n"), tmp_path / "out.csv"
    done("series", "causal", source, out, "--kernel", "1", "--dtype", dtype, "--append")
    rows = [row[1] for row in csv.reader(out.read_text().splitlines()[1:])]
    assert rows == (expected or ["2.5", "3.5", "300.0", ""])


def test_standard_input_and_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    source, out = prices(tmp_path / "in.csv"), tmp_path / "out.csv"
    arguments = ["--column", "price", "--size", 5]
    done("series", "median", source, out, *arguments)
    given(monkeypatch, source.read_bytes())
    done("series", "median", "-", "-", *arguments)
    assert capsysbinary.readouterr().out == out.read_bytes()
    given(monkeypatch, source.read_bytes())
    done("series", "median", "-", tmp_path / "again.csv", *arguments)
    assert (tmp_path / "again.csv").read_bytes() == out.read_bytes()
    x = RNG.normal(size=(3, 30))
    held = io.BytesIO()
    np.save(held, x)
    given(monkeypatch, held.getvalue())
    done("series", "median", "-", "-", "--size", 5)
    found = np.load(io.BytesIO(capsysbinary.readouterr().out))
    np.testing.assert_array_equal(found, series.median(x, 5))


@pytest.mark.parametrize("dtype", ["u1", "?", "f2", ">i4", "f8"])
@pytest.mark.parametrize("axis", [None, 0, -2])
def test_arrays(tmp_path: Path, dtype: str, axis: int | None) -> None:
    x = np.asfortranarray((RNG.normal(size=(20, 4, 5)) * 50).astype(dtype))
    path = tmp_path / "x.npy"
    np.save(path, x)
    place = [] if axis is None else ["--axis", axis]
    for name in ("moving_average", "difference"):
        done("series", name, path, tmp_path / "y.npy", *words(ARGUMENTS[name]), *place, "--mode", "valid")
        expected = getattr(series, name)(
            x, **ARGUMENTS[name], axis=-1 if axis is None else axis, mode="valid"
        )
        found = np.load(tmp_path / "y.npy")
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    done("series", "median", path, path, "--size", 3, "--dtype", "float32", *place)
    assert np.load(path).dtype == np.float32


def test_kernels_of_files(tmp_path: Path) -> None:
    source, out = prices(tmp_path / "in.csv"), tmp_path / "out.csv"
    np.save(tmp_path / "k.npy", [0.5, 0.25])
    (tmp_path / "k.txt").write_text("0.5\n0.25\n")
    for name in ("k.npy", "k.txt"):
        done("series", "causal", source, out, "--column", "price", "--kernel", tmp_path / name)
        np.testing.assert_array_equal(
            column(out, "price"), series.causal(column(source, "price"), [0.5, 0.25])
        )


@pytest.mark.slow
def test_plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image as Pillow

    source, out = prices(tmp_path / "in.csv"), tmp_path / "out.csv"
    arguments = ["series", "median", source, out, "--column", "price", "--column", "volume", "--size", 5]
    for suffix, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        picture = tmp_path / f"p{suffix}"
        done(*arguments, "--plot", picture, "--time", "time")
        assert picture.read_bytes().startswith(start)
    svg = (tmp_path / "p.svg").read_text()
    assert all(f"<!-- {word} -->" in svg for word in ("price", "volume", "time", "before", "after"))
    done(*arguments, "--plot", tmp_path / "p.png", "--time", "volume")
    write(source, "$x_,漢\n1,1\n,inf\nnan,1e308\n4,2\n")  # no formula, nothing to draw, too much to draw
    done(
        "series",
        "median",
        source,
        out,
        "--column",
        1,
        "--column",
        2,
        "--size",
        1,
        "--plot",
        tmp_path / "p.png",
    )
    x = np.where(np.arange(20_000) % 7000 < 3000, np.nan, 5.0)
    x[12345] = 77.0
    np.save(tmp_path / "x.npy", np.stack([x, x]))
    shown = []
    finite = plots._finite
    monkeypatch.setattr(plots, "_finite", lambda values: shown.append(values) or finite(values))
    done(
        *("series", "median", tmp_path / "x.npy", tmp_path / "y.npy", "--size", 3, "--mode", "valid"),
        *("--plot", tmp_path / "long.png"),
    )
    assert [len(values) for values in shown] == [20_000] * 4
    with Pillow.open(tmp_path / "long.png") as picture:
        assert picture.size == (1200, 720)


def test_long_series_are_drawn_with_what_stands_out() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    x = np.zeros(100_000)
    x[54_321] = 9.0
    panel = Figure().subplots()
    plots._draw_one(panel, x, x / 2, None)
    before, after = panel.get_lines()
    for line, highest in ((before, 9.0), (after, 4.5)):
        assert len(line.get_ydata()) == 2 * plots._STRIPS
        assert line.get_ydata().max() == highest
    assert before.get_xdata()[before.get_ydata().argmax()] == 54_300
    assert before.get_label() == "before, lowest to highest of each 50 samples"


def test_a_plot_without_matplotlib(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    source = prices(tmp_path / "in.csv")
    arguments = [
        "series",
        "median",
        source,
        tmp_path / "o.csv",
        "--column",
        2,
        "--size",
        3,
        "--plot",
        "p.png",
    ]
    message = failed(capsys, 2, *arguments)
    assert message == '--plot needs matplotlib: pip install "imfilter[plot]"'
    assert not (tmp_path / "o.csv").exists()


def test_progress_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    source = prices(tmp_path / "in.csv", 300)
    arguments = ["series", "median", source, tmp_path / "out.csv", "--column", "price", "--size", 3]
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    done(*arguments)
    assert terminal.getvalue() == ""  # it is small
    monkeypatch.setattr(command, "_LARGE", 100)
    monkeypatch.setattr(columns, "_PIECE", 500)
    done(*arguments)
    assert "filtering" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
    quiet = io.StringIO()
    monkeypatch.setattr("sys.stderr", quiet)
    done(*arguments)
    assert quiet.getvalue() == ""
