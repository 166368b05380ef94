"""Stacks in TIFF files: plain pages, ImageJ, OME and tifffile; damage, and limits of all pages together."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from imfilter import io
from tests.files.hostile import directory
from tests.files.pictures import exif_block, icc, parsed, picture, raw_tiff
from tests.looping import loop_over

PLAIN = {"photometric": "minisblack", "metadata": None}


@loop_over("dtype", ["uint8", "uint16", "int16", "uint32", "float32", "float64"])
@loop_over("options", [{}, {"compression": "zlib", "tile": (16, 16)}, {"bigtiff": True, "byteorder": ">"}])
def test_plain_pages(tmp_path: Path, dtype: str, options: dict) -> None:
    pixels = picture((5, 21, 34), dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, **PLAIN, **options)
    found = io.read(tmp_path / "a.tif")
    assert (found.axes, found.channels) == ("IYX", False)
    np.testing.assert_array_equal(found.pixels, pixels)
    io.write(tmp_path / "b.tif", found)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), pixels)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert len(file.pages) == 5
        assert not any((file.is_imagej, file.is_ome, file.is_shaped))


def test_pages_in_colour_and_their_metadata(tmp_path: Path) -> None:
    pixels = picture((3, 12, 9, 4), "uint8")
    stack = io.Image(pixels, True, True, icc(), exif_block(), (300.0, 200.0), axes="IYXS")
    io.write(tmp_path / "a.tif", stack)
    found = io.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, pixels)
    assert (found.axes, found.alpha, found.icc, found.dpi) == ("IYXS", True, icc(), (300.0, 200.0))
    assert parsed(found.exif)[0x010F] == "A maker"
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert len(file.pages) == 3
        np.testing.assert_array_equal(file.asarray(), pixels)


def test_imagej(tmp_path: Path) -> None:
    pixels = picture((3, 5, 2, 12, 14), "uint16")
    words = {"axes": "TZCYX", "spacing": 0.7, "unit": "um", "finterval": 1.5, "mode": "composite"}
    words |= {"Labels": [f"plane {n}" for n in range(30)], "Info": "microscope\n"}
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, resolution=(4, 2), metadata=words)
    found = io.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.axes == "TZCYX"
    assert found.spacing == (1.5, 0.7, None, 0.5, 0.25)
    assert found.units == ("s", "um", "", "um", "um")
    assert found.distance("X") == (0.25, "um")
    io.write(tmp_path / "b.tif", found)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.is_imagej
        assert file.series[0].axes == "TZCYX"
        for key, value in words.items():
            assert key == "axes" or file.imagej_metadata[key] == value, key
        assert file.pages[0].tags[282].value == (4, 1)
        np.testing.assert_array_equal(file.asarray(), pixels)


def test_units_of_imagej_with_other_letters(tmp_path: Path) -> None:
    units = ("µm", "µm", "µm")
    given = io.Image(
        picture((3, 8, 9), "uint8"), axes="ZYX", spacing=(1.0, 0.5, 0.5), units=units, details={"ImageJ": {}}
    )
    io.write(tmp_path / "a.tif", given)
    found = io.read(tmp_path / "a.tif")
    assert (found.units, found.details["ImageJ"]["unit"]) == (units, "\\u00B5m")
    io.write(tmp_path / "b.tif", found)
    assert io.read(tmp_path / "b.tif").units == units


def test_imagej_with_one_directory(tmp_path: Path) -> None:
    pixels = picture((7, 12, 14), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, truncate=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert len(file.pages) == 1
    found = io.read(tmp_path / "a.tif")
    assert found.axes == "ZYX"
    np.testing.assert_array_equal(found.pixels, pixels)
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:-1])
    with pytest.raises(io.FileError, match="cannot hold 7 pages of 14 x 12"):
        io.read(tmp_path / "a.tif")


OME = {
    "axes": "TCZYX",
    "PhysicalSizeX": 0.1,
    "PhysicalSizeXUnit": "nm",
    "PhysicalSizeY": 0.2,
    "PhysicalSizeZ": 2.0,
    "TimeIncrement": 3.0,
    "Channel": {"Name": ["DAPI", "GFP"]},
}


def test_ome(tmp_path: Path) -> None:
    pixels = picture((2, 2, 4, 12, 14), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", pixels, ome=True, photometric="minisblack", metadata=OME)
    found = io.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.axes == "TCZYX"
    assert found.spacing == (3.0, None, 2.0, 0.2, 0.1)
    assert found.units == ("s", "", "µm", "µm", "nm")
    io.write(tmp_path / "b.tif", found)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.is_ome
        assert file.series[0].axes == "TCZYX"
        assert 'Name="GFP"' in file.ome_metadata
        np.testing.assert_array_equal(file.asarray(), pixels)


@pytest.mark.parametrize("order", ["XYCZT", "XYTCZ", "XYZTC"])
def test_ome_in_any_order_of_pages(tmp_path: Path, order: str) -> None:
    sizes = {"T": 2, "C": 3, "Z": 4}
    axes = order[:1:-1]
    pixels = picture((*(sizes[axis] for axis in axes), 12, 14), "uint8")
    half = sizes[axes[0]] // 2
    text = f"""<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
    <Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="{order}" Type="uint8" SizeX="14" SizeY="12"
    SizeZ="4" SizeC="3" SizeT="2"><Channel ID="Channel:0:0" SamplesPerPixel="1" Name="one"/>
    <TiffData IFD="0" PlaneCount="12"/><TiffData IFD="12" PlaneCount="12" First{axes[0]}="{half}"/>
    </Pixels></Image></OME>"""
    if sizes[axes[0]] % 2:
        text = text.replace('IFD="12" PlaneCount="12"', 'IFD="8" PlaneCount="16"')
        text = text.replace('IFD="0" PlaneCount="12"', 'IFD="0" PlaneCount="8"')
    tifffile.imwrite(tmp_path / "a.tif", pixels, description=text.encode(), **PLAIN)
    found = io.read(tmp_path / "a.tif")
    assert found.axes == f"{axes}YX"
    np.testing.assert_array_equal(found.pixels, pixels)
    io.write(tmp_path / "b.tif", found)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.series[0].axes == f"{axes}YX"
        assert 'Name="one"' in file.ome_metadata


def test_pages_in_another_order_than_the_planes(tmp_path: Path) -> None:
    pixels = picture((3, 12, 14), "uint8")
    blocks = "".join(f'<TiffData IFD="{2 - z}" FirstZ="{z}" PlaneCount="1"/>' for z in range(3))
    text = f"""<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
    <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="14" SizeY="12" SizeZ="3" SizeC="1"
    SizeT="1">{blocks}</Pixels></Image></OME>"""
    tifffile.imwrite(tmp_path / "a.tif", pixels, description=text.encode(), **PLAIN)
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").pixels, pixels[::-1])
    bad = text.replace('IFD="2"', 'IFD="9"')
    tifffile.imwrite(tmp_path / "a.tif", pixels, description=bad.encode(), **PLAIN)
    with pytest.warns(io.FileWarning, match="refers to pages that the file does not have"):
        assert io.read(tmp_path / "a.tif").axes == "IYX"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><OME/><!--OME>", "entities"),
        ("<?xml version='1.0'?><OME><a></OME>", "is not XML"),
        ("<?xml version='1.0'?><OME></OME>", "describes 0 images"),
        ("ImageJ=1.53\nimages=9\nslices=9\n", "has 9 pages, and the file has 3"),
        ("ImageJ=1.53\nimages=3\nslices=-3\n", "not whole numbers"),
    ],
)
def test_texts_that_do_not_fit(tmp_path: Path, text: str, words: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture((3, 8, 8), "uint8"), description=text, **PLAIN)
    with pytest.warns(io.FileWarning, match=words):
        assert io.read(tmp_path / "a.tif").axes == "IYX"


def test_axes_of_tifffile(tmp_path: Path) -> None:
    pixels = picture((3, 4, 8, 9), "float32")
    options = {"photometric": "minisblack", "metadata": {"axes": "QZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    found = io.read(tmp_path / "a.tif")
    assert found.axes == "QZYX"
    io.write(tmp_path / "b.tif", found)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert file.series[0].axes == "QZYX"


def test_results_that_imagej_cannot_hold(tmp_path: Path) -> None:
    pixels = picture((3, 8, 9), "float64")
    spaced = {"spacing": (0.7, 0.5, 0.5), "units": ("um", "um", "um"), "details": {"ImageJ": {"unit": "um"}}}
    io.write(tmp_path / "a.tif", io.Image(pixels, axes="ZYX", **spaced))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.is_ome
    found = io.read(tmp_path / "a.tif")
    assert (found.axes, found.spacing, found.units) == ("ZYX", (0.7, 0.5, 0.5), ("µm", "µm", "µm"))


def test_pages_of_different_sizes(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(picture((8, 9), "uint8"), metadata=None)
        file.write(picture((8, 9), "uint8"), metadata=None)
        file.write(picture((10, 12), "uint8"), metadata=None)
    with pytest.raises(io.FileError, match="page 3 has 12 x 10 pixels and page 1 has 9 x 8"):
        io.read(tmp_path / "a.tif")
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(picture((8, 9), "uint8"), metadata=None)
        file.write(picture((8, 9), "uint16"), metadata=None)
    with pytest.raises(io.FileError, match="page 2 is stored in another way than page 1"):
        io.read(tmp_path / "a.tif")


def test_the_limit_holds_for_all_pages_together(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture((5, 8, 9), "uint8"), **PLAIN)
    with pytest.raises(io.FileError, match="5 planes of 9 x 8 pixels are more than the limit of 359"):
        io.read(tmp_path / "a.tif", max_pixels=359)
    assert io.read(tmp_path / "a.tif", max_pixels=360).pixels.shape == (5, 8, 9)


def test_pages_that_share_their_data(tmp_path: Path) -> None:
    page = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 4, 1, 8), (259, 4, 1, 1), (262, 4, 1, 1)]
    page += [(273, 4, 1, 8), (277, 4, 1, 1), (278, 4, 1, 64), (279, 4, 1, 4096)]
    size = 2 + 12 * len(page) + 4
    start = 8 + 4096
    body = b"".join(directory(page, start + size * (n + 1) if n < 7 else 0) for n in range(8))
    (tmp_path / "a.tif").write_bytes(struct.pack("<2sHI", b"II", 42, start) + bytes(4096) + body)
    with pytest.raises(io.FileError, match="cannot hold 8 pages"):
        io.read(tmp_path / "a.tif")


def test_a_loop_of_pages_is_refused(tmp_path: Path) -> None:
    tags = {256: 8, 257: 6, 258: 8, 259: 1, 262: 1, 277: 1, 278: 6}
    (tmp_path / "a.tif").write_bytes(raw_tiff(tags, [bytes(48)], after=8))
    with pytest.raises(io.FileError, match="its directories form a loop"):
        io.read(tmp_path / "a.tif")


def test_a_page_that_is_cut_off(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 64, 64), np.uint8), compression="zlib", **PLAIN)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        place = file.pages[3].dataoffsets[0]
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[place : place + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(io.FileError, match="is damaged"):
        io.read(tmp_path / "a.tif")
