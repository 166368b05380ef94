"""JPEG files that are cut short or damaged: a warning, and the picture; sound ones: no warning."""

from __future__ import annotations

import io as memory
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imfilter import io
from imfilter._files import jpeg
from tests.cli.commands import subprocess_env
from tests.looping import loop_over

RNG = np.random.default_rng(5)
KINDS = [(progressive, restart) for progressive in (False, True) for restart in (0, 8)]


def photograph(height: int, width: int, rng: np.random.Generator = RNG) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1)
    return (smooth + rng.integers(-20, 20, smooth.shape)).clip(0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, mode: str = "RGB", **options: object) -> bytes:
    file = memory.BytesIO()
    Pillow.fromarray(pixels).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Pillow.open(memory.BytesIO(data)))


def scans_of(data: bytes) -> list[tuple[int, int]]:
    """Return where the coded data of each scan lie."""
    parts = [part for part in jpeg.segments(data) if part.marker == 0xDA]
    return [
        (part.start + int.from_bytes(data[part.start : part.start + 2], "big"), part.stop) for part in parts
    ]


@pytest.fixture(scope="module")
def whole() -> dict[tuple[bool, int], bytes]:
    pixels = photograph(256, 240, np.random.default_rng(5))
    return {
        (progressive, restart): encoded(
            pixels, quality=85, progressive=progressive, restart_marker_blocks=restart, subsampling=2
        )
        for progressive, restart in KINDS
    }


@pytest.mark.parametrize("size", [(64, 64), (61, 67), (17, 8), (1, 1)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_sound_files_give_no_warning(tmp_path: Path, mode: str, size: tuple[int, int]) -> None:
    pixels = photograph(*size)
    for progressive, restart, subsampling, quality in itertools.product(
        (False, True), (0, 1, 3, 8), (0, 1, 2), (10, 85)
    ):
        data = encoded(
            pixels,
            mode,
            progressive=progressive,
            restart_marker_blocks=restart,
            subsampling=subsampling,
            quality=quality,
        )
        (tmp_path / "a.jpg").write_bytes(data)
        io.read(tmp_path / "a.jpg")  # a warning is an error here


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_a_picture_gives_no_warning(tmp_path: Path, whole: dict, kind: tuple[bool, int]) -> None:
    data = whole[kind]
    (first, *_) = scans_of(data)
    behind = data[:-2] + b"\xff\xff\xff\xd9"  # fill bytes before a marker
    between = data[: first[1]] + b"\xff" + data[first[1] :]
    for padded in (data + b"\0" * 999, data + data, data + b"\xff\xd8\xff", behind, between):
        (tmp_path / "a.jpg").write_bytes(padded)
        np.testing.assert_array_equal(io.read(tmp_path / "a.jpg").pixels, decoded(data))


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_end_marker(tmp_path: Path, whole: dict, kind: tuple[bool, int]) -> None:
    (tmp_path / "a.jpg").write_bytes(whole[kind][:-2])
    with pytest.warns(io.FileWarning, match="a.jpg: is incomplete"):
        pixels = io.read(tmp_path / "a.jpg").pixels
    np.testing.assert_array_equal(pixels, decoded(whole[kind]))


@pytest.mark.parametrize("kind", KINDS)
def test_cut_in_its_scans(tmp_path: Path, whole: dict, kind: tuple[bool, int]) -> None:
    data = whole[kind]
    start, stop = scans_of(data)[0][0], scans_of(data)[-1][1]
    for share in (0.05, 0.3, 0.5, 0.8, 0.99):
        (tmp_path / "a.jpg").write_bytes(data[: start + int(share * (stop - start))])
        with pytest.warns(io.FileWarning, match="a.jpg: is incomplete"):
            pixels = io.read(tmp_path / "a.jpg").pixels
        expected = decoded(data)
        assert pixels.shape == expected.shape
        if not kind[0]:
            # Rows are coded one after the other, in units of 16; the last one there may be blurred.
            sound = int(share * 256) // 16 * 16 - 32
            np.testing.assert_array_equal(pixels[: max(0, sound)], expected[: max(0, sound)])
        elif share > 0.5:
            assert np.abs(pixels.astype(int) - expected).mean() < 20


DAMAGES = {
    "marker": lambda data, at: data[:at] + b"\xff\xc1" + data[at + 2 :],
    "table": lambda data, at: data[:at] + b"\xff\xc4" + data[at + 2 :],
    "start": lambda data, at: data[:at] + b"\xff\xd8" + data[at + 2 :],
    "reserved": lambda data, at: data[:at] + b"\xff\x42" + data[at + 2 :],
    "restart": lambda data, at: data[:at] + b"\xff\xd3\xff\xd3" + data[at + 4 :],
}


@loop_over("damage", DAMAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_damage_in_the_first_scan_is_said(
    tmp_path: Path, whole: dict, kind: tuple[bool, int], damage: str
) -> None:
    data = whole[kind]
    start, stop = scans_of(data)[0]
    at = start + (stop - start) * 2 // 3
    (tmp_path / "a.jpg").write_bytes(DAMAGES[damage](data, at))
    with pytest.warns(io.FileWarning, match="a.jpg: is damaged; a part of the picture is missing or wrong"):
        pixels = io.read(tmp_path / "a.jpg").pixels
    expected = decoded(data)
    assert pixels.shape == expected.shape
    if not kind[0]:
        np.testing.assert_array_equal(pixels[:112], expected[:112])


#: Damage that the decoder passes over without a word.
UNSAID = {
    "end": lambda data, at: data[:at] + b"\xff\xd9" + data[at + 2 :],
    "zeros": lambda data, at: data[:at] + bytes(300) + data[at + 300 :],
    "missing": lambda data, at: data[:at] + data[at + 300 :],
    "inserted": lambda data, at: data[:at] + b"\x5a" * 40 + data[at:],
}


@pytest.mark.filterwarnings("ignore:.*is damaged")
@pytest.mark.parametrize("damage", UNSAID)
@pytest.mark.parametrize("kind", KINDS)
def test_other_damage_leaves_the_rest(
    tmp_path: Path, whole: dict, kind: tuple[bool, int], damage: str
) -> None:
    data = whole[kind]
    start, stop = scans_of(data)[0]
    (tmp_path / "a.jpg").write_bytes(UNSAID[damage](data, start + (stop - start) * 2 // 3))
    pixels, expected = io.read(tmp_path / "a.jpg").pixels, decoded(data)
    assert pixels.shape == expected.shape
    if not kind[0]:
        np.testing.assert_array_equal(pixels[:112], expected[:112])


@pytest.mark.parametrize("progressive", [False, True])
def test_restart_markers_that_are_missing_or_out_of_turn(
    tmp_path: Path, whole: dict, progressive: bool
) -> None:
    data = whole[(progressive, 8)]
    first = data.index(b"\xff\xd3", scans_of(data)[0][0])
    interval = data.index(b"\xff\xdd")
    for broken in (
        data[:first] + data[first + 2 :],
        data[:first] + b"\xff\xd4" + data[first + 2 :],
        data[: first - 30] + bytes(300) + data[first + 270 :],
        data[: first - 30] + data[first + 270 :],
        data[:interval] + data[interval + 6 :],
    ):
        (tmp_path / "a.jpg").write_bytes(broken)
        with pytest.warns(io.FileWarning, match="is damaged"):
            assert io.read(tmp_path / "a.jpg").pixels.shape == (256, 240, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_marker_out_of_one_flipped_bit_is_undone(
    tmp_path: Path, whole: dict, kind: tuple[bool, int]
) -> None:
    data = whole[kind]
    start, stop = scans_of(data)[-1]
    place = data.index(b"\xff\0", start + (stop - start) // 2) + 1
    (tmp_path / "a.jpg").write_bytes(data[:place] + b"\x80" + data[place + 1 :])
    with pytest.warns(io.FileWarning, match="is damaged"):
        io.read(tmp_path / "a.jpg")
    broken = data[:place] + b"\x80" + data[place + 1 :]
    fixed = next(jpeg.repaired(broken, jpeg.segments(broken)))
    np.testing.assert_array_equal(decoded(fixed), decoded(data))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data, frame: data[: frame + 5] + b"\x58\0\x58\0" + data[frame + 9 :], "hold 22528 x 22528"),
        (lambda data, frame: data[:2] + b"\xff\xfe\0\2" * 10001 + data[2:], "more than 10000 segments"),
        (lambda data, frame: data[:frame] + data[-2:], "it has no frame"),
        (lambda data, frame: data[: scans_of(data)[0][0]], "cannot hold"),
        (lambda data, frame: data[:frame], "it has no frame"),
    ],
)
def test_what_is_refused(tmp_path: Path, whole: dict, change: object, words: str) -> None:
    for kind in KINDS:
        data = whole[kind]
        frame = data.index(b"\xff\xc2" if kind[0] else b"\xff\xc0")
        (tmp_path / "a.jpg").write_bytes(change(data, frame))
        with pytest.raises(io.FileError, match=words):
            io.read(tmp_path / "a.jpg")


def test_many_scans_of_a_large_picture_are_refused(tmp_path: Path) -> None:
    data = encoded(np.zeros((8192, 8192), np.uint8), "L", progressive=True)
    last = scans_of(data)[-1]
    header = data.rindex(b"\xff\xda", 0, last[0])
    (tmp_path / "a.jpg").write_bytes(data[:-2] + data[header : last[1]] * 40 + b"\xff\xd9")
    with pytest.raises(io.FileError, match="has 46 scans of 8192 x 8192 pixels, more than 32"):
        io.read(tmp_path / "a.jpg")


@pytest.mark.slow
def test_the_command_warns_in_one_line_and_goes_on(tmp_path: Path, whole: dict) -> None:
    data = whole[(False, 0)]
    (tmp_path / "cut.jpg").write_bytes(data[:-2])
    (tmp_path / "wrong.jpg").write_bytes(DAMAGES["marker"](data, len(data) // 2))
    for name, words in (
        ("cut", "is incomplete; a part of the picture is missing"),
        ("wrong", "is damaged; a part of the picture is missing or wrong"),
    ):
        program = "from imfilter.cli import main; main()"
        command = [sys.executable, "-c", program, "box", f"{name}.jpg", f"{name}.png", "--size", "1"]
        result = subprocess.run(
            command, cwd=tmp_path, env=subprocess_env(), capture_output=True, text=True, check=True
        )
        lines = [line for line in result.stderr.splitlines() if "compiling" not in line]
        assert lines == [f"imfilter: warning: {name}.jpg: {words}"]
        with Pillow.open(tmp_path / f"{name}.png") as result:
            assert result.size == (240, 256)
