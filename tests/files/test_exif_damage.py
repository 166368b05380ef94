"""EXIF that is damaged or odd: the picture is read, nothing crashes, and nothing fills the memory."""

from __future__ import annotations

import random
import struct
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from imfilter import io
from imfilter._files import exif
from tests import memory
from tests.cli.commands import run
from tests.files import exif_blocks as blocks
from tests.files.exif_blocks import EXIF_IFD, ORIENTATION, THUMBNAIL, Pinned
from tests.files.pictures import picture
from tests.looping import loop_over

DAMAGED = {
    "nothing": b"",
    "short": b"II*\0",
    "another order": b"XX*\0" + bytes(30),
    "another number": b"II\x55\0\x08\0\0\0" + bytes(30),
    "wide offsets": b"II\x2b\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + bytes(30),
    "beyond the end": b"II*\0\xff\xff\xff\xffgarbage",
    "cut directory": b"II*\0\x08\0\0\0\x05\0" + bytes(20),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")  # Pillow's own, when it opens a JPEG
@pytest.mark.parametrize("name", DAMAGED)
@loop_over("suffix", ["jpg", "png", "webp"])
def test_damaged_exif_does_not_cost_the_picture(tmp_path: Path, suffix: str, name: str) -> None:
    pixels = picture((10, 12, 3), "uint8")
    Pillow.fromarray(pixels).save(
        tmp_path / f"a.{suffix}",
        exif=b"Exif\0\0" + DAMAGED[name],
        **({"lossless": True} if suffix == "webp" else {}),
    )
    if name == "nothing":
        back = io.read(tmp_path / f"a.{suffix}")
    else:
        with pytest.warns(io.FileWarning, match=rf"a\.{suffix}: its EXIF is damaged and left out: it"):
            back = io.read(tmp_path / f"a.{suffix}")
    assert back.exif is None
    if suffix != "jpg":
        np.testing.assert_array_equal(back.pixels, pixels)


def test_the_command_says_it_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "a\x1b[31m.png"
    Pillow.fromarray(picture((10, 12, 3), "uint8")).save(source, exif=b"Exif\0\0" + DAMAGED["short"])
    assert run("box", source, tmp_path / "b.png") == 0
    lines = [line for line in capfd.readouterr().err.splitlines() if "compiling" not in line]
    assert lines == [
        f"imfilter: warning: {tmp_path}/a\\x1b[31m.png: its EXIF is damaged and left out: "
        "it has an offset beyond its end"
    ]


def test_the_error_is_the_only_line_when_there_is_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Pillow.fromarray(picture((40, 52, 3), "uint8")).save(
        tmp_path / "a.png", exif=b"Exif\0\0" + DAMAGED["short"]
    )
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[: len(data) // 2])
    assert run("box", tmp_path / "a.png", tmp_path / "b.png") == 1
    assert capfd.readouterr().err.count("\n") == 1


def test_a_thumbnail_that_names_other_bytes_spoils_none_of_them() -> None:
    """Its directory says that it takes the whole block."""
    tags = blocks.camera("<", 1)
    size = len(blocks.directory("<", tags, 8))
    small = {0x0201: Pinned(4, 1, 0), 0x0202: Pinned(4, 1, 2**31)}
    block = blocks.header("<") + blocks.directory("<", tags, 8, 8 + size)
    block += blocks.directory("<", small, 8 + size) + THUMBNAIL
    found = exif.patched(block)
    assert found.block is not None
    assert blocks.walk(found.block[6:]) == blocks.walk(block)
    assert THUMBNAIL[2:20] not in found.block


@pytest.mark.parametrize("order", ["<", ">"])
def test_thumbnails_in_strips_and_in_the_middle_are_overwritten(order: str) -> None:
    """Values of the photograph lie behind it, so that it cannot be cut off."""
    tags = {0x010F: Pinned(2, 40, 400), ORIENTATION: blocks.short(order, 6)}
    small = {273: (4, 2, struct.pack(order + "II", 200, 300)), 279: (4, 2, struct.pack(order + "II", 90, 50))}
    block = bytearray(blocks.header(order) + blocks.directory(order, tags, 8, 100)).ljust(100, b"\0")
    block += blocks.directory(order, small, 100)
    block = block.ljust(200, b"\0") + b"t" * 90 + b"." * 10 + b"t" * 50
    block = block.ljust(400, b"\0") + b"maker".ljust(40, b"\0")
    found = (exif.patched(bytes(block)).block or b"")[6:]
    assert len(found) == len(block)
    assert b"t" not in found[100:400]
    assert found[290:300] == b"." * 10
    assert found[400:] == block[400:]


def test_directories_that_form_a_circle() -> None:
    tags = {0x010F: blocks.text("M")}
    block = blocks.header("<") + blocks.directory("<", tags, 8, 8)
    found = (exif.patched(block).block or b"")[6:]
    assert blocks.walk(found) == blocks.walk(block)
    second = 8 + len(blocks.directory("<", tags, 8))
    block = blocks.header("<") + blocks.directory("<", tags, 8, second)
    block += blocks.directory("<", tags, second, second)
    assert blocks.walk((exif.patched(block).block or b"")[6:]) == blocks.walk(block)
    block = blocks.header("<") + blocks.directory(
        "<", {0x010F: blocks.text("M"), EXIF_IFD: Pinned(4, 1, 8)}, 8
    )
    assert (exif.patched(block).block or b"")[6:] == block


def test_a_directory_without_a_next_offset_keeps_the_value_in_its_place() -> None:
    words = b"words of forty letters, just where it ends"[:40]
    head = struct.pack("<HHHII", 1, 0x010F, 2, 40, 22)
    block = blocks.header("<") + head + words
    assert exif.patched(block).block == b"Exif\0\0" + block
    block = blocks.header("<") + struct.pack("<HHHI4s", 1, 0x010F, 2, 4, b"abc\0")  # and nothing behind it
    assert exif.patched(block).block == b"Exif\0\0" + block


def bomb() -> bytes:
    """A TIFF file of 1 MB in which 65,535 values of EXIF are the same million bytes: 60 GB."""
    size = 1 << 20
    pixels = np.zeros((8, 8), np.uint8)
    entry = struct.pack("<HHII", 0x9286, 7, size - (1 << 17), 1 << 17)
    storage = {
        256: blocks.short("<", 8),
        257: blocks.short("<", 8),
        258: blocks.short("<", 8),
        259: blocks.short("<", 1),
        262: blocks.short("<", 1),
        273: Pinned(4, 1, 8),
        277: blocks.short("<", 1),
        279: Pinned(4, 1, 64),
        EXIF_IFD: Pinned(4, 1, 400),
    }
    data = blocks.header("<", 80) + pixels.tobytes().ljust(72, b"\0") + blocks.directory("<", storage, 80)
    data = data.ljust(400, b"\0") + struct.pack("<H", 65535) + entry * 65535 + bytes(4)
    return data.ljust(size, b"\0")


def test_values_that_overlap_fill_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(bomb())
    before, began = memory.restart(), time.monotonic()
    with pytest.warns(io.FileWarning, match="its EXIF is damaged and left out: its values overlap"):
        assert io.read(tmp_path / "a.tif").exif is None
    assert time.monotonic() - began < 20  # a limit against hangs
    assert memory.peak() - before < 300_000_000


def random_value(rng: random.Random, order: str) -> tuple[int, int, bytes]:
    kind = rng.choice(list(blocks.SIZES))
    count = rng.choice([1, 1, 2, 3, 5, rng.randrange(1, 60)])
    return kind, count, rng.randbytes(blocks.SIZES[kind] * count)


def random_block(rng: random.Random) -> tuple[str, bytes]:
    """A block of random tags with random values, with a thumbnail or without."""
    order = rng.choice("<>")

    def tags(lowest: int) -> dict:
        found = {
            rng.randrange(lowest, 0x10000): random_value(rng, order) for _ in range(rng.randrange(1, 12))
        }
        return {tag: value for tag, value in found.items() if tag not in (*blocks.POINTERS, 0x8773, 34675)}

    first = tags(0x9000) | {
        0x010F: random_value(rng, order)
    }  # not of the tags that say how pixels are stored
    if rng.random() < 0.5:
        first[ORIENTATION] = blocks.short(order, rng.randrange(0, 10))
    if rng.random() < 0.7:
        first[EXIF_IFD] = tags(0) | ({blocks.INTEROP_IFD: tags(0)} if rng.random() < 0.5 else {})
    if rng.random() < 0.5:
        first[blocks.GPS_IFD] = tags(0)
    items = dict(sorted(first.items()))
    size = len(blocks.directory(order, items, 8))
    if rng.random() < 0.5:
        return order, blocks.header(order) + blocks.directory(order, items, 8)
    at = 8 + size
    small = {0x0201: Pinned(4, 1, at + 2 + 24 + 4), 0x0202: Pinned(4, 1, len(THUMBNAIL))}
    block = blocks.header(order) + blocks.directory(order, items, 8, at)
    return order, block + blocks.directory(order, small, at) + THUMBNAIL


def upright(block: bytes, tags: blocks.Tags) -> blocks.Tags:
    """What the tags are to be when the picture is upright."""
    order = "<" if block[:2] == b"II" else ">"
    kept = dict(tags)
    if ("0", ORIENTATION) in kept and struct.unpack(order + "H", kept["0", ORIENTATION][2])[0] in range(2, 9):
        kept["0", ORIENTATION] = (3, 1, struct.pack(order + "H", 1))
    return kept


@pytest.mark.slow
def test_hunt_random_blocks_that_are_valid_are_kept(tmp_path: Path) -> None:
    rng = random.Random(17)
    pixels = picture((6, 8, 3), "uint8")
    for i in range(200):
        _, block = random_block(rng)
        suffix = rng.choice(["jpg", "png", "webp"])
        Pillow.fromarray(pixels).save(tmp_path / f"a.{suffix}", exif=b"Exif\0\0" + block)
        back = io.read(tmp_path / f"a.{suffix}")
        expected = upright(block, blocks.walk(block))
        assert THUMBNAIL[:30] not in (back.exif or b""), i
        assert blocks.walk((back.exif or b"")[6:]) == expected, i
        for result in ("tif", rng.choice(["jpg", "png", "webp"])):
            io.write(tmp_path / f"b.{result}", back)
            found = blocks.walk(blocks.stored(tmp_path / f"b.{result}"))
            assert {key: found.get(key) for key in expected} == expected, (i, result)
        again = io.read(tmp_path / "b.tif")
        np.testing.assert_array_equal(again.pixels, back.pixels)
        below = {key: value for key, value in expected.items() if key[0] != "0"}
        found = blocks.walk((again.exif or b"")[6:])
        assert {key: found.get(key) for key in below} == below, i


@pytest.mark.slow
def test_hunt_random_damage_never_crashes(tmp_path: Path) -> None:
    """Bytes of a block are changed, cut off or moved: it is kept or left out, and every format takes it."""
    rng = random.Random(18)
    pixels = picture((6, 8, 3), "uint8")
    kept = dropped = 0
    for i in range(200):
        block = bytearray(random_block(rng)[1] if i % 2 else blocks.photograph(rng.choice("<>")))
        for _ in range(rng.randrange(1, 6)):
            place = rng.randrange(len(block)) if rng.random() < 0.3 else rng.randrange(min(60, len(block)))
            block[place] = rng.choice([0, 1, 255, rng.randrange(256)])
        if rng.random() < 0.3:
            del block[rng.randrange(len(block)) :]
        suffix = rng.choice(["png", "webp"])
        Pillow.fromarray(pixels).save(
            tmp_path / f"a.{suffix}", exif=b"Exif\0\0" + bytes(block), lossless=True
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", module=r"PIL\.")
            back = io.read(tmp_path / f"a.{suffix}")
            assert sorted(back.pixels.shape) == sorted(pixels.shape)
            for result in ("jpg", "png", "webp", "tif"):
                io.write(tmp_path / f"b.{result}", back)
                again = io.read(tmp_path / f"b.{result}")
                assert again.pixels.shape == back.pixels.shape, (i, result)
        assert {warning.category for warning in caught} <= {io.FileWarning}
        kept += back.exif is not None
        dropped += back.exif is None
    assert kept > 20
    assert dropped > 20
