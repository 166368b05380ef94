"""Delimited text: the cells of the csv module, in any pieces, and numbers that read back as they were."""

from __future__ import annotations

import csv
import io
import random
import re

import numpy as np
import pytest

from imfilter._files import cells, columns
from imfilter._files.image import FileError
from tests.looping import loop_over

ENDS = ("\n", "\r\n")


def read(text: str | bytes, delimiter: str | None = None) -> columns.Rows:
    """All rows of a text."""
    data = text if isinstance(text, bytes) else text.encode()
    lines, cells = [], []
    for rows in columns.Reader(io.BytesIO(data), "x.csv", delimiter):
        lines += rows.lines
        cells += rows.cells
    return columns.Rows(lines, cells)


def table(rng: random.Random, delimiter: str, width: int, gaps: tuple[str, ...] = ("", "\n", "\r\n")) -> str:
    """A table as other programs write it, and as they should not."""
    parts = ["a", "ü", "1.5", "", " ", '"', "''", "漢", "x y", "\u2028"]
    text = ""
    for _ in range(rng.randrange(1, 30)):
        row = []
        for _ in range(width):
            cell = "".join(rng.choices(parts, k=rng.randrange(3)))
            if rng.random() < 0.3:
                cell += rng.choice([delimiter, "\n", "\r\n", "\r", '""'])
            plain = not any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
            if not plain or rng.random() < 0.2:
                cell = '"' + cell.replace('"', '""') + '"'
            elif cell and rng.random() < 0.1:
                cell += '"x'  # a quote within a cell is a letter
            row.append(cell)
        line = delimiter.join(row)
        text += (line or '""') + rng.choice(ENDS) + rng.choice(gaps)
    return text.rstrip("\r\n") if rng.random() < 0.3 and not text.rstrip("\r\n").endswith('"') else text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.slow
def test_cells_are_those_of_the_csv_module(
    delimiter: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_PIECE", piece)
    rng = random.Random(piece)
    for _ in range(150):
        text = table(rng, delimiter, rng.randrange(1, 5))
        lines, cells, before = [], [], 0
        reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter)
        for row in reader:
            lines.append(before + 1)
            cells.append(row)
            before = reader.line_num
        rows = read(text, delimiter)
        assert rows.cells == cells
        assert rows.lines == lines


def test_what_is_written_reads_back_as_the_same_cells() -> None:
    rng = random.Random(3)
    for _ in range(100):
        text = rng.choice(["", "\ufeff"]) + table(rng, ",", 3)
        reader, out = columns.Reader(io.BytesIO(text.encode()), "x.csv", ","), io.BytesIO()
        rows = [row for some in reader for row in some.cells]
        assert columns.Writer(out, reader).write(rows) == len(out.getvalue())
        assert out.getvalue().startswith(b"\xef\xbb\xbf") == text.startswith("\ufeff")
        assert read(out.getvalue(), ",").cells == rows


@pytest.mark.parametrize("end", ENDS)
def test_text_that_needs_no_quotes_keeps_its_bytes(end: str) -> None:
    text = end.join(["\ufeffa;ü", "", "1;x y", ' ;it"s', "", "3;"]) + end
    reader, out = columns.Reader(io.BytesIO(text.encode()), "x.csv", None), io.BytesIO()
    for rows in reader:
        columns.Writer(out, reader).write(rows.cells)
    assert out.getvalue().decode() == text.replace('it"s', '"it""s"')


@pytest.mark.parametrize(
    ("first", "delimiter"),
    [
        ("a,b,c", ","),
        ("a;b,c;d", ";"),
        ("a\tb", "\t"),
        ("a|b", "|"),
        ("alone", ","),
        ('"a;b;c;d",e', ","),
        ('\n\n"a;;"";;";b', ";"),
    ],
)
def test_delimiters_are_found(first: str, delimiter: str) -> None:
    reader = columns.Reader(io.BytesIO(first.encode() + b"\n"), "x", None)
    assert [len(list(filter(None, rows.cells))) for rows in reader] == [1]
    assert reader.delimiter == delimiter


def delimiter_of(text: str, **options: bool) -> str | None:
    reader = columns.Reader(io.BytesIO(text.encode()), "x.csv", None, **options)
    list(reader)
    return reader.delimiter


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("time;price\n1;2,5\n2;3,5\n", ";"),  # the row of names has no comma
        ("1;2,5;3\n2;3,5;4\n", ";"),  # more cells
        ("a;b\n1,5;2,5\n3;4\n", ";"),  # the last row has no comma
        ("1;x, y\n2;z\n", ";"),
        ("1,x; y\n2,z\n", ","),
        ("name,note;x,c\n1,2,3\n", ","),
        ("a|b,c|d\n" + "1|2|3\n" * 5, "|"),
        ("1\t2,5\n" * 5 + "1\t2\n", "\t"),
        ('"a;b",1\n"c;d",2\n', ","),  # in quotes
        ('"1,5";2\n"2,5";3\n', ";"),
        ("a,b|c,d\n1,x|y,3\n", ","),  # commas of no numbers
        ("1,2\n" * 1500, ","),
        ("alone\n1\n2\n", ","),
        ("\n\n1;2,5\n\n\n2;3\n", ";"),
    ],
)
def test_delimiters_are_found_in_many_rows(text: str, delimiter: str) -> None:
    assert delimiter_of(text) == delimiter
    assert delimiter_of(text.replace("\n", "\r\n")) == delimiter


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("1;2,5\n2;9,5\n3;4,7\n", "--delimiter ',' or --delimiter ';'"),
        ("1,5;2,5;3,5\n2,5;3,5;4,5\n", "--delimiter ',' or --delimiter ';'"),  # more cells, and wrong
        ("a;b\tc\n1;2\t3\n", "--delimiter ';' or --delimiter tab"),
        ("-1,5|+2,5e3|,5\n", "--delimiter ',' or --delimiter '|'"),
        ("1;2,5|3\n", "--delimiter ',' or --delimiter ';' or --delimiter '|'"),
        ("1;2,5\n" * 1000 + "1;2\n", "--delimiter ',' or --delimiter ';'"),
        ("1|2;3|4;5|6\n7|8;9|1;2|3\n", "--delimiter ';' or --delimiter '|'"),
    ],
)
def test_a_tie_is_refused_by_name_and_each_way_works(text: str, ways: str) -> None:
    with pytest.raises(ValueError, match=re.escape(ways) + "$") as error:
        delimiter_of(text)
    assert not isinstance(error.value, OSError)
    for way in ways.split(" or "):
        delimiter = way.removeprefix("--delimiter ").strip("'").replace("tab", "\t")
        assert read(text.split("\n")[0], delimiter).cells


@pytest.mark.parametrize("piece", [1, 3, 50])
def test_a_slow_pipe_is_waited_for_unless_rows_are_wanted_at_once(piece: int) -> None:
    text = "1;2,5\n2;3,5\n3;4\n"

    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return self.read(piece)

    reader = columns.Reader(Slow(text.encode()), "x.csv", None)
    assert [row for rows in reader for row in rows.cells] == [["1", "2,5"], ["2", "3,5"], ["3", "4"]]
    live = columns.Reader(Slow(text.encode()), "x.csv", None, live=True)
    if piece == 50:
        assert next(iter(live)).cells[0] == ["1", "2,5"]
    else:
        with pytest.raises(ValueError, match="--delimiter"):
            next(iter(live))


def test_hunt_delimiters_of_random_tables() -> None:
    """The one that a table was written with is found, or the error names it: never another one."""
    rng, found = random.Random(9), 0
    for _ in range(300):
        delimiter, width = rng.choice(",;\t|"), rng.randrange(2, 5)
        cells = ["1", "2.5", "-3", "", "x y", "n/a", "a;b", "a|b"]
        if delimiter != ",":
            cells += ["1,5", "2,25", "0,1"] * rng.choice([1, 5])
        cells = [cell for cell in cells if delimiter not in cell]
        rows = [[rng.choice(cells) for _ in range(width)] for _ in range(rng.randrange(3, 30))]
        text = "".join(delimiter.join(row) + "\n" for row in rows if any(row))
        try:
            answer = delimiter_of(text)
            found += 1
        except ValueError as error:
            answer = str(error).replace("tab", "\t").partition("--delimiter")[2]
        assert delimiter in (answer or ""), text
    assert found > 200


def test_the_mark_of_an_encoding_is_no_letter() -> None:
    reader = columns.Reader(io.BytesIO("\ufeffä,b\n1,2\n".encode()), "x", None)
    assert [rows.cells for rows in reader] == [[["ä", "b"], ["1", "2"]]]
    assert reader.bom == "\ufeff".encode()


@loop_over(
    ("data", "words"),
    [
        (b"a,b\n1,2\n3\n", "line 3: has 1 cell, and the first row has 2"),
        (b'a,b\n"x\n\ny",2\n3,4,5\n', "line 5: has 3 cells, and the first row has 2"),
        (b"a\nb\xff\n", "line 2: is not UTF-8 (byte 0xff)"),
        (b"a\n\nb\0\n", "line 3: has a NUL byte"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: a quoted cell has no closing quote"),
        (b'a,"he said ""hi\n', "line 1: a quoted cell has no closing quote"),
        (b'a\n"1"2\n', "line 2: ',' expected after '\"'"),
        (b'a\n"1\n\xff"\n', "line 3: is not UTF-8 (byte 0xff)"),
        (b"a\n\xff\n\0\n", "line 2: is not UTF-8 (byte 0xff)"),
        (b"a\r1\r2\r", "with a carriage return only"),
        ("a,b\n".encode("utf-16"), "is UTF-16"),
        (b"a\n" + b"x" * (9 << 20), "line 2: a row must have at most 4194304 bytes"),
        (b'a\n"' + b"x\n" * (9 << 19), "line 2: has a cell of more than 131072 characters"),
        (b"a,b\n" + b'"",' * (2 << 20), "line 2: a row must have at most 4194304 bytes"),
    ],
)
@loop_over("piece", [1000, 1 << 20])
@pytest.mark.slow
def test_what_is_no_table(data: bytes, words: str, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_PIECE", piece)
    with pytest.raises(FileError, match=r"x\.csv") as error:
        read(data)
    assert words in str(error.value)


def test_a_device_that_fails() -> None:
    class Broken(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(FileError, match="x: cannot be read: Input/output error"):
        list(columns.Reader(Broken(), "x", None))


@pytest.mark.parametrize("text", ["1", "-0.0", " 2.5 ", "1e-320", "inf", "-Infinity", " 4", "\u0663"])
def test_numbers(text: str) -> None:
    assert cells.number(text) == float(text)


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "NA", "n/a", "N/A", "null", "None"])
def test_missing(text: str) -> None:
    assert np.isnan(cells.number(text))
    assert cells.is_missing(text)


@pytest.mark.parametrize("text", ["n/a?", "1_000", "1,5", "1.2.3", "-", "0x10", "12:30"])
def test_no_numbers(text: str) -> None:
    assert not cells.is_number(text)


@pytest.mark.parametrize("text", ["1e400", "-1e309", "9" * 400])
def test_more_than_a_number_holds(text: str) -> None:
    """It is not infinity, which has words of its own."""
    with pytest.raises(FileError, match=r"in\.csv, line 8: column 'x' must be a number, got '-?[19]"):
        cells.numbers(["1", "inf", text], [3, 5, 8], "in.csv", "column 'x'")
    assert cells.numbers(["1", " -Infinity", "+inf"], [3, 5, 8], "in.csv", "x").tolist() == [
        1,
        -np.inf,
        np.inf,
    ]


def test_texts_read_back_as_the_same_numbers() -> None:
    rng = np.random.default_rng(5)
    x = np.concatenate(
        [rng.integers(0, 2**63, 2000).view(np.float64), rng.normal(size=1000), [0.1, -0.0, np.inf]]
    )
    x = x[~np.isnan(x)]
    back = np.array([float(text) for text in cells.texts(x, None)])
    np.testing.assert_array_equal(back.view(np.int64), x.view(np.int64))
    small = np.array([0.1, 1 / 3, 1e20, np.nan])
    assert cells.texts(small, np.dtype("f4")) == ["0.1", "0.33333334", "1e+20", ""]
    assert cells.texts(np.array([2.5, 3.5, -7.0, 300.0, np.nan]), np.dtype("u1")) == [
        "2",
        "4",
        "0",
        "255",
        "",
    ]
    assert cells.texts(np.array([1e30, -1e30]), np.dtype("i8")) == [str(2**63 - 1), str(-(2**63))]


def test_times() -> None:
    def found(*words: str) -> np.ndarray:
        dates = cells.are_dates(words)
        return cells.times(words, range(1, len(words) + 1), "x.csv", "column 1", bool(dates))

    np.testing.assert_array_equal(found("1", "2.5", "nan"), [1, 2.5, np.nan])
    plain = np.array(["2024-01-01T00:00:00", "2024-01-02T10:30:00.5"], "M8[us]")
    np.testing.assert_array_equal(found("2024-01-01", "2024-01-02 10:30:00.5"), plain)
    np.testing.assert_array_equal(found("2024-01-01T00:00:00Z", "2024-01-02T12:30:00.5+02:00"), plain)
    assert np.isnat(found("2024-01-01", "na")[1])
    for words in (("2024-01-01", "yesterday, noon"), ("1", "x")):
        with pytest.raises(FileError, match=r"line 2: column 1 must be a number or an ISO date, got"):
            found(*words)
