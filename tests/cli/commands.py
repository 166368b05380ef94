"""Functions that run the command in the process of the tests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import imfilter
from imfilter import cli, io
from imfilter._cli import table
from imfilter._simd.compiler import NOTICE

ROOT = Path(__file__).parents[2]
COINS = ROOT / "samples" / "coins.png"
RNG = np.random.default_rng(11)
#: A keyword of Python in a message. Text of the user has another character before it.
KEYWORD = re.compile(r"[\s(][a-z_]+=")
NAMES = [command.name for command in table.COMMANDS]
DERIVATIVES = [command.name for command in table.COMMANDS if command.kind == "derivative"]
STATISTICS = [command.name for command in table.COMMANDS if command.kind in ("statistic", "entropy")]
MEASURES = [command.name for command in table.COMMANDS if command.kind in ("oriented", "measure")]
#: Measures from 0 to 1 and angles. They do not depend on the values that are black and white.
RANGED = ["frangi", "meijering", "orientation", "coherence"]
SMOOTHING = [command.name for command in table.COMMANDS if command.kind == "smoothing"]
PRESERVING = [command.name for command in table.COMMANDS if command.kind == "preserving"]
RESIDUES = [command.name for command in table.COMMANDS if command.kind == "residue"]
EXTRA = {
    "resize": ["--scale", "0.75"],
    "correlate": ["--kernel", "1,2,1;2,4,2;1,2,1"],
    "convolve": ["--kernel", "SHARPEN"],
    "tophat": ["--element", "disk:6"],  # details of three pixels are few in a photograph
    "blackhat": ["--element", "disk:6"],
}


def run(*arguments: object) -> int:
    return cli.call([str(argument) for argument in arguments])


def done(*arguments: object) -> None:
    assert run(*arguments) == 0


def save(path: Path, pixels: np.ndarray) -> Path:
    alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    plain = path.suffix == ".npy"
    io.write(path, io.Image(pixels, pixels.ndim == 3 and not plain, alpha and not plain))
    return path


def noise(*shape: int, dtype: str = "uint8") -> np.ndarray:
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the text on stderr without the notice about compilation. Check that stdout is empty."""
    out, err = capsys.readouterr()
    assert out == ""
    return err.replace(NOTICE, "")


def failed(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> str:
    """Run a command that must fail. Check that stdout is empty, and return the only line on stderr."""
    assert run(*arguments) == code
    err = said(capsys)
    assert err.startswith("imfilter: error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not KEYWORD.search(err), "the command has options, and no keywords"
    return err.removeprefix("imfilter: error: ").strip()


def subprocess_env() -> dict[str, str]:
    package = str(Path(imfilter.__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": package}


PEAKS = """
import json, sys
from imfilter import cli
from tests import memory
for words in json.loads(sys.argv[1]):
    if code := cli.call(words):
        sys.exit(code)
    print(memory.peak())
"""


def peaks_of(*commands: list[object]) -> list[int]:
    """Return how many bytes a process of its own had in memory at most, after each of some commands.

    What a command takes is the difference to the one before, which takes less.
    """
    words = json.dumps([[str(word) for word in command] for command in commands])
    result = subprocess.run(
        [sys.executable, "-c", PEAKS, words],
        env=subprocess_env(),
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in result.stdout.split()]
