"""The command ``imfilter series``: filter tables and arrays, whole or line by line."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .. import series
from .._files import npy
from .._files.atomic import check_target, replacing
from .._files.columns import Reader, Rows, Writer
from .._files.image import FileError
from . import ending, kernels, missing, plot, streams
from .command import Command
from .series_table import FILES, TABLE, TIME
from .sheet import Sheet

Array = NDArray[Any]

_TABLES, _ARRAYS = (".csv", ".tsv", ".tab", ".txt"), (".npy",)
_TABS = (".tsv", ".tab")
#: Size in bytes from which a file has a progress bar.
_LARGE = 8 << 20


class Filter:
    """A filter of series with its options.

    Parameters
    ----------
    command : Command
        The filter.
    options : mapping
        Every option of the command by name.
    """

    def __init__(self, command: Command, options: Mapping[str, Any]) -> None:
        names = [o.name for o in command.options if o not in FILES and o.name != "dtype"]
        self.options = {name: options[name] for name in names if options[name] is not None}
        usual = {option.name: option.default for option in command.options}
        changed = [f"{name}={value}" for name, value in self.options.items() if value != usual[name]]
        self.title = f"{command.name}({', '.join(changed)})"
        for name in ("kernel", "weights"):
            if isinstance(self.options.get(name), str):
                self.options[name] = kernels.from_file(self.options[name], f"--{name}")
        self.function = getattr(series, command.name)
        self.workers = options["workers"]
        self._nodata = None if options["nodata"] == "none" else options["nodata"]
        if self._nodata is not None and self._nodata != self._nodata:
            self._nodata, self.options["nan"] = None, "ignore"
        self.lookahead = series.timing(self.function, **self.options).lookahead

    def __call__(self, x: Array, **more: Any) -> Array:
        """Filter a whole series. With a value of missing samples, the result is a masked array."""
        present = self.present(x)
        samples = x if present is None else np.ma.MaskedArray(x, ~present)
        result: Array = self.function(samples, workers=self.workers, **self.options, **more)
        return result

    def written(self, result: Array) -> Array:
        """Return a result with the value of missing samples where it is undefined, if its type has it."""
        if not isinstance(result, np.ma.MaskedArray):
            return result
        dtype = result.dtype
        if self._nodata is None or not missing.held(self._nodata, dtype):
            return np.ma.getdata(result)
        value = dtype.type(missing.narrowed(self._nodata, dtype))  # float32 has no 0.1
        return np.where(np.ma.getmaskarray(result), value, np.ma.getdata(result))

    def present(self, x: Array) -> NDArray[np.bool_] | None:
        """Return which samples do not have the value of missing samples. None: there is no such value."""
        return None if self._nodata is None else x != self._nodata

    def drawn(self, x: Array) -> Array:
        """Return a series for a plot: NaN where samples have the value of missing samples."""
        present = self.present(x)
        return x if present is None else np.where(present, x, np.nan)

    def aligned(self, result: Array, n: int) -> Array:
        """Return results along the last axis at the positions of their samples, and NaN elsewhere."""
        if isinstance(result, np.ma.MaskedArray):
            result = np.where(np.ma.getmaskarray(result), np.nan, np.ma.getdata(result))
        lacking = n - result.shape[-1]
        if not lacking:
            return result
        placed = np.full((*result.shape[:-1], n), np.nan)
        first = max(0, lacking - int(self.lookahead))
        placed[..., first : first + result.shape[-1]] = result
        return placed

    def stream(self) -> series.Stream:
        """Return the filter for a series that arrives in pieces."""
        return series.Stream(self.function, **self.options)


@np.errstate(over="ignore", invalid="ignore")
def run(command: Command, source: str, destination: str, options: Mapping[str, Any]) -> None:
    """Read, filter and write. The output is complete or absent. ``--stream`` writes it line by line."""
    _check_together(destination, options)
    run_filter = Filter(command, options)
    if options["stream"]:
        run_filter.stream()  # raises errors before anything is read
    if destination != "-":
        check_target(destination)
    if options["plot"]:
        plot.check(options["plot"])
    with _opened(source) as file:
        if not options["stream"] and file.peek(len(npy.MAGIC)).startswith(npy.MAGIC):
            _check_kind(source, destination, _ARRAYS)
            _array(run_filter, source, file, destination, options)
            return
        if source.lower().endswith(_ARRAYS):
            problem = "is an array, and --stream is for tables" if options["stream"] else "is not a .npy file"
            raise FileError(f"{source}: {problem}")
        _check_kind(source, destination, _TABLES)
        if options["axis"] is not None:
            raise ValueError(f"--axis is for .npy files, and {_title(source)} is a table")
        delimiter = options["delimiter"] or ("\t" if source.lower().endswith(_TABS) else None)
        reader = Reader(file, _title(source), delimiter, live=options["stream"])
        sheet = Sheet(_title(source), command.name, options)
        if options["stream"]:
            _live(reader, sheet, run_filter)
        else:
            _whole(reader, sheet, run_filter, file, destination, options)


def _check_together(destination: str, options: Mapping[str, Any]) -> None:
    """Check the options that can be checked before a file is opened."""
    if options["stream"] and destination != "-":
        raise ValueError(f"--stream writes to standard output: OUT must be -, got {destination}")
    if options["stream"] and options["plot"]:
        raise ValueError("--plot is for whole series, not for --stream")
    if options["time"] is not None and not options["plot"]:
        raise ValueError("--time is only for --plot; give --plot, too")
    suffix = os.path.splitext(destination)[1].lower()
    if destination != "-" and suffix not in (*_TABLES, *_ARRAYS):
        known = ", ".join((*_TABLES, *_ARRAYS))
        raise FileError(
            f"{destination}: unknown file type {suffix or '(no suffix)'!r}; use one of {known}, or -"
        )


def _check_kind(source: str, destination: str, wanted: tuple[str, ...]) -> None:
    if destination != "-" and not destination.lower().endswith(wanted):
        kind = "an array (.npy)" if wanted == _ARRAYS else f"a table ({', '.join(_TABLES)})"
        raise FileError(f"{destination}: must be {kind}, because {_title(source)} is one")


def _title(source: str) -> str:
    return "standard input" if source == "-" else source


@contextlib.contextmanager
def _opened(source: str) -> Iterator[Any]:
    """Open a file with the method ``peek`` for its first bytes."""
    if source == "-":
        if sys.stdin is None:
            raise FileError("standard input: is closed")
        file: Any = sys.stdin.buffer
        yield file if hasattr(file, "peek") else io.BufferedReader(file)
        return
    try:
        opened = open(source, "rb")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise FileError(f"{source}: cannot be read: {error.strerror or error}") from error
    with opened:
        yield opened


@contextlib.contextmanager
def _output(destination: str) -> Iterator[IO[bytes]]:
    """Open the output: standard output, or a file that is complete or absent at the end."""
    if destination != "-":
        with replacing(destination) as file:
            yield file
        return
    with streams.writing() as file:
        yield file


def _array(run_filter: Filter, source: str, file: Any, destination: str, options: Mapping[str, Any]) -> None:
    for option in (*TABLE, TIME):
        if options[option.name] not in (None, False, ()):
            raise ValueError(f"{option.flag} is for tables, and {_title(source)} is an array")
    x = npy.array(_title(source), file, None if source == "-" else source)
    axis = -1 if options["axis"] is None else options["axis"]
    result = run_filter(x, axis=axis, dtype=options["dtype"])
    with _output(destination) as out:
        # Standard output may be a pipe, and NumPy cannot write arrays to a pipe.
        buffer = io.BytesIO()
        written = run_filter.written(result)
        np.save(buffer if destination == "-" else out, written, allow_pickle=False)
        out.write(buffer.getbuffer())
        if options["plot"]:
            before = run_filter.drawn(np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis]))
            after = np.moveaxis(result, axis, -1).reshape(len(before), -1)
            after = run_filter.aligned(after, before.shape[1])
            names = [""] if len(before) == 1 else [str(i) for i in range(len(before))]
            plot.draw(options["plot"], run_filter.title, names, before, after)


def _whole(
    reader: Reader,
    sheet: Sheet,
    run_filter: Filter,
    file: Any,
    destination: str,
    options: Mapping[str, Any],
) -> None:
    """Filter the columns of a table."""
    groups: list[list[list[str]]] = []
    sample_rows: list[list[str]] = []  # the rows of `groups` that have samples
    parts: list[list[NDArray[np.float64]]] = []
    times: list[Array | None] = []
    with _progress(file) as advance:
        done = 0
        for rows in reader:
            groups.append(rows.cells)
            with_samples = sheet.filled(rows)
            if with_samples.cells:
                parts.append(sheet.numbers(with_samples))
                times.append(sheet.times(with_samples))
                sample_rows += with_samples.cells
            advance(reader.taken - done)
            done = reader.taken
        sheet.check_some(len(sample_rows))
        before = [np.concatenate(part) for part in zip(*parts, strict=True)]
        after = [run_filter.aligned(run_filter(x), len(x)) for x in before]
        sheet.put(sample_rows, after)
        with _output(destination) as out:
            writer = Writer(out, reader)
            for group in groups:
                advance(writer.write(group))
            if options["plot"]:
                names = [sheet.choice.name(column) for column in sheet.choice.columns]
                x = None if times[0] is None else np.concatenate([t for t in times if t is not None])
                name = "sample" if sheet.choice.time is None else sheet.choice.name(sheet.choice.time)
                drawn = list(map(run_filter.drawn, before))
                plot.draw(options["plot"], run_filter.title, names, drawn, after, x, name)


def _live(reader: Reader, sheet: Sheet, run_filter: Filter) -> None:
    """Filter the columns of a table line by line."""
    gc.enable()  # the process may run for weeks
    streams: list[series.Stream] = []
    writer = None
    with _output("-") as out:
        for rows in reader:
            if sheet.filled(rows).cells:
                streams = streams or [run_filter.stream() for _ in sheet.choice.columns]
            writer = writer or Writer(out, reader)
            for answered in _answered(rows, sheet, run_filter, streams):
                writer.write(answered.cells)
                out.flush()
    sheet.check_some(1)


def _answered(rows: Rows, sheet: Sheet, run_filter: Filter, streams: list[series.Stream]) -> Iterator[Rows]:
    """Yield rows with their results. If a row is invalid, first yield the rows before it."""
    with_samples = sheet.filled(rows)
    if with_samples.cells:
        try:
            samples = sheet.numbers(with_samples)
        except FileError:
            if len(rows.cells) == 1:
                raise
            for line, row in zip(*rows, strict=True):
                yield from _answered(Rows([line], [row]), sheet, run_filter, streams)
            return
        results = [
            _pushed(stream, x, run_filter.present(x)) for stream, x in zip(streams, samples, strict=True)
        ]
        sheet.put(with_samples.cells, results)
    yield rows


def _pushed(
    stream: series.Stream, samples: NDArray[np.float64], present: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Return a result for each sample, and NaN if there is no result yet."""
    if present is not None and present.all():
        present = None
    if len(samples) == 1:  # a plain number takes only 3 us
        result = stream.push(samples.item(), None if present is None else present.item())
        return np.array([np.nan if result is None else result])
    results = stream.push(samples, present)
    return np.concatenate([np.full(len(samples) - len(results), np.nan), results])


@contextlib.contextmanager
def _progress(file: Any) -> Iterator[Callable[[int], object]]:
    """Show a progress bar of bytes read and written, for a large file and if standard error is a terminal."""
    size = 0
    with contextlib.suppress(OSError):  # it may have no descriptor
        status = os.fstat(file.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    if size < _LARGE or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    with ending.progress(length=2 * size, label="filtering") as bar:
        yield bar.update
        bar.update(max(0, 2 * size - bar.pos))  # the output may be shorter than the input
