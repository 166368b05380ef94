"""Kernels on the command line: rows, names, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import io
from imfilter._cli import kernels
from tests.cli.commands import (
    done,
    failed,
    noise,
    save,
)


@pytest.mark.parametrize("name", ["correlate", "convolve"])
def test_kernel_forms(tmp_path: Path, name: str) -> None:
    pixels = noise(12, 9)
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.npy"
    kernel = np.array([[0.0, 1, 2], [-1, 3, 0.5]])
    np.save(tmp_path / "k.npy", kernel)
    np.savetxt(tmp_path / "k.txt", kernel)
    np.savetxt(tmp_path / "k.csv", kernel, delimiter=",")
    function = getattr(imfilter, name)
    for text in (
        "0,1,2;-1,3,.5",
        "0 1 2; -1 3 0.5;",
        *(tmp_path / f"k.{suffix}" for suffix in ("npy", "txt", "csv")),
    ):
        done(name, source, out, "--kernel", text)
        np.testing.assert_array_equal(np.load(out), function(pixels, kernel))
    done(name, source, out, "--kernel", "-1,0,1")  # one row
    np.testing.assert_array_equal(np.load(out), function(pixels, [[-1, 0, 1]]))
    done(name, source, out, "--kernel", "1,2,1", "--kernel", "-1,0,1")
    separable = [np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])]
    np.testing.assert_array_equal(np.load(out), function(pixels, separable))
    done(name, source, out, "--kernel", "sharpen")
    np.testing.assert_array_equal(np.load(out), function(pixels, imfilter.weights.SHARPEN))
    done(name, source, out, "--kernel", "SOBEL_X")
    np.testing.assert_array_equal(np.load(out), function(pixels, imfilter.weights.SOBEL.kernel(1)))
    done(name, source, out, "--kernel", "FIRST_DIFFERENCE")
    np.testing.assert_array_equal(np.load(out), function(pixels, [[-1, 0, 1]]))


def test_correlate_rounds_and_saturates(tmp_path: Path) -> None:
    pixels = np.array([[0, 100, 200, 255]], np.uint8)
    source, out = save(tmp_path / "in.png", pixels), tmp_path / "out.png"
    done("correlate", source, out, "--kernel", "2")
    assert io.read(out).pixels.tolist() == [[0, 200, 255, 255]]
    done("correlate", source, out, "--kernel", "-1")
    assert io.read(out).pixels.tolist() == [[0, 0, 0, 0]]
    done("correlate", source, out, "--kernel=-1", "--signed")
    assert io.read(out).pixels.tolist() == [[128, 28, 0, 0]]
    done("correlate", source, out, "--kernel", "0.5", "--bias", "0.5")
    assert io.read(out).pixels.tolist() == [[0, 50, 100, 128]]
    done("correlate", source, out, "--kernel", "1", "--stride", "1,2")
    assert io.read(out).pixels.tolist() == [[0, 200]]
    done("correlate", source, out, "--kernel", "1,0", "--padding", "valid")
    assert io.read(out).pixels.shape == (1, 3)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "missing option '--kernel'"),
        (["1,2;3"], "rows must have equal lengths"),
        (["1,x"], "must be rows of numbers"),
        (["NOPE"], "must be a kernel in imfilter.weights ("),
        (["SOBEL"], "SOBEL_X"),
        ([""], "must be rows of numbers"),
        (["nope.npy"], "No such file"),
        (["nope.txt"], "nope.txt"),
        (["1,2,1", "1;2", "3"], "once for each of 2 axes"),
        (["1,2,1", "1;2"], "must be 1-D if it is given 2 times"),
        (["nan,1"], "kernel"),
        (["1e400"], "kernel"),
    ],
)
def test_bad_kernels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], texts: list[str], words: str
) -> None:
    source = save(tmp_path / "in.png", noise(5, 5))
    arguments = [part for text in texts for part in ("--kernel", text)]
    assert words in failed(capsys, 2, "correlate", source, tmp_path / "out.png", *arguments)
    assert not (tmp_path / "out.png").exists()


def test_bad_kernel_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = save(tmp_path / "in.png", noise(5, 5))
    np.save(tmp_path / "object.npy", np.array([{}], object), allow_pickle=True)
    np.save(tmp_path / "complex.npy", np.array([[1j]]))
    (tmp_path / "words.csv").write_text("one,two\n")
    (tmp_path / "cut.npy").write_bytes(b"\x93NUM")
    for name in ("object.npy", "complex.npy", "words.csv", "cut.npy"):
        failed(capsys, 2, "correlate", source, tmp_path / "out.png", "--kernel", tmp_path / name)


def test_sum_of_a_kernel() -> None:
    assert kernels.total(np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0.0]])) == 0
    assert kernels.total(np.array([0.1, 0.2, -0.3])) == 0
    assert kernels.total([np.array([1.0, 2, 1]), np.array([1.0, 1])]) == 8
