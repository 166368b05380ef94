"""Films whose end is missing: the sizes in their headers tell how long the file was."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from imfilter import io
from imfilter._files import containers
from tests.cli.commands import done, noise, run

pytest.importorskip("av")


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".avi", ".mp4"])
def test_a_film_whose_end_is_missing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    whole = tmp_path / f"a{suffix}"
    io.write(whole, io.Image(noise(30, 32, 48, 3), True, axes="TYXS"))
    done("box", whole, tmp_path / "b.mkv")
    data = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(data[: len(data) // 2])
    code = run("box", cut, tmp_path / "c.mkv")
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{cut}: is " in line
    assert code == (suffix == ".mp4")  # whose description is at its end
    if code == 0:
        assert f"{len(data) - len(data) // 2} bytes are missing at its end" in line


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".avi", ".mp4", ".mov"])
def test_a_few_bytes_that_are_missing_are_told(tmp_path: Path, suffix: str) -> None:
    whole, cut = tmp_path / f"a{suffix}", tmp_path / f"cut{suffix}"
    io.write(whole, io.Image(noise(5, 32, 48, 3), True, axes="TYXS"))
    data = whole.read_bytes()
    assert containers.missing(str(whole)) == 0
    whole.write_bytes(data + bytes(3))  # zeros behind the end do no harm
    assert containers.missing(str(whole)) == 0
    for count in (1, 2, 8, 9, 40):
        cut.write_bytes(data[:-count])
        told = suffix != ".avi" or count > 8  # some writers of AVI count its header twice
        assert containers.missing(str(cut)) == (count if told else 0)
        if told:
            words = f"{count} byte{'s are' if count > 1 else ' is'} missing at its end"
            with pytest.raises((io.FileWarning, io.FileError), match=words):
                warned(cut)


def warned(path: Path) -> None:
    """Read a file. A warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", io.FileWarning)
        io.read(path)


def test_boxes_of_a_film_in_any_size(tmp_path: Path) -> None:
    """A box has its size in 32 or 64 bits, or goes to the end of the file."""
    path, start = tmp_path / "a.mp4", b"\0\0\0\x0cftypisom"
    wide = b"\0\0\0\x01mdat" + (20).to_bytes(8) + b"abcd"
    for data, expected in [
        (start, 0),
        (start + wide, 0),
        (start + wide[:-1], 1),
        (start + b"\0\0\0\0mdatabc", 0),
        (start + wide + b"\0\0\0\x64free", 92),
    ]:
        path.write_bytes(data)
        assert containers.missing(str(path)) == expected
    path = tmp_path / "a.avi"  # of two parts, as those of more than 1 GB
    data = b"RIFF\x08\0\0\0AVI abcd" + b"RIFF\x10\0\0\0AVIXabcdabcdabcd"
    for cut in (0, 9, 12):
        path.write_bytes(data[: len(data) - cut])
        assert containers.missing(str(path)) == cut


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_what_follows_a_whole_film_does_no_harm(tmp_path: Path, suffix: str) -> None:
    """Tags of ID3 and APE, text, and zeros are no boxes, also if they read like the size of one."""
    path = tmp_path / f"a{suffix}"
    io.write(path, io.Image(noise(5, 32, 48, 3), True, axes="TYXS"))
    data = path.read_bytes()
    tails = b"TAG" + b"Title of the film".ljust(125), b"APETAGEX" + bytes(24), b"8db42d694ccc", bytes(40)
    for tail in tails:
        path.write_bytes(data + tail)
        assert containers.missing(str(path)) == 0
        warned(path)


def test_one_byte_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    io.write(path, io.Image(noise(5, 32, 48, 3), True, axes="TYXS"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(io.FileWarning, match="incomplete: 1 byte is missing at its end; 5 frames"):
        io.read(path)


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_every_frame+default_base_moof+dash"])
def test_fragments(tmp_path: Path, flags: str) -> None:
    av = pytest.importorskip("av")
    path, cut = tmp_path / "a.mp4", tmp_path / "cut.mp4"
    with av.open(str(path), "w", options={"movflags": flags}) as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for plane in noise(5, 32, 48, 3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(plane, format="rgb24")))
        out.mux(stream.encode())
    assert containers.missing(str(path)) == 0
    cut.write_bytes(path.read_bytes()[:-9])
    assert containers.missing(str(cut)) == 9
