"""Filter an array of zarr on a cluster of dask: one task for each block, whose chunks its worker writes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import pickle
import queue
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import imfilter

from .._files import signatures, stack_files, unfinished, zarr_store
from .._files.formats import Format
from .._files.image import FileError
from .._files.packages import required
from . import blocks, blockwise, connection, many, messages, stack_thresholds, steps, streams
from .blocks import Block
from .blockwise import Plan
from .command import Command
from .completion import FILES
from .stack_work import Work
from .steps import Step
from .table import options_of

#: Tasks that a thread of the cluster has at a time: one runs, and the next one is ready.
_AHEAD = 2
#: Options that do not change the result.
_FREE = (
    *("cluster", "workers", "jobs", "max_pixels", "format", "suffix", "glob", "recursive", "skip_existing"),
    *("quality", "background", "exif", "steps", "save_steps"),
)
#: Errors of a client whose scheduler has ended.
_ENDED = ("CancelledError", "FutureCancelledError", "TimeoutError", "ClosedClientError")


class Spec(NamedTuple):
    """What a worker must know beside the block. `run` is the name of one run of the command."""

    run: str
    command: Command
    steps: tuple[Step, ...] | None
    source: str
    options: dict[str, Any]
    kind: Format
    result: str
    arrays: tuple[str, ...]
    letters: str
    levels: Sequence[np.ndarray[Any, Any]]


def check(source: str, destination: str, options: Mapping[str, Any]) -> None:
    """Raise an error if ``--cluster`` is given for something else than zarr."""
    if options["cluster"] is None:
        return
    if not os.path.exists(source):
        raise FileError(f"{source}: cannot be read: No such file or directory")
    is_zarr = os.path.isdir(source) and signatures.is_store(source)
    if not is_zarr or streams.suffix_of(destination, options) != ".zarr":
        raise ValueError(f"--cluster is for zarr as IN and as OUT, got {source} and {destination}")
    if options["cluster"] != connection.LOCAL and options["workers"] is not None:
        raise ValueError("--workers is for --cluster local; the workers of a cluster have their own threads")
    required(source, "distributed", "cluster")


def run(plan: Plan | None, work: Work, destination: str, levels: int, address: str) -> None:
    """Filter an array on a cluster, and write the result. Blocks that are done are not computed again.

    Parameters
    ----------
    plan : Plan or None
        What is computed. None: the filter needs the array as a whole.
    work : Work
        The filter.
    destination : str
        The folder of the result.
    levels : int
        Number of levels of an OME-Zarr image.
    address : str
        The address of a scheduler, or `connection.LOCAL`.
    """
    if plan is None:
        raise ValueError(f"{work.command.name} needs the whole array at once; leave out --cluster")
    stack_files.check(work.kind, plan.header)
    description = _description(work, levels)
    name = os.path.basename(destination.rstrip("/"))
    with (
        connection.connected(address, work.options["workers"]) as client,
        unfinished.opened(destination, description) as part,
    ):
        part.begin(lambda: zarr_store.created(part.data, plan.header, levels, name))
        arrays = zarr_store.arrays(part.data)
        stages = [(grid, blockwise.units(to)) for grid, _, to in blockwise.stages(plan, arrays)]
        total = sum(grid.count(chunks) for grid, chunks in stages)
        known = plan._replace(work=stack_thresholds.found(plan.work))
        spec = _spec(known, destination, part.data, arrays)
        try:
            with many.bar(total, work.command.name, len(part.done)) as advance:
                if part.done:
                    advance([("note", f"{destination}: {len(part.done)} of {total} blocks were done")], 0)
                for number, (grid, chunks) in enumerate(stages):
                    every = grid.blocks(chunks, f"{number}:")
                    todo = (block for block in every if block.name not in part.done)
                    for block, lines in _computed(client, address, spec, todo):
                        part.add(block)
                        advance(lines, 1)
        except OSError as error:
            words = str(error)
            if not isinstance(error, FileError):
                words = f"{destination}: cannot be written: {error.strerror or error}"
            raise FileError(
                f"{words}; {len(part.done)} of {total} blocks are done, {connection.AGAIN}"
            ) from error
        part.finish()


def _spec(plan: Plan, destination: str, folder: str, arrays: Sequence[Any]) -> bytes:
    work = plan.work
    spec = Spec(
        secrets.token_hex(8),
        work.command,
        None if work.steps is None else tuple(map(_absolute_step, work.steps)),
        os.path.abspath(work.name),
        _absolute(work.command, {**work.options, "workers": 1, "cluster": None}),
        work.kind,
        destination,
        tuple(os.path.join(folder, array.path) for array in arrays),
        plan.grid.letters,
        plan.work.levels,
    )
    return pickle.dumps(spec)


def _absolute(command: Command, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the whole names of files: a worker has another current folder."""
    files = {option.name for option in options_of(command) if option.form in FILES}

    def whole(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(whole(one) for one in value)
        return os.path.abspath(value) if isinstance(value, str) and os.path.isfile(value) else value

    return {name: whole(value) if name in files else value for name, value in options.items()}


def _absolute_step(step: Step) -> Step:
    return step._replace(options=_absolute(step.command, step.options))


def _description(work: Work, levels: int) -> dict[str, Any]:
    """Return what the result follows from. Another command must not go on with it."""
    every = work.steps or [Step(0, work.command, dict(work.options))]
    options = {option.name: option.default for option in options_of(work.command)} if not work.steps else {}
    words = [_words(step.command, step.options) for step in every]
    shared = {k: v for k, v in work.options.items() if k not in _FREE and v != options.get(k)}
    return {
        unfinished.TITLE: " | ".join(words) if work.steps is None else f"pipe {' | '.join(words)}",
        "options": {name: _described(value) for name, value in {**shared, "levels": levels}.items()},
        "steps": [{k: _described(v) for k, v in step.options.items() if k not in _FREE} for step in every],
        "input": zarr_store.fingerprint(work.name),
        "version": imfilter.__version__,
    }


def _words(command: Command, options: Mapping[str, Any]) -> str:
    """Return a command as the user types it."""
    words = [command.name]
    for option in options_of(command):
        value = options.get(option.name, option.default)
        if option.name in _FREE or steps.same(value, option.default) or steps.same(value, ()):
            continue
        words.append(option.flag)
        if isinstance(value, (list, np.ndarray)):
            words.append(f"(an array of shape {np.shape(value)})")
        elif not isinstance(value, bool):
            words.append(",".join(map(str, value)) if isinstance(value, tuple) else str(value))
    return " ".join(words)


def _described(value: Any) -> str:
    """Return an option as a text; for a file, also its size and its time; for an array, all samples."""
    if isinstance(value, np.ndarray):
        return repr((value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest()))
    files = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    found = [os.stat(one) for one in files if isinstance(one, str) and os.path.isfile(one)]
    return repr([value, *((status.st_size, status.st_mtime_ns) for status in found)])


def _of_block() -> Callable[[bytes, bytes], Any]:
    """Return a function that is sent by its code. So the scheduler needs no imfilter."""

    def one(spec: bytes, block: bytes) -> Any:
        from imfilter._cli import cluster

        return cluster.compute(spec, block)

    return one


def _computed(
    client: Any, address: str, spec: bytes, todo: Iterable[Block]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Compute blocks, some at a time, and yield the names of those that are done, with their messages."""
    distributed, send = required(address, "distributed", "cluster"), _of_block()
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    waiting: dict[str, tuple[Any, Block]] = {}
    state, more = connection.State(client, address), iter(todo)
    try:
        while True:
            for block in itertools.islice(more, max(state.threads() * _AHEAD - len(waiting), 0)):
                key = f"imfilter-{secrets.token_hex(8)}"
                future = client.submit(send, spec, pickle.dumps(block), key=key, pure=False)
                waiting[key] = future, block
                future.add_done_callback(ended.put)
            if not waiting:
                return
            try:
                future = ended.get(timeout=connection.LOOK)
            except queue.Empty:
                continue
            block = waiting.pop(future.key)[1]
            try:
                yield block.name, future.result(timeout=connection.TIMEOUT)
            except Exception as error:
                for other, one in waiting.values():
                    if other.status == "finished":
                        yield one.name, []
                raise _said(error, block, address, distributed) from error
    finally:
        with contextlib.suppress(Exception):
            if client.status == "running":  # else it waits for the scheduler
                client.cancel([future for future, _ in waiting.values()])


def _said(error: Exception, block: Block, address: str, distributed: Any) -> Exception:
    """Return the error of a block as one line."""
    if isinstance(error, distributed.KilledWorker):
        return FileError(
            f"{address}: workers ended while they computed block {block.title}, perhaps because they had not "
            "enough memory"
        )
    if isinstance(error, (FileError, ValueError, TypeError)):
        return error
    if isinstance(error, ImportError):
        return FileError(f"{address}: {connection.MISSING.format(error)}")
    if isinstance(error, MemoryError):
        return FileError(f"{address}: a worker has not enough memory for block {block.title}")
    if type(error).__name__ in _ENDED:
        return connection.lost(address)
    words = " ".join(str(error).split()) or type(error).__name__
    return FileError(f"{address}: block {block.title} failed: {words}")


@functools.lru_cache(maxsize=2)
def _opened(spec: bytes) -> tuple[Spec, Work, list[Any]]:
    """Open the files of a run. A process does this once."""
    zarr = required("", "zarr", "zarr")
    known: Spec = pickle.loads(spec)
    stack = stack_files.opened(known.source, None)
    if stack is None:
        raise FileError(f"{known.source}: does not exist for this worker")
    work = Work(
        known.command, stack, known.source, known.options, known.kind, known.steps, True, known.levels
    )
    return known, work, [zarr.open_array(path, mode="r+") for path in known.arrays]


def compute(spec: bytes, block: bytes) -> list[tuple[str, str]]:
    """Compute a block and write its chunks. This is what a task does.

    Parameters
    ----------
    spec, block : bytes
        A `Spec` and a `Block`.

    Returns
    -------
    list of tuple
        The messages of the filter.
    """
    part: Block = pickle.loads(block)
    with messages.kept() as lines, messages.shown():
        known, work, arrays = _opened(spec)
        level = int(part.name.partition(":")[0])
        if level:
            pixels = blocks.read(arrays[level - 1], part.ranges)
            result = blockwise.half(pixels, part, known.letters, 1)
        else:
            pixels = blockwise.read(known.source, blockwise.array_of(work), part)
            result = blockwise.filtered(work, part, pixels).pixels[part.keep]
        if not os.path.isdir(known.arrays[level]):
            raise FileError(f"{known.result}: its unfinished work was removed")
        try:
            zarr_store.put(arrays[level], part.where, result)
        except OSError as error:
            raise FileError(f"{known.result}: cannot be written: {error.strerror or error}") from None
    return lines
