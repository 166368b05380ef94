"""The command `imfilter play`: its address, its end, and its errors."""

import builtins
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from imfilter import cli
from imfilter._play import pictures, run
from tests.cli.commands import subprocess_env

COINS = str(pictures._FOLDERS[1] / "coins.png")


@pytest.mark.slow
def test_the_server_starts_and_ends():
    pytest.importorskip("uvicorn", reason='needs "imfilter[play]"')
    command = [sys.executable, "-m", "imfilter", "play", "--no-browser", COINS]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=subprocess_env()
    ) as process:
        try:
            address = process.stdout.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:")
            host, token = address.rstrip("/").rsplit("/", 1)
            assert len(token) >= 32
            with urllib.request.urlopen(f"{address}api/state", timeout=30) as answer:
                assert b"coins.png" in answer.read()
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"{host}/api/state", timeout=30)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode in (0, 130, -signal.SIGINT)  # a shell says 130
    assert errors == ""


def test_it_listens_on_the_loopback_address_only(monkeypatch, capsys):
    asked = []

    def refuse(address):
        asked.append(address)
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(run.socket, "create_server", refuse)
    assert cli.call(["play", "--no-browser", "--port", "8123"]) == 1
    assert asked == [("127.0.0.1", 8123)]
    assert capsys.readouterr().err == "imfilter: error: port 8123 cannot be used: Address already in use\n"


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_wrong_port_is_told(capsys, port):
    assert cli.call(["play", "--no-browser", f"--port={port}"]) in (1, 2)
    assert "port" in capsys.readouterr().err


def test_a_picture_that_cannot_be_read_is_told(tmp_path, capsys):
    text = tmp_path / "a.png"
    text.write_text("words")
    assert cli.call(["play", "--no-browser", str(text)]) == 1
    assert "is not an image of a known format" in capsys.readouterr().err
    assert cli.call(["play", "--no-browser", "--max-pixels", "10", COINS]) == 1
    assert "more than the limit of 10" in capsys.readouterr().err


def test_missing_packages_are_named(monkeypatch, capsys):
    real = builtins.__import__

    def without(name, *args, **words):
        if name.startswith(("uvicorn", "starlette")):
            raise ImportError(f"No module named {name!r}", name=name)
        return real(name, *args, **words)

    monkeypatch.setattr(builtins, "__import__", without)
    assert cli.call(["play", "--no-browser"]) == 1
    assert 'pip install "imfilter[play]"' in capsys.readouterr().err
