"""Small files that try to fill the memory or to take minutes, and files with random damage."""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import tifffile
from PIL import Image as Pillow

from tests.files.pictures import chunk, raw_png, raw_tiff

MEGABYTE = 1 << 20
GREY = {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 277: 1, 278: 64}
BLACK = bytes(65 * 64)  # the rows of a grey PNG of 64 x 64
COMPRESSIONS = {"plain": 1, "g4": 4, "lzw": 5, "jpeg": 7, "deflate": 8, "packbits": 32773}
COMPRESSIONS |= {"jpeg2000": 34712, "lzma": 34925, "zstd": 50000, "webp": 50001}


def deflated(megabytes: int) -> bytes:
    """Return zeros, compressed with deflate, without the checksum at the end, which no test reads."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    return head + (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)) * megabytes


def encoded(kind: str, pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def directory(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def shared(tags: dict[int, int], count: int, data: bytes) -> bytes:
    """Return a TIFF with many strips or tiles that share the same data."""
    names = (324, 325) if 322 in tags else (273, 279)
    start = 8 + 2 + 12 * (len(tags) + 2) + 4
    tables = {names[0]: start, names[1]: start + 4 * count}
    entries = [(tag, 4, 1, value) for tag, value in tags.items()]
    entries += [(tag, 4, count, offset) for tag, offset in tables.items()]
    tables_data = struct.pack("<I", start + 8 * count) * count + struct.pack("<I", len(data)) * count
    return struct.pack("<2sHI", b"II", 42, 8) + directory(sorted(entries)) + tables_data + data


def exif(entries: int, size: int) -> bytes:
    """Return EXIF in which many entries have the same long value."""
    start = 8 + 2 + 12 * entries + 4
    listed = [(20000 + number % 45000, 7, size - start, start) for number in range(entries)]
    return struct.pack("<2sHI", b"II", 42, 8) + directory(listed) + bytes(size - start)


def tiffs() -> Iterator[tuple[str, bytes]]:
    head = struct.pack("<2sHI", b"II", 42, 8)
    yield "loop", head + directory([(256, 4, 1, 1)], 8)
    yield "two directories in a loop", head + directory([(256, 4, 1, 1)], 26) + directory([(256, 4, 1, 1)], 8)
    chain = [directory([(254, 4, 1, 0)], 8 + 18 * (number + 1)) for number in range(58000)]
    yield "58000 directories", head + b"".join(chain[:-1]) + directory([(254, 4, 1, 0)])
    yield "overlapping directories", head + b"\1\0" * (MEGABYTE // 2)
    for kind, tags in (
        ("one", [273] * 4000),
        ("many", range(30000, 34000)),
        ("vendors'", [33628, 50839] * 2000),
    ):
        listed = [(tag, 4, 1, value) for tag, value in GREY.items()]
        listed += [(tag, 4, 200000, 60000) for tag in tags]
        yield f"values of {kind} tags that overlap", (head + directory(sorted(listed))).ljust(MEGABYTE, b"\1")
    tiled = {tag: value for tag, value in GREY.items() if tag != 278}
    yield (
        "tiles of 1 x 1, of which one is there",
        raw_tiff(tiled | {256: 20000, 257: 20000, 322: 1, 323: 1}, [b"a"]),
    )
    yield "tiles of 1 x 1", shared(tiled | {256: 300, 257: 200, 322: 1, 323: 1}, 60000, b"a")
    yield (
        "a tile for one pixel",
        raw_tiff(tiled | {256: 1, 257: 1, 259: 8, 322: 23008, 323: 23008}, [deflated(1)]),
    )
    for name, number in COMPRESSIONS.items():
        tags = {258: 1, 259: number} if name == "g4" else {259: number}
        size = {256: 20000, 257: 20000, 278: 20000}
        yield (
            f"one strip of {name} for 20000 x 20000",
            raw_tiff(GREY | tags | size, [zlib.compress(bytes(99))]),
        )
        strips = GREY | tags | {256: 1, 257: 60000, 278: 1}
        yield f"strips of {name} that share data", shared(strips, 60000, bytes(range(256)) * 2000)
        tiles = tiled | tags | {256: 4000, 257: 3200, 322: 16, 323: 16}
        yield f"tiles of {name} that share data", shared(tiles, 50000, bytes(range(256)) * 2000)
    for name, data in (
        ("deflate", deflated(1000)),
        ("lzma", lzma.compress(bytes(1 << 26))),
        ("packbits", b"\x81\0" * 500000),
    ):
        bomb = raw_tiff(GREY | {259: COMPRESSIONS[name]}, [data])
        yield f"{len(data)} bytes of {name} in a strip of 4096", bomb
    tile = tiled | {322: 64, 323: 64}
    large = np.zeros((3000, 3000), np.uint8)
    inside = raw_tiff(tile | {259: 7}, [encoded("JPEG", large)])
    yield "a JPEG of 3000 x 3000 in a tile", inside
    yield "a JPEG 2000 of 3000 x 3000 in a tile", raw_tiff(tile | {259: 34712}, [encoded("JPEG2000", large)])
    wide = encoded("WEBP", np.zeros((3000, 3000, 3), np.uint8), lossless=True, method=0)
    yield "a WebP of 3000 x 3000 in a tile", raw_tiff(tile | {259: 50001, 262: 2, 277: 3}, [wide])
    yield "60000 samples a pixel", raw_tiff(GREY | {277: 60000}, [bytes(4096)])
    pointing = bytearray(raw_tiff(GREY | {34665: 70000}, [bytes(4096)]))
    struct.pack_into("<I", pointing, pointing.index(struct.pack("<HHI", 34665, 4, 1)) + 8, len(pointing))
    start = len(pointing) + 2 + 12 * 30000 + 4
    listed = [(20000 + number, 7, 600000, start) for number in range(30000)]
    yield "EXIF of overlapping values in a TIFF", bytes(pointing) + directory(listed) + bytes(600000)


def stacks() -> Iterator[tuple[str, bytes]]:
    """Yield files that claim many pages or frames, or long texts about them."""
    listed = [(tag, 4, 1, value) for tag, value in GREY.items()] + [(273, 4, 1, 8), (279, 4, 1, 4096)]
    size = 2 + 12 * len(listed) + 4
    start, count = 8 + 4096, 8000
    pages = (directory(sorted(listed), start + size * (number + 1)) for number in range(count - 1))
    body = b"".join(pages) + directory(sorted(listed))
    head = struct.pack("<2sHI", b"II", 42, start)
    yield "8000 pages that share a strip", head + bytes(4096) + body
    packed = [(259, 4, 1, 8) if entry[0] == 259 else entry for entry in listed]
    pages = (directory(sorted(packed), start + size * (number + 1)) for number in range(count - 1))
    yield (
        "8000 compressed pages that share a strip",
        head + deflated(1).ljust(4096, b"\0")[:4096] + b"".join(pages) + directory(packed),
    )
    for name, text in (
        ("ImageJ text of 999999999 pages", "ImageJ=1\nimages=999999999\nslices=999999999\n"),
        ("ImageJ text of many lines", "ImageJ=1\nimages=2\nframes=2\n" + "a=1\n" * 200000),
        ("OME-XML in deep tags", "<?xml version='1.0'?><OME>" + "<a>" * 170000 + "</a>" * 80000 + "</OME>"),
        (
            "OME-XML of many blocks",
            "<?xml version='1.0'?><OME><Image><Pixels SizeX='64' SizeY='64' SizeZ='1' SizeC='1' SizeT='1'>"
            + "<TiffData IFD='0'/>" * 45000
            + "</Pixels></Image></OME>",
        ),
        (
            "OME-XML of a milliard of planes",
            "<?xml version='1.0'?><OME><Image><Pixels SizeZ='1000000000'/></Image></OME>",
        ),
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, np.zeros((64, 64), np.uint8), description=text, metadata=None)
        yield name, file.getvalue()
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    colours = b"\0\0\0\xff\xff\xff\0\0\0\xff\xff\xff"
    screen = b"GIF89a" + struct.pack("<HHBBB", 2000, 2000, 0x81, 0, 0) + colours
    yield "a GIF of 60000 frames", screen + frame * 60000 + b";"
    yield (
        "a GIF of 20000 x 20000",
        b"GIF89a" + struct.pack("<HHBBB", 20000, 20000, 0x81, 0, 0) + colours + frame + b";",
    )
    yield "a PGM of 20000 x 20000", b"P5 20000 20000 255\n" + bytes(1000)
    yield "a PGM of text", b"P2 1000 1000 255\n" + b"7" * 1000000
    nifti = bytearray(352)
    struct.pack_into("<I", nifti, 0, 348)
    struct.pack_into("<8h", nifti, 40, 3, 800, 800, 800, 1, 1, 1, 1)
    struct.pack_into("<2h", nifti, 70, 2, 8)
    nifti[344:348] = b"n+1\0"
    yield "NIfTI of 800 x 800 x 800", bytes(nifti) + bytes(1000)


def pngs() -> Iterator[tuple[str, bytes]]:
    for width, height, bits, colour in (
        (20000, 20000, 8, 2),
        (15000, 15000, 16, 6),
        (1 << 29, 1, 8, 0),
        (1, 1 << 29, 8, 0),
    ):
        yield f"PNG of {width} x {height}", raw_png(width, height, bits, colour, bytes(1000))
    yield "interlaced PNG", raw_png(15000, 15000, 16, 6, bytes(1000), interlace=1)
    start = raw_png(64, 64, 8, 0, BLACK)[:33]
    end = chunk(b"IEND", b"")
    black = chunk(b"IDAT", zlib.compress(BLACK)) + end
    yield "a PNG that unpacks to a gigabyte", start + chunk(b"IDAT", deflated(1000)) + end
    yield "85000 empty chunks", start + chunk(b"prIv", b"") * 85000 + end
    yield "85000 empty chunks of pixels", start + chunk(b"IDAT", b"") * 85000 + end
    text = zlib.compress(bytes(MEGABYTE - 100))
    texts = b"".join(chunk(b"zTXt", b"k%d\0\0" % number + text) for number in range(900))
    yield "texts that unpack to 900 MB", start + texts + black
    yield "a profile that unpacks to 500 MB", start + chunk(b"iCCP", b"x\0\0" + deflated(500)) + black
    yield "EXIF of overlapping values in a PNG", start + chunk(b"eXIf", exif(40000, MEGABYTE)) + black
    damaged = exif(40000, MEGABYTE)[: MEGABYTE // 2]
    yield "EXIF of overlapping values that is cut short", start + chunk(b"eXIf", damaged) + black
    words = b"Raw profile type exif\0\nexif\n 490000\n" + b"00" * 490000
    yield "EXIF in text", start + chunk(b"tEXt", words) + black
    yield "two milliards of frames", start + chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)) + black


def jpegs() -> Iterator[tuple[str, bytes]]:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    for progressive, marker in ((False, b"\xff\xc0"), (True, b"\xff\xc2")):
        data = encoded("JPEG", noise, progressive=progressive)
        frame = data.index(marker) + 5
        for height, width in ((23000, 23000), (8000, 65500)):
            large = data[:frame] + struct.pack(">HH", height, width) + data[frame + 4 :]
            yield f"JPEG of {width} x {height}, progressive: {progressive}", large
            yield f"JPEG of {width} x {height}, progressive: {progressive}, cut short", large[:-50]
    start, rest = data[:2], data[2:]
    yield "240000 comments", start + b"\xff\xfe\0\2" * 240000 + rest
    yield "500000 beginnings", start * 500000
    yield "a million fill bytes", start + b"\xff" * 1000000 + rest
    yield "60000 pieces of a profile", start + (b"\xff\xe2\0\x10ICC_PROFILE\0\1\1") * 60000 + rest
    block = exif(40000, MEGABYTE)
    pieces = [b"Exif\0\0" + block[place : place + 65000] for place in range(0, len(block), 65000)]
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(piece)) + piece for piece in pieces)
    yield "EXIF of overlapping values in a JPEG", start + segments + rest
    large = encoded("JPEG", np.zeros((8192, 8192), np.uint8), progressive=True)
    header = large.rindex(b"\xff\xda")
    yield "3000 scans of 8192 x 8192", large[:-2] + large[header:-2] * 3000 + b"\xff\xd9"


def others() -> Iterator[tuple[str, bytes]]:
    def bmp(width: int, height: int, bits: int, compression: int, data: bytes) -> bytes:
        info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 1078 + len(data), 0, 0, 1078) + info + bytes(1024) + data

    yield "BMP of 20000 x 20000", bmp(20000, 20000, 24, 0, bytes(1000))
    yield "short runs in long rows", bmp(20000, 20000, 8, 1, b"\1\1\0\0" * 250000)
    yield "jumps over rows", bmp(20000, 20000, 8, 1, b"\0\2\xff\xff" * 250000)
    yield "runs for half of the pixels", bmp(4096, 2048, 8, 1, b"\1\1\0\0" * 1024)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    lossy = bytearray(encoded("WEBP", noise))
    struct.pack_into("<HH", lossy, 26, 16383, 16383)
    yield "lossy WebP of 16383 x 16383", bytes(lossy)
    lossless = bytearray(encoded("WEBP", noise, lossless=True))
    (word,) = struct.unpack_from("<I", lossless, 21)
    struct.pack_into("<I", lossless, 21, word >> 28 << 28 | 16382 << 14 | 16382)
    yield "lossless WebP of 16383 x 16383", bytes(lossless)
    head = "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }"
    for name, text in (
        ("a shape that the file cannot hold", head % "(1000000000000,)"),
        ("a shape of 9000 digits", head % f"({'9' * 9000},)"),
        ("a shape of 2000 axes", head % f"({'1,' * 2000})"),
        ("a negative shape", head % "(-1,)"),
        ("an empty shape", head % "(0, 1000000000000)"),
        (
            "an element of 2 GB",
            "{'descr': [('a', '|u1', (2147483647,))], 'fortran_order': False, 'shape': (1,)}",
        ),
        ("parentheses", "(" * 9000),
        ("signs", "{'descr': " + "-" * 9000 + "1}"),
        ("sums", "1" + "+1" * 4500),
    ):
        yield f"npy with {name}", b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + bytes(99)
    yield "npy with a header of 4 GB", b"\x93NUMPY\2\0" + b"\xff" * 4 + bytes(99)


def seeds() -> Iterator[tuple[str, bytes]]:
    """Yield small valid files of every kind, to be damaged."""
    rng = np.random.default_rng(1)
    grey, colour = (rng.integers(0, 256, shape, np.uint8) for shape in ((40, 48), (40, 48, 3)))
    deep = rng.integers(0, 65536, (40, 48, 3), np.uint16)
    for kind, options in (
        ("PNG", {}),
        ("BMP", {}),
        ("JPEG", {"quality": 30}),
        ("JPEG", {"quality": 30, "progressive": True, "restart_marker_blocks": 4}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ):
        yield kind, encoded(kind, colour, **options)
    yield "PNG", encoded("PNG", grey, bits=4)
    yield "PNG", raw_png(9, 5, 16, 6, b"".join(b"\0" + bytes(range(72)) for _ in range(5)), interlace=1)
    palette = io.BytesIO()
    Pillow.fromarray(colour).quantize(16).save(palette, "PNG", transparency=3)
    yield "PNG", palette.getvalue()
    for kind, options in (("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})):
        file = io.BytesIO()
        others = [Pillow.fromarray(colour[::-1]), Pillow.fromarray(colour[:, ::-1])]
        Pillow.fromarray(colour).save(file, kind, save_all=True, append_images=others, duration=40, **options)
        yield f"animated {kind}", file.getvalue()
    yield "JPEG 2000", encoded("JPEG2000", colour)
    yield "PGM", b"P5\n48 40\n255\n" + grey.tobytes()
    for options in (
        {"metadata": None},
        {"imagej": True},
        {"ome": True, "metadata": {"axes": "ZYX"}},
        {"compression": "zlib"},
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, np.stack([grey] * 3), photometric="minisblack", **options)
        yield "TIFF of three pages", file.getvalue()
    for pixels, options in (
        (grey, {"compression": "lzw", "rowsperstrip": 7}),
        (grey, {"compression": "zlib", "tile": (16, 16), "byteorder": ">"}),
        (grey, {"compression": "packbits", "bigtiff": True}),
        (grey > 99, {"compression": None}),
        (deep, {"compression": "zlib", "predictor": 2, "photometric": "rgb", "rowsperstrip": 9}),
        (deep, {"compression": "zstd", "photometric": "rgb", "planarconfig": "contig"}),
        (np.moveaxis(deep, -1, 0), {"compression": "lzma", "photometric": "rgb", "planarconfig": "separate"}),
        (colour, {"compression": "jpeg", "photometric": "rgb"}),
        (colour, {"compression": "webp", "photometric": "rgb"}),
        (grey, {"compression": "jpeg2000"}),
        (grey.astype(np.float32), {"photometric": "miniswhite"}),
        (np.stack([grey] * 3), {"photometric": "minisblack"}),
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, **options)
        yield "TIFF", file.getvalue()
    file = io.BytesIO()
    Pillow.fromarray(grey > 99).save(file, "TIFF", compression="group4")
    yield "TIFF", file.getvalue()
    file = io.BytesIO()
    np.save(file, deep)
    yield "npy", file.getvalue()


NUMBERS = [0, 1, 2, 3, 7, 8, 15, 16, 63, 127, 128, 255, 256, 4095, 32767, 32768, 65535, 65536, 1 << 24]
NUMBERS += [(1 << 31) - 1, 1 << 31, (1 << 32) - 1]


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a few bytes or numbers, or remove or repeat a part, mostly near the start or the end."""
    broken = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        near = int(rng.integers(0, min(len(broken), 300)))
        position = int(rng.choice([near, len(broken) - 1 - near, rng.integers(0, len(broken))]))
        match rng.integers(0, 6):
            case 0:
                broken[position] = rng.integers(0, 256)
            case 1:
                broken[position] ^= 1 << rng.integers(0, 8)
            case 2 | 3:
                number = int(rng.choice(NUMBERS)) if rng.random() < 0.7 else near
                size = int(rng.choice([2, 4]))
                order = "little" if rng.random() < 0.5 else "big"
                broken[position : position + size] = (number % (1 << 8 * size)).to_bytes(size, order)
            case 4:
                length = int(rng.integers(1, 64))
                broken[position:position] = broken[near : near + length]
            case 5:
                del broken[position : position + int(rng.integers(1, 64))]
        if len(broken) < 8:
            break
    return bytes(broken)


def hunt(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield files with random damage."""
    rng = np.random.default_rng(seed)
    sound = list(seeds())
    for number in range(count):
        kind, data = sound[number % len(sound)]
        yield f"{kind} number {number}", damaged(data, rng)
