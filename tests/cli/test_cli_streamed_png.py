"""PNG files are read and written in bands: the picture is that of the whole."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from imfilter import io
from imfilter._files import exif
from tests.cli.commands import done, failed, noise, save
from tests.cli.streaming import same
from tests.files.pictures import chunk, raw_png
from tests.looping import loop_over

PNGS = [(bits, colour) for colour in (0, 2, 3, 4, 6) for bits in (1, 2, 4, 8, 16)]
PNGS = [(b, c) for b, c in PNGS if b == 8 or (b == 16 and c != 3) or (b < 8 and c in (0, 3))]


@loop_over(("bits", "colour"), PNGS)
@loop_over("keyed", [False, True])
@pytest.mark.slow
def test_kinds_of_png(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[str],
    bits: int,
    colour: int,
    keyed: bool,
) -> None:
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    rows = noise(60, -(-23 * bits * channels // 8))
    rows[20:40] = rows[20]
    raw = b"".join(bytes([number % 5]) + row.tobytes() for number, row in enumerate(rows))
    more = [
        chunk(b"pHYs", struct.pack(">IIB", 2835, 5906, 1)),
        chunk(b"tEXt", b"a\0b"),
        chunk(b"tEXt", b"c\0d"),
    ]
    if colour == 3:
        more.append(chunk(b"PLTE", noise(3 << bits).tobytes()))
    if keyed and colour not in (4, 6):
        more.append(chunk(b"tRNS", bytes({0: 2, 2: 6, 3: 1 << bits}[colour])))
    (tmp_path / "in.png").write_bytes(raw_png(23, 60, bits, colour, raw, *more))
    same(written, monkeypatch, tmp_path / "in.png", ".png", "gaussian")
    same(written, monkeypatch, tmp_path / "in.png", ".tif", "gaussian", "--mode", "wrap")
    same(written, monkeypatch, tmp_path / "in.png", ".npy", "sobel")


@pytest.mark.parametrize("channels", [(), (3,), (2,), (4,)], ids=["grey", "rgb", "grey-alpha", "rgba"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str], channels: tuple[int], dtype: str
) -> None:
    source = save(tmp_path / "in.png", noise(97, 31, *channels, dtype=dtype))
    same(written, monkeypatch, source, ".png", "median")
    same(written, monkeypatch, source, ".tif", "sobel")


def test_metadata_of_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[str]) -> None:
    profile = bytes(16) + b"RGB " + bytes(300)
    block = exif.PREFIX + struct.pack("<2sHIHHHI4sI", b"II", 42, 8, 1, 0x0131, 2, 4, b"abc\0", 0)
    gamma = (b"gAMA", struct.pack(">I", 100000))
    image = io.Image(
        noise(83, 26, 3), channels=True, icc=profile, exif=block, dpi=(72.0, 300.0), colorimetry=(gamma,)
    )
    io.write(tmp_path / "in.png", image)
    for suffix in (".png", ".tif"):
        same(written, monkeypatch, tmp_path / "in.png", suffix, "gaussian")
        found = io.read(tmp_path / f"bands{suffix}")
        assert found.icc == profile
        assert found.exif is not None


def test_a_png_that_ends_early(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: list[str]
) -> None:
    source = save(tmp_path / "in.png", noise(200, 70))
    source.write_bytes(source.read_bytes()[:9000])
    assert failed(capsys, 1, "sobel", source, tmp_path / "out.png").startswith(f"{source}: is damaged")
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_png_with_exif_behind_its_pixels_is_read_whole(tmp_path: Path, written: list[str]) -> None:
    source = save(tmp_path / "in.png", noise(90, 70))
    block = struct.pack("<2sHIHHHI4sI", b"II", 42, 8, 1, 0x0131, 2, 4, b"abc\0", 0)
    source.write_bytes(source.read_bytes()[:-12] + chunk(b"eXIf", block) + chunk(b"IEND", b""))
    done("gaussian", source, tmp_path / "out.png")
    assert written == []
    assert io.read(tmp_path / "out.png").exif is not None
