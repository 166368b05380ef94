"""`imfilter warmup`: compiling ahead, and saying so when nothing of it can be kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import imfilter
from imfilter._base import warmup
from tests.cli.commands import done, failed, subprocess_env

# One step of the list, so that the compiler is not waited for eight times.
FIRST_STEP = """
import sys
from imfilter import cli
from imfilter._base import warmup
steps = warmup.steps()
warmup.steps = lambda: steps[:1]
sys.exit(cli.call(["warmup"]))
"""


def first_step(cache: Path) -> subprocess.CompletedProcess[str]:
    """Run the command, cut to its first step, in a fresh process."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", FIRST_STEP],
        env=subprocess_env() | {"IMFILTER_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def errors(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what is on stderr, without the word that compiling takes its time."""
    return [line for line in result.stderr.splitlines() if "compiling for" not in line]


def test_every_step_runs_and_the_last_line_counts_them(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        done("warmup")
        out = capsys.readouterr().out
        assert out.startswith(f"{len(warmup.steps())} steps in ")
        assert out.count("\n") == 1


def test_labels_are_distinct_and_the_function_takes_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = [label for label, _ in warmup.steps()]
    assert len(set(labels)) == len(labels)
    taken: list[str] = []
    monkeypatch.setattr(
        warmup, "steps", lambda: [(label, lambda label=label: taken.append(label)) for label in labels]
    )
    imfilter.warmup()
    assert taken == labels


@pytest.mark.slow
def test_what_was_compiled_is_kept(tmp_path: Path) -> None:
    first = first_step(tmp_path)
    assert (first.returncode, errors(first)) == (0, [])
    assert first.stdout.endswith(f"compiled into {tmp_path / 'imfilter'}\n")
    files = sorted(tmp_path.rglob("*.nbc"))
    assert files
    second = first_step(tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.endswith("nothing to compile\n")
    assert sorted(tmp_path.rglob("*.nbc")) == files


@pytest.mark.slow
def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    """Warming up in vain is an error: a build should stop there."""
    (tmp_path / "file").write_text("")
    result = first_step(tmp_path / "file" / "sub")
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = errors(result)
    assert line.startswith("imfilter: error: compiled kernels cannot be kept in ")
    assert "IMFILTER_CACHE_DIR" in line


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    done("warmup", "--help")
    assert "container" in capsys.readouterr().out
    assert "unexpected extra argument" in failed(capsys, 2, "warmup", "in.png")
    assert "did you mean 'warmup'?" in failed(capsys, 2, "warmpu")
