"""Films through PyAV: frames are read, filtered and written one after the other, and the sound is copied."""

from __future__ import annotations

import contextlib
import fractions
import math
import os
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from imfilter._base import dtypes

from . import containers
from .image import FileError, Image, check_size, warn
from .packages import required
from .stacks import Array, Stack
from .timing import FILM, rate_of, times_of

#: Container, codec and options for an ending.
_CODECS = {
    ".mp4": ("mp4", "libx264"),
    ".m4v": ("mp4", "libx264"),
    ".mov": ("mov", "libx264"),
    ".mkv": ("matroska", "libx264"),
    ".webm": ("webm", "libvpx-vp9"),
    ".avi": ("avi", "libx264"),
}
_LOSSLESS = 100
_WORST = {"libx264": 51, "libvpx-vp9": 63}  # largest constant rate factor
_USUAL = {"libx264": 18, "libvpx-vp9": 24}  # its value for hardly visible loss
_UNSPECIFIED = 2  # colour space


def opened(path: str, max_pixels: int | None) -> Stack:
    """Return the frames of a film: RGB with 8 bits, or grey.

    Parameters
    ----------
    path : str
        The file.
    max_pixels : int or None
        Largest accepted number of pixels of one frame. A film is never in memory as a whole.
    """
    av = required(path, "av", "video")
    av.logging.set_level(None)
    with _opened(av, path) as container:
        stream = _stream(path, container)
        width, height = stream.codec_context.width, stream.codec_context.height
        check_size(path, width, height, max_pixels)
        if min(width, height) < 1:
            raise FileError(f"{path}: has no pixels")
        rate = stream.average_rate or stream.guessed_rate or fractions.Fraction(25)
        said = stream.frames if "mp4" in container.format.name else 0  # others count empty frames
        count = said or _estimate(container, stream, rate)
        first = next(container.decode(stream), None)
        if first is None:
            raise _failed(path, "has no frames that can be read")
        turns = round(getattr(first, "rotation", 0) / 90) % 4
        grey = first.format.name.startswith("gray")
    size = (width, height) if turns % 2 else (height, width)
    shape = (max(count, 1), *size) + (() if grey else (3,))
    times: list[Any] = []
    header = Image(
        dtypes.blank(shape, np.uint8),
        not grey,
        axes="TYX" if grey else "TYXS",
        spacing=(float(1 / rate), *(None,) * (len(shape) - 1)),
        units=("s", *("",) * (len(shape) - 1)),
        details={FILM: {"path": path, "times": times, "rate": rate, "space": int(first.colorspace)}},
    )

    def planes() -> Iterator[Array]:
        times.clear()
        with av.open(path) as container:
            stream = _stream(path, container)
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                if (frame.width, frame.height) != (width, height):
                    raise FileError(
                        f"{path}: its frames have different sizes: {width} x {height} and "
                        f"{frame.width} x {frame.height}"
                    )
                times.append(None if frame.pts is None else frame.pts * frame.time_base)
                pixels = frame.to_ndarray(format="gray" if grey else "rgb24")
                yield np.ascontiguousarray(np.rot90(pixels, turns))
        if len(times) < said:
            warn(path, f"is incomplete or damaged: {len(times)} of {said} frames can be read")
        elif missing := containers.missing(path):
            warn(
                path,
                f"is incomplete: {containers.lacking(missing)}; {len(times)} frames can be read",
            )

    return Stack(header, "YX", planes, count=lambda: _counted(av, path), streamed=True)


def _opened(av: Any, path: str) -> Any:
    try:
        return av.open(path)
    except av.error.InvalidDataError as error:
        raise _failed(path, f"is damaged or not supported: {error.strerror}") from error


def _stream(path: str, container: Any) -> Any:
    if not container.streams.video:
        kinds = ", ".join(stream.type for stream in container.streams)
        raise FileError(f"{path}: has no pictures, only {kinds or 'nothing'}")
    return container.streams.video[0]


def _failed(path: str, words: str) -> FileError:
    """Return the error of a film that cannot be read. It tells the bytes that are missing."""
    missing = containers.missing(path)
    end = f"; {containers.lacking(missing)}" if missing else ""
    return FileError(f"{path}: {words}{end}")


def _estimate(container: Any, stream: Any, rate: fractions.Fraction) -> int:
    if stream.duration:
        return math.ceil(stream.duration * stream.time_base * rate)
    return math.ceil(container.duration / 1_000_000 * rate) if container.duration else 1


def _counted(av: Any, path: str) -> int:
    """Return the number of frames, without decoding them."""
    with av.open(path) as container:
        return sum(packet.size > 0 for packet in container.demux(_stream(path, container)))


def write(file: IO[bytes], path: str, header: Image, planes: Iterator[Array], quality: int | None) -> None:
    """Write frames of 8 bits. Times and sound are those of an input that is a film.

    Parameters
    ----------
    file : binary file
        Open for reading and writing.
    path : str
        Its name. The ending gives the container and the codec.
    header : Image
        Shape and metadata.
    planes : iterator of ndarray
        The frames.
    quality : int or None
        From 1 to 100; 100 is without loss in .mkv. None: the loss is hardly visible.
    """
    with _Kept(file) as kept:
        _write(kept, path, header, planes, quality)


def _write(file: _Kept, path: str, header: Image, planes: Iterator[Array], quality: int | None) -> None:
    av = required(path, "av", "video")
    av.logging.set_level(None)
    known = header.details.get(FILM, {})
    suffix = os.path.splitext(path)[1].lower()
    form, codec = _CODECS[suffix]
    options = {"crf": str(_USUAL[codec] if quality is None else round(_WORST[codec] * (1 - quality / 100)))}
    if codec == "libvpx-vp9":
        options |= {"b": "0", "row-mt": "1", "cpu-used": "4"}
    if suffix == ".avi":  # has one rate, and no frames out of order
        options["bf"] = "0"
    exact = quality == _LOSSLESS and suffix == ".mkv"
    if exact:
        codec, options = "ffv1", {}
    height, width = header.pixels.shape[-2 - header.channels :][:2]
    step, unit = header.distance("T")
    seconds = (step / 1000 if unit == "ms" else step) if step else 0.04
    rate = rate_of(header) or fractions.Fraction(1 / seconds).limit_denominator(100_000)
    rate = rate or fractions.Fraction(1, 100_000)  # of frames that are days apart
    with av.open(file, "w", format=form) as out, contextlib.ExitStack() as stack:
        stream = out.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = width, height
        odd = "yuv444p" if width % 2 or height % 2 else "yuv420p"
        stream.pix_fmt = ("bgr0" if header.channels else "gray") if exact else odd
        space = known.get("space", _UNSPECIFIED)
        if not exact and space != _UNSPECIFIED:
            stream.codec_context.colorspace = space
        base = 1 / fractions.Fraction(rate) if suffix == ".avi" else fractions.Fraction(1, 90_000)
        stream.codec_context.time_base = base
        sound = _Sound(av, path, out, stack, known.get("path"))
        times, last = times_of(header), None
        for number, plane in enumerate(planes):
            time = times(number)
            if time is None:
                time = number / rate
            frame = av.VideoFrame.from_ndarray(plane, format="rgb24" if header.channels else "gray")
            if not exact:
                frame = frame.reformat(format=odd, dst_colorspace=None if space == _UNSPECIFIED else space)
            place = round(time / base)
            if last is not None and place <= last:
                if suffix == ".avi" or last - place > 1 / (rate * base):
                    raise FileError(f"{path}: {_uneven(suffix, rate)}")
                place = last + 1  # some films have two frames at one time
            frame.pts, frame.time_base = place, base
            last = place
            sound.copy(time)
            out.mux(stream.encode(frame))
            file.check()
        sound.copy(math.inf)
        out.mux(stream.encode())


def _uneven(suffix: str, rate: fractions.Fraction) -> str:
    if suffix == ".avi":
        return f"AVI holds {float(rate):.4g} frames a second, and frames of IN are closer; write .mkv or .mp4"
    return "the frames of IN are not in the order of their times"


class _Kept:
    """A file whose first error is kept and raised at the end.

    PyAV writes also where it cannot raise an error, and prints the trace of the error instead.

    Parameters
    ----------
    file : binary file
        Open for reading and writing.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._error: OSError | None = None
        self.read, self.tell = file.read, file.tell

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, *error: object) -> None:
        self.check()

    def check(self) -> None:
        """Raise the error of a part that could not be written."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        """Write bytes, unless other bytes could not be written."""
        if self._error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self._error = error
        return len(data)

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place in the file. This also writes what was kept back."""
        if self._error is None:
            try:
                return self._file.seek(place, whence)
            except OSError as error:
                self._error = error
        return 0


class _Sound:
    """The sound of a film, which is copied without change."""

    def __init__(self, av: Any, path: str, out: Any, stack: contextlib.ExitStack, source: str | None) -> None:
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None
        self._out = out
        if source is None:
            return
        container = stack.enter_context(av.open(source))
        out.metadata.update(container.metadata)
        streams = list(container.streams.audio)
        if not streams:
            return
        try:
            self._copies = {old.index: out.add_stream_from_template(old) for old in streams}
        except (ValueError, av.error.FFmpegError) as error:
            names = ", ".join(old.codec_context.name for old in streams)
            raise FileError(f"{path}: cannot hold sound of the codec {names}; write .mkv") from error
        self._packets = container.demux(streams)
        self._next = next(self._packets, None)

    def copy(self, until: Any) -> None:
        """Copy the packets up to a time in seconds."""
        while self._next is not None:
            packet = self._next
            if packet.dts is not None:
                if packet.dts * packet.time_base > until:
                    return
                packet.stream = self._copies[packet.stream.index]
                self._out.mux(packet)
            self._next = next(self._packets, None)
