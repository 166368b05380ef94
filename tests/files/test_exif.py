"""EXIF goes from file to file byte for byte: only the orientation and the thumbnail change."""

from __future__ import annotations

import functools
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import PngImagePlugin

from imfilter import io
from tests.cli.commands import done
from tests.files import exif_blocks as blocks
from tests.files.exif_blocks import EXIF_IFD, GPS_IFD, INTEROP_IFD, MAKER_NOTE, ORIENTATION
from tests.files.pictures import image, picture
from tests.looping import loop_over

ORDERS = ("<", ">")
HOLDERS = ("jpg", "png", "webp")
# What a TIFF file says of its pixels, in its own first directory.
LAYOUT = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 338, 339, 282, 283, 296}


def save(path: Path, block: bytes, shape: tuple[int, ...] = (32, 48, 3)) -> Path:
    Pillow.fromarray(picture(shape, "uint8")).save(path, exif=b"Exif\0\0" + block)
    return path


def descriptive(tags: blocks.Tags) -> blocks.Tags:
    """The tags that do not say how pixels are stored."""
    return {key: value for key, value in tags.items() if key[0] != "0" or key[1] not in LAYOUT}


@loop_over("order", ORDERS)
@loop_over("source", HOLDERS)
@loop_over("result", HOLDERS)
def test_every_byte_stays_but_for_orientation_and_thumbnail(
    tmp_path: Path, source: str, result: str, order: str
) -> None:
    block = blocks.photograph(order)
    back = io.read(save(tmp_path / f"a.{source}", block))
    assert back.pixels.shape == (48, 32, 3)
    io.write(tmp_path / f"b.{result}", back)
    assert blocks.stored(tmp_path / f"b.{result}") == blocks.patched(block)


@pytest.mark.parametrize("suffix", HOLDERS)
def test_a_block_of_an_upright_picture_is_the_same_block(tmp_path: Path, suffix: str) -> None:
    block = blocks.photograph(orientation=1, thumbnail=False)
    io.write(tmp_path / f"b.{suffix}", io.read(save(tmp_path / f"a.{suffix}", block)))
    assert blocks.stored(tmp_path / f"b.{suffix}") == block


@pytest.mark.parametrize("kind", [1, 3, 4, 6, 8, 9])
def test_an_orientation_of_any_whole_type_is_patched(tmp_path: Path, kind: int) -> None:
    value = struct.pack(">" + {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i"}[kind], 8)
    block = blocks.header(">") + blocks.directory(
        ">", {0x10F: blocks.text("M"), ORIENTATION: (kind, 1, value)}, 8
    )
    back = io.read(save(tmp_path / "a.png", block))
    assert back.pixels.shape == (48, 32, 3)
    found = blocks.walk((back.exif or b"")[6:])["0", ORIENTATION]
    assert int.from_bytes(found[2], "big") == 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("order", ORDERS)
def test_in_a_tiff_everything_lies_where_it_lay(tmp_path: Path, order: str, dtype: str) -> None:
    block = blocks.photograph(order)
    said = io.read(save(tmp_path / "a.jpg", block))
    pixels = picture((48, 32, 3), dtype)
    # A profile that is longer than the block takes the place in which tifffile would put the pixels.
    icc = bytearray(5000)
    icc[16:20] = b"RGB "
    for profile in (None, bytes(icc)):
        io.write(tmp_path / "b.tif", image(pixels, exif=said.exif, icc=profile, dpi=said.dpi))
        data = blocks.stored(tmp_path / "b.tif")
        assert data[:2] == block[:2]
        assert blocks.place_of_note(data) == 900
        expected = blocks.walk(blocks.patched(block))
        found = blocks.walk(data)
        assert {key: found[key] for key in expected} == expected
        back = io.read(tmp_path / "b.tif")
        np.testing.assert_array_equal(back.pixels, pixels)
        assert back.icc == profile
        assert back.dpi == pytest.approx((300, 300))
        with tifffile.TiffFile(tmp_path / "b.tif") as file:
            assert len(file.pages) == 1
            np.testing.assert_array_equal(file.asarray(), pixels)
        if dtype == "uint8":
            with Pillow.open(tmp_path / "b.tif") as file:
                np.testing.assert_array_equal(np.asarray(file), pixels)
                assert file.getexif().get_ifd(EXIF_IFD)[0x829A] == 1 / 250


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("suffix", [*HOLDERS, "tif"])
def test_from_a_tiff_as_well(tmp_path: Path, suffix: str, order: str) -> None:
    """What this library wrote as TIFF goes into any format and keeps its offsets."""
    block = blocks.photograph(order)
    io.write(tmp_path / "b.tif", io.read(save(tmp_path / "a.jpg", block)))
    io.write(tmp_path / f"c.{suffix}", io.read(tmp_path / "b.tif"))
    data = blocks.stored(tmp_path / f"c.{suffix}")
    expected = blocks.walk(blocks.patched(block))
    assert descriptive(blocks.walk(data)) == descriptive(expected)
    assert blocks.place_of_note(data) == 900


def tiff_with(order: str, tags: dict, pixels: np.ndarray, *, before: bool) -> bytes:
    """A TIFF file whose directories and notes lie before the pixels or behind them."""
    height, width = pixels.shape
    storage = {
        256: blocks.short(order, width),
        257: blocks.short(order, height),
        258: blocks.short(order, 8),
        262: blocks.short(order, 1),
        273: (4, 1, struct.pack(order + "I", 4096 if before else 8)),
        277: blocks.short(order, 1),
        279: (4, 1, struct.pack(order + "I", pixels.size)),
    }
    first = 8 if before else 8 + pixels.size
    directory = blocks.directory(order, dict(sorted((storage | tags).items())), first)
    if before:
        data = (blocks.header(order) + directory).ljust(900, b"\0") + blocks.note(order, 900)
        return data.ljust(4096, b"\0") + pixels.tobytes()
    return blocks.header(order, first) + pixels.tobytes() + directory


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("suffix", [*HOLDERS, "tif"])
def test_notes_of_another_programs_tiff_stay_at_their_offset(tmp_path: Path, suffix: str, order: str) -> None:
    pixels = picture((40, 60), "uint8")
    (tmp_path / "a.tif").write_bytes(
        tiff_with(order, blocks.camera(order, 3, note_at=900), pixels, before=True)
    )
    back = io.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(back.pixels, pixels[::-1, ::-1])
    io.write(tmp_path / f"b.{suffix}", back)
    data = blocks.stored(tmp_path / f"b.{suffix}")
    assert blocks.place_of_note(data) == 900
    expected = blocks.walk(blocks.patched(blocks.photograph(order, thumbnail=False)))
    assert descriptive(blocks.walk(data)) == descriptive(expected)


@pytest.mark.parametrize("order", ORDERS)
def test_notes_that_cannot_stay_are_kept_and_told(tmp_path: Path, order: str) -> None:
    """Behind more pixels than a JPEG file may have of EXIF."""
    pixels = picture((300, 400), "uint8")
    tags = blocks.camera(order, 1)
    tags[EXIF_IFD] = {**tags[EXIF_IFD], MAKER_NOTE: (7, 100, blocks.note(order, 900))}
    (tmp_path / "a.tif").write_bytes(tiff_with(order, tags, pixels, before=False))
    with pytest.warns(io.FileWarning, match=r"a\.tif: the maker notes in its EXIF have moved") as caught:
        back = io.read(tmp_path / "a.tif")
    assert len(caught) == 1
    found = blocks.walk((back.exif or b"")[6:])
    assert found["0/8769", MAKER_NOTE][2] == blocks.note(order, 900)
    assert len(back.exif or b"") < 1200
    del tags[EXIF_IFD][MAKER_NOTE]  # which alone makes it matter where things lie
    (tmp_path / "b.tif").write_bytes(tiff_with(order, tags, pixels, before=False))
    assert io.read(tmp_path / "b.tif").exif is not None


def test_the_resolution_of_a_tiff_turns_with_the_picture(tmp_path: Path) -> None:
    tags = blocks.camera("<", 6) | {282: blocks.rational("<", 200, 1), 283: blocks.rational("<", 100, 1)}
    del tags[EXIF_IFD][INTEROP_IFD]
    (tmp_path / "a.tif").write_bytes(tiff_with("<", tags, picture((40, 60), "uint8"), before=False))
    back = io.read(tmp_path / "a.tif")
    assert back.dpi == (100, 200)
    found = blocks.walk((back.exif or b"")[6:])
    assert found["0", 282][2] == struct.pack("<II", 100, 1)
    assert found["0", 283][2] == struct.pack("<II", 200, 1)


def test_a_plain_tiff_has_no_exif(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture((9, 9), "uint8"), software=False, metadata=None)
    assert io.read(tmp_path / "a.tif").exif is None
    tifffile.imwrite(tmp_path / "a.tif", picture((9, 9), "uint8"), software=False)  # says its shape
    assert io.read(tmp_path / "a.tif").exif is None


@pytest.mark.parametrize("order", ORDERS)
def test_a_tiff_with_wide_offsets_has_everything_but_the_place_of_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Pictures of more than 4 GB are BigTIFF, whose directories have another form."""
    block = blocks.photograph(order)
    said = io.read(save(tmp_path / "a.jpg", block))
    monkeypatch.setattr(tifffile, "imwrite", functools.partial(tifffile.imwrite, bigtiff=True))
    with pytest.warns(io.FileWarning, match=r"b\.tif: the maker notes in its EXIF have moved"):
        io.write(tmp_path / "b.tif", said)
    data = blocks.stored(tmp_path / "b.tif")
    assert struct.unpack_from(order + "H", data, 2) == (43,)
    expected = blocks.walk(blocks.patched(block))
    assert descriptive(blocks.walk(data)) == descriptive(expected)
    monkeypatch.undo()
    back = io.read(tmp_path / "b.tif")  # its notes lie near the start and stay there
    np.testing.assert_array_equal(back.pixels, said.pixels)
    io.write(tmp_path / "c.jpg", back)
    found = blocks.stored(tmp_path / "c.jpg")
    assert blocks.place_of_note(found) == blocks.place_of_note(data)
    assert blocks.walk(found) == expected
    no_note = blocks.header(order) + blocks.directory(order, blocks.camera(order), 8)
    monkeypatch.setattr(tifffile, "imwrite", functools.partial(tifffile.imwrite, bigtiff=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        io.write(tmp_path / "d.tif", io.read(save(tmp_path / "d.jpg", no_note)))


def test_gps_and_interop_are_directories_of_their_own(tmp_path: Path) -> None:
    io.write(tmp_path / "b.tif", io.read(save(tmp_path / "a.jpg", blocks.photograph())))
    with Pillow.open(tmp_path / "b.tif") as file:
        exif = file.getexif()
        assert exif.get_ifd(GPS_IFD)[1] == "N"
        assert exif.get_ifd(INTEROP_IFD)[1] == "R98"


def long_block(size: int) -> bytes:
    tags = {0x010F: blocks.text("M"), 0x9C9C: (1, size - 44, b"\7" * (size - 44))}
    block = (blocks.header("<") + blocks.directory("<", tags, 8)).ljust(size, b"\0")
    assert len(block) == size
    return block


def test_as_much_exif_as_a_jpeg_holds(tmp_path: Path) -> None:
    block = long_block(65533 - 6)
    io.write(tmp_path / "b.jpg", io.read(save(tmp_path / "a.png", block)))
    assert blocks.stored(tmp_path / "b.jpg") == block


@pytest.mark.parametrize("size", [65534 - 6, 200_000])
def test_more_exif_than_a_jpeg_holds(tmp_path: Path, size: int) -> None:
    """The error names what can be done, and all of that works."""
    block = long_block(size)
    back = io.read(save(tmp_path / "a.png", block))
    words = rf"JPEG cannot hold {size + 6} bytes of EXIF.*write \.png, \.tif or \.webp.*--no-exif"
    with pytest.raises(ValueError, match=words):
        io.write(tmp_path / "b.jpg", back)
    assert not (tmp_path / "b.jpg").exists()
    for suffix in ("png", "webp"):
        io.write(tmp_path / f"b.{suffix}", back)
        assert blocks.stored(tmp_path / f"b.{suffix}") == block
    io.write(tmp_path / "b.tif", back)
    assert descriptive(blocks.walk(blocks.stored(tmp_path / "b.tif"))) == blocks.walk(block)
    done("box", tmp_path / "a.png", tmp_path / "b.jpg", "--size", 1, "--no-exif")
    assert blocks.stored(tmp_path / "b.jpg") == b""


@pytest.mark.parametrize("suffix", ["bmp", "npy"])
def test_where_there_is_no_exif(tmp_path: Path, suffix: str) -> None:
    io.write(tmp_path / f"b.{suffix}", io.read(save(tmp_path / "a.png", long_block(200_000))))
    assert io.read(tmp_path / f"b.{suffix}").exif is None


def test_an_old_png_that_has_exif_as_text(tmp_path: Path) -> None:
    block = blocks.photograph()
    words = PngImagePlugin.PngInfo()
    data = b"Exif\0\0" + block
    words.add_text("Raw profile type exif", f"\nexif\n{len(data):8}\n" + data.hex() + "\n")
    Pillow.fromarray(picture((32, 48, 3), "uint8")).save(tmp_path / "a.png", pnginfo=words)
    back = io.read(tmp_path / "a.png")
    assert back.pixels.shape == (48, 32, 3)
    assert back.exif == b"Exif\0\0" + blocks.patched(block)
