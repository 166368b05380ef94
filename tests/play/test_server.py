"""The server of the playground: what it refuses, what it tells, and that it stays alive."""

import json
import socket
import struct
import threading
import zlib

import numpy as np
import pytest

from imfilter import io
from imfilter._play import pictures, steps
from imfilter._play.steps import Cancelled
from tests.play.serving import TOKEN, serving

pytest.importorskip("uvicorn", reason='needs "imfilter[play]"')
GAUSSIAN = [{"filter": "gaussian", "options": {"sigma": "2"}}]


@pytest.fixture(scope="module")
def served():
    with serving() as pair:
        yield pair


@pytest.fixture
def client(served):
    return served[0]


@pytest.fixture
def coins(client):
    status, found = client.post("sample", {"name": "coins"})
    assert status == 200
    return found["key"]


def png(width, height, row=b""):
    """A PNG file of a size, whose pixels are rows of zeros: a bomb if the size is large."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress((b"\0" + (row or bytes(width))) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/api/state", f"/{TOKEN}x/", "/page/main.js"])
def test_a_request_without_the_token_is_refused(client, path):
    status, _, content = client.raw(path)
    assert status == 403
    assert b"token" in content


@pytest.mark.parametrize("host", ["example.com", "example.com:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_host_is_refused(client, host):
    status, _, _ = client.raw(f"/{TOKEN}/", headers={"host": host.format(port=client.port)})
    assert status == 403


def test_another_page_is_refused(client):
    path = f"/{TOKEN}/api/state"
    assert client.raw(path, headers={"origin": "http://example.com"})[0] == 403
    assert client.raw(path, headers={"origin": f"http://127.0.0.1:{client.port}"})[0] == 200


def test_the_page_loads_nothing_from_elsewhere(client):
    status, headers, content = client.raw(f"/{TOKEN}/")
    assert status == 200
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    for path in (pictures.Path(pictures.__file__).parent / "page").iterdir():
        text = path.read_text()
        assert "https://" not in text, path
        assert text.count("http://") == text.count("http://www.w3.org/2000/svg"), path
    assert b"<script" in content


@pytest.mark.parametrize(
    "name", ["../server.py", "%2e%2e/server.py", "x.html", "__init__.py", "%2e%2e%2fserver.py"]
)
def test_only_files_of_the_page_are_served(client, name):
    assert client.raw(f"/{TOKEN}/page/{name}")[0] in (403, 404)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"these are words", "is not an image of a known format"),
        (png(64, 64)[:60], "broken"),
        (png(1 << 14, 1 << 14, bytes(16)), "more than the limit"),
        (
            b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999,), }",
            "broken",
        ),
    ],
)
def test_a_picture_that_cannot_be_read_is_told(client, coins, content, told):
    status, answer = client.upload("a\x1b picture.png".replace("\x1b", "%1b"), content)
    assert status == 422
    assert "picture.png: " in answer["error"]
    assert "\n" not in answer["error"]
    assert told in answer["error"] or told == "broken"
    assert client.run(coins, GAUSSIAN)[0]["final"]


def test_an_upload_of_200_megabytes_is_refused(client, coins):
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as opened:
        head = f"POST /{TOKEN}/api/picture HTTP/1.1\r\nhost: 127.0.0.1:{client.port}\r\n"
        opened.sendall(f"{head}content-length: {200 * 2**20}\r\n\r\n".encode())
        assert b" 413 " in opened.recv(1 << 16).splitlines()[0]
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as opened:
        opened.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
        try:
            for _ in range(200):
                opened.sendall(piece)
        except OSError:
            pass  # the server has closed the connection
        else:
            assert b" 413 " in opened.recv(1 << 16).splitlines()[0]
    assert client.run(coins, GAUSSIAN)[0]["final"]


def test_an_upload_that_ends_early_does_no_harm(client, coins, capfd):
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as opened:
        head = f"POST /{TOKEN}/api/picture HTTP/1.1\r\nhost: 127.0.0.1:{client.port}\r\n"
        opened.sendall(f"{head}content-length: 5000\r\n\r\nabc".encode())
    assert client.run(coins, GAUSSIAN)[0]["final"]
    assert capfd.readouterr().err == ""


def test_an_error_of_a_filter_is_its_one_line(client, coins):
    status, answer = client.run(coins, [*GAUSSIAN, {"filter": "median", "options": {"size": "0"}}])
    assert status == 422
    assert answer == {"error": answer["error"], "step": 1}
    assert answer["error"].startswith("size must be ")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([{"filter": "no"}], "filter must be"),
        ([{"filter": "gaussian", "options": {"sigma": "two"}}], "'two' is not a number"),
        ([{"filter": "gaussian", "options": {"workers": "9"}}], "no option 'workers'"),
        ([{"filter": "reconstruct"}], "--seed must be given"),
        ([{"filter": "sobel", "options": {"signed": "true"}}], "--signed needs --axis"),
        ([{}], "must have a filter"),
        ([3], "must have a filter"),
        ([{"filter": "harris"}, *GAUSSIAN], "must be the last step"),
        ([*GAUSSIAN] * 9, "at most 8 steps"),
    ],
)
def test_a_wrong_request_is_told(client, coins, steps, told):
    status, answer = client.run(coins, steps)
    assert status == 422
    assert told in answer["error"]


@pytest.mark.parametrize("view", [[0, 0, 2, 1], [0.5, 0, 0.5, 1], [0, 0, 1], "no", [0, 0, "nan", 1]])
def test_a_wrong_view_is_told(client, coins, view):
    status, answer = client.run(coins, [], view=view)
    assert status == 422
    assert answer["error"].startswith("view must be")


def test_a_request_that_is_no_json_is_told(client):
    assert client.raw(f"/{TOKEN}/api/run", method="POST", body=b"{")[0] == 422
    assert client.raw(f"/{TOKEN}/api/run", method="POST", body=b"[]")[0] == 422
    assert client.raw(f"/{TOKEN}/api/run", method="POST", body=b" " * (1 << 21))[0] == 413


def test_a_closed_request_ends_the_filter(served, coins, monkeypatch):
    client, _ = served
    started, ended = threading.Event(), []
    real = steps.run

    def run(command, image, options, check, **words):
        started.set()
        try:
            return real(command, image, options, check, **words)
        except Cancelled:
            ended.append(command.name)
            raise

    monkeypatch.setattr(steps, "run", run)
    endless = {"weight": "100", "tolerance": "1e-15", "max_iterations": "1000000000"}
    asked = {"picture": coins, "steps": [{"filter": "total_variation", "options": endless}]}
    body = json.dumps({**asked, "view": [0, 0, 1, 1], "size": [9, 9], "final": True})
    head = f"POST /{TOKEN}/api/run HTTP/1.1\r\nhost: 127.0.0.1:{client.port}\r\n"
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as opened:
        opened.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        assert started.wait(30)
    assert client.run(coins, GAUSSIAN)[0]["final"]  # waits for the thread of the other one
    assert ended == ["total_variation"]


def test_a_picture_that_was_dropped_is_told(client):
    status, answer = client.run("none", GAUSSIAN)
    assert status == 422
    assert "no longer open" in answer["error"]


def test_transparency_is_told(client):
    content = (pictures._FOLDERS[1] / "flower.png").read_bytes()
    status, found = client.upload("flower.png", content)
    assert status == 200
    assert "transparency is left out" in found["notice"]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_the_result_is_saved(client, coins, tmp_path, suffix):
    asked = {"picture": coins, "steps": GAUSSIAN, "format": suffix}
    body = json.dumps(asked)
    status, _, content = client.raw(f"/{TOKEN}/api/save", method="POST", body=body)
    assert status == 200
    (tmp_path / f"a{suffix}").write_bytes(content)
    told, shown = client.run(coins, GAUSSIAN)
    saved = io.read(tmp_path / f"a{suffix}").colour
    assert told["size"] == [saved.shape[1], saved.shape[0]]
    assert np.array_equal(saved, shown[..., 0])


def test_the_state_describes_the_page(client, coins):
    status, _, content = client.raw(f"/{TOKEN}/api/state")
    assert status == 200
    assert b'"families"' in content
    assert coins.encode() in content
