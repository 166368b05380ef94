"""Delimited text: the cells of the csv module, in any pieces, and numbers that read back as they were."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pytest

from imfilter._files import cells, columns
from imfilter._files.image import FileError

ENDS = ("\n", "\r\n")


def read(text: str | bytes, delimiter: str | None = None, *, live: bool = False) -> list[columns.Rows]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(columns.Reader(io.BytesIO(data), "x.csv", delimiter, live=live))


def values(rows: list[columns.Rows]) -> list[list[str]]:
    """Every cell without its quotes, row by row."""
    found = []
    for some in rows:
        width = some.starts.shape[1]
        found += list(zip(*([columns.plain(c) for c in some.cells(k)] for k in range(width)), strict=True))
    return [list(row) for row in found]


def table(rng: random.Random, delimiter: str, width: int, gaps: tuple[str, ...] = ("", "\n", "\r\n")) -> str:
    """A table as other programs write it, and as they should not."""
    parts = ["a", "ü", "1.5", "", " ", '"', "''", "漢", "x y"]
    text = ""
    for _ in range(rng.randrange(1, 30)):
        row = []
        for _ in range(width):
            cell = "".join(rng.choices(parts, k=rng.randrange(3)))
            if rng.random() < 0.3:
                cell += rng.choice([delimiter, "\n", "\r\n", '""'])
            plain = not any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
            if not plain or rng.random() < 0.2:
                cell = '"' + cell.replace('"', '""') + '"' + rng.choice(["", "", "tail"])
            elif cell and rng.random() < 0.1:
                cell += '"x'  # a quote within a cell is a letter
            row.append(cell)
        line = delimiter.join(row)
        text += (line or '""') + rng.choice(ENDS) + rng.choice(gaps)
    return text.rstrip("\r\n") if rng.random() < 0.3 and not text.rstrip("\r\n").endswith('"') else text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_cells_are_those_of_the_csv_module(
    delimiter: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_PIECE", piece)
    monkeypatch.setattr(columns, "_SHORT", 0)
    rng = random.Random(piece)
    for _ in range(150):
        text = table(rng, delimiter, rng.randrange(1, 5))
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
        for live in (False, True):
            rows = read(text, delimiter, live=live)
            assert values(rows) == expected
            assert "".join(some.text for some in rows) == text
        lines = [line for some in rows for line in some.lines]
        reader, counted, before = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [], 0
        for row in reader:
            if row:
                counted.append(before + 1)
            before = reader.line_num
        assert lines == counted


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("letters", ["plain", "ünïcödé 漢 🙂"])
@pytest.mark.parametrize("width", [1, 2, 9])
def test_plain_text_takes_the_fast_way_to_the_same_cells(
    end: str, letters: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [[f"{letters}{r}.{c}" for c in range(width)] for r in range(500)]
    text = end.join(",".join(row) for row in rows)
    for whole in (text, text + end):
        fast = columns._usual_rows(whole, 4, ",", width)
        assert fast is not None
        assert values([fast]) == rows
        assert list(fast.lines) == list(range(4, 504))
        assert values(read(whole, ",")) == rows
    short = text.replace(f"{letters}7.0", f"{letters},7.0", 1)
    assert columns._usual_rows(short, 1, ",", width) is None
    assert columns._usual_rows(text + end * 2, 1, ",", width) is None
    two = ["a,b,c", "a"]  # right together, wrong each
    assert columns._usual_rows("\n".join(two * 9), 1, ",", 2) is None


def test_usual_text_is_found_as_any_text_is() -> None:
    rng = random.Random(8)
    found = 0
    for _ in range(600):
        delimiter, width = rng.choice(",;"), rng.randrange(1, 5)
        text = table(rng, delimiter, width, ("",)).replace('"x', "x")
        text = text[: rng.randrange(len(text))] if rng.random() < 0.3 else text
        rows, lines, end = columns._any_rows(text, 5, delimiter)
        fast = columns._usual_rows(text, 5, delimiter, width)
        if fast is None:
            continue
        found += 1
        assert fast.text == text[:end]
        assert np.stack([fast.starts, fast.ends], axis=-1).tolist() == [
            [list(s) for s in row] for row in rows
        ]
        assert list(fast.lines) == lines
        each = list(fast.each())
        assert "".join(one.text for one in each) == fast.text
        assert [one.cells(0)[0] for one in each] == fast.cells(0)
    assert found > 100


def test_nothing_changed_is_nothing_changed() -> None:
    rng = random.Random(3)
    for _ in range(100):
        text = table(rng, ",", 3)
        for rows in read(text, ","):
            if not len(rows):  # empty lines
                continue
            kept = rows.only([0, 2])
            places = kept.starts.reshape(-1).tolist(), kept.ends.reshape(-1).tolist()
            old = [kept.text[a:b] for a, b in zip(*places, strict=True)]
            assert columns.replaced(kept.text, *places, old) == rows.text


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
    assert len(list(reader)) == 1
    assert reader.delimiter == delimiter


def test_the_mark_of_an_encoding_is_no_letter() -> None:
    reader = columns.Reader(io.BytesIO("\ufeffä,b\n1,2\n".encode()), "x", None)
    assert values(list(reader)) == [["ä", "b"], ["1", "2"]]
    assert reader.bom == "\ufeff".encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a,b\n1,2\n3\n", "line 3: has 1 cell, and the first row 2"),
        (b'a,b\n"x\n\ny",2\n3,4,5\n', "line 5: has 3 cells, and the first row 2"),
        (b"a\nb\xff\n", "line 2: is not UTF-8 (byte 0xff)"),
        (b"a\n\nb\0\n", "line 3: has a NUL byte"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: a quoted cell is never closed"),
        (b'a,"he said ""hi\n', "line 1: a quoted cell is never closed"),
        (b"a\r1\r2\r", "carriage returns alone"),
        ("a,b\n".encode("utf-16"), "is UTF-16"),
        (b"a\n" + b"x" * (9 << 20), "line 2: is too long for a row"),
        (b'a\n"' + b"x\n" * (9 << 19), "line 2: is too long for a row"),
    ],
)
@pytest.mark.parametrize("live", [False, True])
def test_what_is_no_table(data: bytes, words: str, live: bool) -> None:
    with pytest.raises(FileError, match=r"x\.csv") as error:
        read(data, live=live)
    assert words in str(error.value)


def test_a_device_that_fails() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(FileError, match="x: cannot be read: Input/output error"):
        list(columns.Reader(Broken(), "x", None))


@pytest.mark.parametrize(
    "text", ["1", "-0.0", " 2.5 ", "1e-320", "inf", "-Infinity", '"3"', '" 4"', "\u0663"]
)
def test_numbers(text: str) -> None:
    assert cells.number(text) == float(columns.plain(text))


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "NA", "n/a", "N/A", "null", "None", '""', '"na"'])
def test_missing(text: str) -> None:
    assert np.isnan(cells.number(text))
    assert cells.is_missing(text)


@pytest.mark.parametrize("text", ["n/a?", "1_000", "1,5", "1.2.3", "-", "0x10", "12:30"])
def test_no_numbers(text: str) -> None:
    assert not cells.is_number(text)


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
        (rows,) = read("\n".join(words) + "\n")
        dates = cells.are_dates(rows.cells(0))
        return cells.times(rows, 0, 0, "x.csv", "column 1", bool(dates))

    np.testing.assert_array_equal(found("1", "2.5", "nan"), [1, 2.5, np.nan])
    plain = np.array(["2024-01-01T00:00:00", "2024-01-02T10:30:00.5"], "M8[us]")
    np.testing.assert_array_equal(found("2024-01-01", "2024-01-02 10:30:00.5"), plain)
    np.testing.assert_array_equal(found("2024-01-01T00:00:00Z", "2024-01-02T12:30:00.5+02:00"), plain)
    assert np.isnat(found("2024-01-01", "na")[1])
    for words in (("2024-01-01", "yesterday, noon"), ("1", "x")):
        with pytest.raises(FileError, match=r"line 2: column 1 must be a number or an ISO date, got"):
            found(*(f'"{word}"' for word in words))
