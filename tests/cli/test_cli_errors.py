"""Every way to fail: one line, an exit code, and nothing left behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import imfilter
from imfilter import cli, io
from imfilter._cli import messages
from imfilter._simd.compiler import NOTICE
from tests.cli.commands import (
    COINS,
    done,
    failed,
    noise,
    run,
    said,
    save,
    subprocess_env,
)
from tests.looping import loop_over


@loop_over(
    ("arguments", "words"),
    [
        ([], "missing filter"),
        (["sobl", "a", "b"], "unknown filter 'sobl'; did you mean 'sobel'?"),
        (["laplacian-of-gausian", "a", "b"], "did you mean 'laplacian_of_gaussian'?"),
        (["GaussianBlur", "a", "b"], "unknown filter 'GaussianBlur'; here it is called 'gaussian'"),
        (["rolling", "a", "b"], "unknown filter 'rolling'; did you mean 'rolling_ball'?"),
        (["opening", "a", "b"], "unknown filter 'opening'; here it is called 'open'"),
        (["morphology.opening", "a", "b"], "unknown filter 'morphology.opening'; here it is called 'open'"),
        (["qqq", "a", "b"], "see imfilter --help"),
        (["box", "IN", "-", "--format", "csv"], "--format csv is for harris, "),
        (["box", "IN", "IN", "out/", "--format", "json"], "give box a format of pictures"),
        (["--nope"], "no such option"),
        (["sobel"], "missing argument 'IN'"),
        (["sobel", "IN"], "missing argument 'OUT'"),
        (["sobel", "IN", "out.png", "more"], "unexpected extra argument"),
        (["gaussian", "IN", "out.png", "--sgma", "1"], "--sigma"),
        (["gaussian", "IN", "out.png", "--sigma", "abc"], "'abc' is not a number"),
        (["gaussian", "IN", "out.png", "--sigma", "nan"], "not a finite number"),
        (["gaussian", "IN", "out.png", "--sigma", ""], "not a number"),
        (["gaussian", "IN", "out.png", "--sigma", "1,"], "not a number"),
        (["gaussian", "IN", "out.png", "--sigma", "-1"], "sigma"),
        (["gaussian", "IN", "out.png", "--sigma", "1,2,3"], "sigma"),
        (["gaussian", "IN", "out.png", "--sigma"], "requires an argument"),
        (["gaussian", "IN", "out.png", "--radius", "1.5"], "not a whole number"),
        (["box", "IN", "out.png", "--size", "0"], "size"),
        (["box", "IN", "out.png", "--size", "-3"], "size"),
        (["box", "IN", "out.png", "--size", "3.5"], "not a whole number"),
        (["box", "IN", "out.png", "--size", "3x5"], "'3x5' is not a whole number; write 3,5"),
        (["gaussian", "IN", "out.png", "--sigma", "1.5 2"], "'1.5 2' is not a number; write 1.5,2"),
        (["box", "IN", "out.png", "--size", "20 X 30"], "'20 X 30' is not a whole number; write 20,30"),
        (["box", "IN", "out.png", "--mode", "reflect"], "mode"),
        (["box", "IN", "out.png", "--mode", "what"], "mode"),
        (["box", "IN", "out.png", "--workers", "0"], "must be 1 or more, got 0"),
        (["box", "IN", "out.png", "--dtype", "int"], "'int' is not one of"),
        (["box", "IN", "out.png", "--dtype", "float32"], "PNG cannot hold float32"),
        (["box", "IN", "out.jpg", "--dtype", "uint16"], "JPEG cannot hold uint16"),
        (["box", "IN", "out.jpg", "--quality", "0"], "must be 1 to 100, got 0"),
        (["box", "IN", "out.jpg", "--background", "blue"], "#rrggbb"),
        (["box", "IN", "out.jpg", "--max-pixels", "-1"], "must be 0 or more"),
        (["box", "IN", "out.png", "--channel-axis", "1"], "must be 0 or -1"),
        (["sobel", "IN", "out.png", "--axis", "w"], "not x, y, z"),
        (["sobel", "IN", "out.png", "--axis", "z"], "axis must be one of the 2 axes"),
        (["sobel", "IN", "out.png", "--axis", "2"], "axis must be one of the 2 axes"),
        (["sobel", "IN", "out.png", "--axis", "99999999999999999999"], "axis must be"),
        (["sobel", "IN", "out.png", "--signed"], "--signed needs --axis"),
        (["sobel", "IN", "out.png", "--full-scale", "0"], "must be positive"),
        (["correlate", "IN", "out.png", "--kernel", "1", "--stride", "0"], "stride"),
        (
            ["correlate", "IN", "out.png", "--kernel", "1", "--padding", "none"],
            "not 'same', 'valid' or a number of pixels",
        ),
        (["correlate", "IN", "out.png", "--kernel", "1,1,1,1,1,1,1", "--padding", "valid"], "kernel"),
    ],
)
def test_usage_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.png", noise(6, 5))
    assert words in failed(capsys, 2, *("in.png" if word == "IN" else word for word in arguments))
    assert os.listdir(tmp_path) == ["in.png"]


@loop_over(
    ("arguments", "words"),
    [
        (["blobs", "nan.npy", "out.csv"], "mark absent samples with --mask or --nan ignore"),
        (["canny", "rgb.npy", "out.npy"], "give --channel-axis -1 if the last axis is colour, or --axes YX"),
        (["canny", "nan.npy", "out.npy", "--threshold", "quantile"], "with --threshold quantile, got None"),
        (["canny", "nan.npy", "out.npy", "--low", "3", "--high", "2"], "got --low 3.0 and --high 2.0"),
        (["hog", "rgb.npy", "out.npy"], "name the channels with --channel-axis"),
        (
            ["hog", "nan.npy", "out.npy", "--transform-sqrt"],
            "image must not be negative with --transform-sqrt",
        ),
        (["steered", "rgb.npy", "out.npy"], "choose them with --axes or --channel-axis"),
        (["resize", "nan.npy", "out.npy", "--align", "corners", "--scale", "2"], "for --method area, got"),
        (["gaussian", "nan.npy", "out.npy", "--sigma", "1e9"], "with --truncate 4.0"),
        (["box", "nan.npy", "out.npy", "--mode", "same"], "which is a value of --padding of correlate"),
        (["pipe", "rgb.npy", "out.npy", "gabor"], "choose them with --axes or --channel-axis"),
        (
            ["pipe", "nan.npy", "out.npy", "difference_of_gaussians --low 3 --high 2"],
            "at least --low 3.0, got",
        ),
        (["series", "savgol", "nan.npy", "out.npy", "--size", "5", "--order", "7"], "less than --size 5"),
        (["correlate", "rgb.npy", "out.npy", "--kernel", "object.npy"], "holds objects of Python"),
    ],
)
def test_messages_of_functions_name_options(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = noise(20, 30, 3) / 255 - 0.5
    save(tmp_path / "rgb.npy", pixels)
    np.save(tmp_path / "object.npy", np.array([{}], object), allow_pickle=True)
    pixels[3, 4] = np.nan
    save(tmp_path / "nan.npy", pixels[..., 0])
    if arguments[0] == "hog" and "nan.npy" in arguments:
        save(tmp_path / "nan.npy", np.full((20, 30), -1.0))
    assert words in failed(capsys, 2, *arguments)


def test_messages_of_several_files_name_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "rgb.npy", noise(9, 8, 3) / 255)
    assert run("canny", source, COINS, f"{tmp_path}/out/") == 1
    assert "give --channel-axis -1 if" in said(capsys)


def test_words_of_the_user_are_no_keywords() -> None:
    assert messages.of_options("'mask=3' is not a number", ["mask"]) == "'mask=3' is not a number"
    assert messages.of_options("/a/mask=3.png: no", ["mask"]) == "/a/mask=3.png: no"
    for path in ("mask=3.png", "my mask=3.tar.gz", "mask=3/a.png", "b mask=3/a", "C:\\a mask=3\\b"):
        assert messages.of_options(f"{path}: no", ["mask"]) == f"{path}: no"
    assert messages.of_options("mask=2.5e-07: no", ["mask"]) == "--mask 2.5e-07: no"
    assert (
        messages.of_options("give value_range=(0, 1), size=3", ["value_range"])
        == "give --value-range 0,1, size=3"
    )


def test_a_file_whose_name_starts_like_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "-dash.png", noise(6, 5))
    (tmp_path / "-d").mkdir()
    for words in (["-dash.png", "out.png"], ["./-dash.png", "--out.png"], ["./-dash.png", "-d"]):
        message = failed(capsys, 2, "sobel", *words)
        start, _, advised = message.partition("; for a file of this name, write ")
        assert start.startswith("no such option '-")
        done("sobel", *(advised if advised == f"./{word}" else word for word in words))
    assert sorted(os.listdir(tmp_path)) == ["--out.png", "-d", "-dash.png", "out.png"]
    assert "write ./" not in failed(capsys, 2, "sobel", "in.png", "out.png", "--nope=3.5")
    for words in (["-s", "3"], ["-s0.5"]):
        assert "write ./" not in failed(capsys, 2, "sobel", "in.png", "out.png", *words)


def test_no_commas_where_one_number_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor in place of a point between digits of a whole number."""
    for option, text in [("--workers", "1x2"), ("--quality", "90;80"), ("--size", "20.5x30")]:
        assert "; write" not in failed(capsys, 2, "box", "in.png", "out.png", option, text)
    assert "; write" not in failed(capsys, 2, "gaussian", "in.png", "out.png", "--truncate", "2 3")


def test_file_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "in.png", noise(64, 64, 3))
    data = (tmp_path / "in.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    before = sorted(os.listdir(tmp_path))
    for source, destination, words in [
        ("none.png", "out.png", "none.png: cannot be read: No such file"),
        ("cut.png", "out.png", "cut.png: is damaged"),
        ("text.png", "out.png", "text.png: is not an image"),
        ("empty.png", "out.png", "empty.png: is empty"),
        ("in.png", "out.svg", "unknown file type '.svg'"),
        ("in.png", "out", "unknown file type"),
        ("in.png", "none/out.png", "does not exist"),
        ("in.png", "/proc/out.png", "cannot be written"),
    ]:
        assert words in failed(capsys, 1, "sobel", source, destination)
    assert "more than the limit of 10" in failed(capsys, 1, "sobel", "in.png", "out.png", "--max-pixels", 10)
    assert sorted(os.listdir(tmp_path)) == before
    done("sobel", "in.png", "out.png", "--max-pixels", 0)


def test_the_output_is_checked_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: Any, **options: Any) -> Any:
        raise AssertionError("read before the output was checked")

    monkeypatch.setattr(io, "read", never)
    for name in ("out.svg", "none/out.png"):
        failed(capsys, 1, "sobel", COINS, tmp_path / name)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (MemoryError(), 1),
        (OSError(28, "No space left on device"), 1),
        (ValueError("two\nlines"), 2),
        (TypeError("sigma must be a number"), 2),
        (OverflowError("too large"), 2),
    ],
)
def test_failures_of_a_filter(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    code: int,
) -> None:
    def fail(*args: Any, **options: Any) -> Any:
        raise failure

    monkeypatch.setattr(imfilter, "box", fail, raising=False)
    failed(capsys, code, "box", COINS, tmp_path / "out.png")
    assert os.listdir(tmp_path) == []


def test_interrupt_is_quiet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(imfilter, "box", interrupt, raising=False)
    assert run("box", COINS, tmp_path / "out.png") == 130
    assert capsys.readouterr() == ("", "")
    monkeypatch.undo()
    monkeypatch.setattr(os, "replace", interrupt)
    assert run("box", COINS, tmp_path / "out.png") == 130
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["gaussian", "--sigma", "1e300"],
        ["gaussian", "--sigma", "1", "--truncate", "1e300"],
        ["gaussian", "--radius", "99999999999999999999999"],
        ["laplacian_of_gaussian", "--sigma", "1e300"],
        ["difference_of_gaussians", "--low", "1e200", "--high", "1e308"],
        ["box", "--size", "99999999999999999999999"],
        ["sharpen", "--amount", "1e308"],
        ["correlate", "--kernel", "1", "--stride", "99999999999999999999999"],
        ["correlate", "--kernel", "1,1", "--dilation", "99999999999999999999999"],
        ["correlate", "--kernel", "1", "--padding", "99999999999999999999999"],
        ["correlate", "--kernel", "1e308,1e308"],
        ["sobel", "--spacing", "1e-320"],
        ["sobel", "--full-scale", "1e-320"],
    ],
)
def test_huge_values_end_in_a_picture_or_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    source = save(tmp_path / "in.png", noise(6, 5))
    code = run(arguments[0], source, tmp_path / "out.png", *arguments[1:])
    out, err = capsys.readouterr()
    err = err.replace(NOTICE, "")  # where nothing is compiled yet
    assert code in (0, 1, 2)
    assert out == ""
    assert (err == "") if code == 0 else (err.startswith("imfilter: error: ") and err.count("\n") == 1)
    assert (tmp_path / "out.png").exists() == (code == 0)


def limited() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp", "webp", "npy"])
def test_a_full_disk(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"out.{suffix}"
    out.write_bytes(b"old")
    result = subprocess.run(
        [sys.executable, "-c", "from imfilter.cli import main; main()", "gaussian", str(COINS), str(out)],
        preexec_fn=limited,
        env=subprocess_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("imfilter: error: ")]
    assert len(errors) == 1
    assert "File too large" in errors[0] or "No space left on device" in errors[0]
    assert "Traceback" not in result.stderr
    assert out.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [out.name]


def test_nothing_but_errors_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    done("sobel", COINS, tmp_path / "out.png")
    done("sobel", COINS, tmp_path / "out.png")
    out, err = capfd.readouterr()
    assert out == ""
    assert "error" not in err


def test_decoders_add_nothing_to_the_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.tif"
    Pillow.fromarray(noise(40, 40, 3)).save(path, compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[300:340] = bytes(255 - value for value in data[300:340])
    path.write_bytes(data)
    cli.call(["sobel", str(path), str(tmp_path / "out.png")])
    lines = capfd.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("imfilter: ")] == []


@pytest.mark.slow
def test_standard_error_may_be_closed(tmp_path: Path) -> None:
    code = "import os; os.close(2); from imfilter import cli; cli.main()"
    command = [sys.executable, "-c", code, "box", str(COINS), str(tmp_path / "out.png")]
    subprocess.run(command, env=subprocess_env(), check=True)
    assert os.listdir(tmp_path) == ["out.png"]
