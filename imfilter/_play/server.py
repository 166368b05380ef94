"""The server of the playground. It answers requests with the token in their path, on the loopback address."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import struct
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .._cli.messages import visible
from .._files.image import FileError, Image
from . import forms, pictures, steps, view, words
from .engine import MOST_STEPS, Engine, Result, StepError
from .steps import Cancelled, Step

_PAGE = Path(__file__).parent / "page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: Largest request that is no picture, in bytes.
_MOST_JSON = 1 << 20
#: The page loads nothing from elsewhere, and no other page shows it in a frame.
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}
_FORMATS = {".png": "image/png", ".tif": "image/tiff", ".npy": "application/octet-stream"}


class Guard:
    """Refuse requests for another host or without the token.

    A name that someone else points to the loopback address (DNS rebinding) is another host.

    Parameters
    ----------
    app : ASGI application
        Answers the requests that are let through. The token is no longer in their paths.
    token : str
        The first part of the path of every request.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(refusal, 403, headers=_HEADERS)(scope, receive, send)

    def _refusal(self, request: Request) -> str | None:
        server = request.scope.get("server") or ("", 0)
        hosts = {f"127.0.0.1:{server[1]}", f"localhost:{server[1]}"}
        if request.headers.get("host") not in hosts:
            return "The host of this address is not this machine."
        origin = request.headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in hosts:
            return "This request comes from another page."
        given = request.url.path.removeprefix("/").partition("/")[0]
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return "Open the whole address that imfilter play shows: it has a token."
        return None


class Server:
    """The answers to the requests of the page.

    Parameters
    ----------
    engine : Engine
        Computes the results.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # A preview does not wait for a result. Each has a thread of its own.
        self._quick = ThreadPoolExecutor(1, "play-quick")
        self._full = ThreadPoolExecutor(1, "play-full")

    def app(self, token: str) -> ASGIApp:
        """Return the ASGI application."""
        routes = [
            Route("/", self._file),
            Route("/page/{name}", self._file),
            Route("/api/state", self._state),
            Route("/api/picture", self._upload, methods=["POST"]),
            Route("/api/sample", self._sample, methods=["POST"]),
            Route("/api/run", self._run, methods=["POST"]),
            Route("/api/words", self._words, methods=["POST"]),
            Route("/api/save", self._save, methods=["POST"]),
        ]
        inner = Starlette(
            routes=[Mount(f"/{token}", routes=routes)],
            exception_handlers={
                StepError: _failed,
                ValueError: _failed,
                OSError: _failed,
                TypeError: _failed,
                MemoryError: _failed,
                RuntimeError: _failed,
                ArithmeticError: _failed,
                ImportError: _failed,
                ClientDisconnect: _closed,
            },
        )
        return Guard(inner, token)

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        path = _PAGE / name
        if "/" in name or path.suffix not in _TYPES or not path.is_file():
            return PlainTextResponse("There is no such file.", 404, headers=_HEADERS)
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)

    async def _state(self, request: Request) -> Response:
        families = await run_in_threadpool(forms.families)
        return _json(
            {
                "families": families,
                "samples": list(pictures.SAMPLES),
                "pictures": [picture.described() for picture in self._engine.pictures.all()],
                "most_bytes": pictures.MAX_BYTES,
                "most_steps": MOST_STEPS,
                "most_view": view.MOST,
            }
        )

    async def _upload(self, request: Request) -> Response:
        name = visible(unquote(request.headers.get("x-name", "picture")))[:200] or "picture"
        content = await _body(request, pictures.MAX_BYTES, name)
        made = await run_in_threadpool(self._engine.pictures.add_bytes, name, content)
        return _json(made.described())

    async def _sample(self, request: Request) -> Response:
        asked = await _asked(request)
        made = await run_in_threadpool(self._engine.pictures.add_sample, str(asked.get("name")))
        return _json(made.described())

    async def _run(self, request: Request) -> Response:
        asked = await _asked(request)
        chain, final = _chain(asked), bool(asked.get("final"))
        seen = _view(asked)
        stretch, key = bool(asked.get("stretch")), str(asked.get("picture"))

        def work(check: Callable[[], None]) -> Response:
            answer = self._engine.answer(key, chain, seen, stretch=stretch, final=final, check=check)
            rows, columns = answer.pixels.shape[:2]
            head = json.dumps({**answer.told, "width": columns, "height": rows}).encode()
            content = b"".join([struct.pack("<I", len(head)), head, answer.pixels.tobytes()])
            return Response(content, media_type="application/octet-stream", headers=_HEADERS)

        return await _while_wanted(request, self._full if final else self._quick, work)

    async def _words(self, request: Request) -> Response:
        asked = await _asked(request)
        chain, key = _chain(asked), str(asked.get("picture"))

        def work(check: Callable[[], None]) -> Response:
            picture, name = self._engine.pictures.get(key), self._name
            images = _inputs(self._engine.results(picture, chain, check))
            given = (picture.name, images, chain, name)
            return _json(
                {
                    "python": words.python(*given),
                    "command": words.command(*given),
                    "toml": words.toml(*given),
                }
            )

        return await _while_wanted(request, self._full, work)

    async def _save(self, request: Request) -> Response:
        asked = await _asked(request)
        chain, key, suffix = _chain(asked), str(asked.get("picture")), asked.get("format")
        if suffix not in _FORMATS:
            raise ValueError(f"format must be one of {', '.join(_FORMATS)}, got {suffix!r}")

        def work(check: Callable[[], None]) -> Response:
            last = self._engine.results(self._engine.pictures.get(key), chain, check)[-1]
            image = _shown(last, stretch=bool(asked.get("stretch"))) if suffix == ".png" else last.image
            content = pictures.encoded(image, suffix)
            return Response(content, media_type=_FORMATS[suffix], headers=_HEADERS)

        return await _while_wanted(request, self._full, work)

    def _name(self, key: str) -> str:
        return self._engine.pictures.get(key).name


def _shown(result: Result, *, stretch: bool) -> Image:
    """Return a result as the page shows it. Bytes and 16 bits stay as they are."""
    pixels = result.image.pixels
    if stretch or result.tone is None:
        pixels = view.stretched(pixels, result.ends)
    elif str(pixels.dtype) not in ("uint8", "uint16"):
        pixels = result.tone(pixels.copy())
    return Image(pixels, channels=result.image.channels)


def _inputs(results: Sequence[Result]) -> list[Image]:
    return [result.image for result in results[:-1]]


def _chain(asked: dict[str, Any]) -> tuple[Step, ...]:
    """Return the steps of a request."""
    chain = []
    for place, given in enumerate(asked.get("steps", ())):
        try:
            chain.append(steps.step(given["filter"], given.get("options", {})))
        except ValueError as error:
            raise StepError(str(error), place) from None
        except (KeyError, TypeError, AttributeError):
            raise StepError("a step must have a filter and options", place) from None
    return tuple(chain)


def _view(asked: dict[str, Any]) -> view.View:
    """Return the view of a request."""
    try:
        left, top, right, bottom = (float(n) for n in asked["view"])
        width, height = (int(n) for n in asked["size"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError("view must be four numbers and size two, in the request") from None
    return view.View(left, top, right, bottom, width, height)


async def _body(request: Request, most: int, name: str) -> bytes:
    """Return the content of a request, or raise FileError once it is larger than allowed."""
    told = FileError(
        f"{name}: is larger than the limit of {most // 2**20} MB; open it with: imfilter play FILE"
    )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise told
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise told
    return bytes(content)


async def _asked(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request."""
    content = await _body(request, _MOST_JSON, "the request")
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("the request is not JSON") from None
    if not isinstance(asked, dict):
        raise ValueError("the request is not a JSON object")
    return asked


async def _while_wanted(
    request: Request, pool: ThreadPoolExecutor, work: Callable[[Callable[[], None]], Response]
) -> Response:
    """Do the work in a thread. It ends early when the page closes the request, because it has a newer one."""
    unwanted = threading.Event()

    def check() -> None:
        if unwanted.is_set():
            raise Cancelled

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        unwanted.set()

    def guarded() -> Response:
        check()
        return work(check)

    watcher = asyncio.ensure_future(watch())
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, guarded)
    except Cancelled as error:
        return await _closed(request, error)
    finally:
        unwanted.set()  # also if the server ends: its thread must not compute to the end
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


def _json(value: Any, status: int = 200) -> Response:
    return JSONResponse(value, status, headers=_HEADERS)


async def _closed(request: Request, error: Exception) -> Response:
    """Return an answer that nobody reads."""
    return PlainTextResponse("The request was closed.", 499, headers=_HEADERS)


async def _failed(request: Request, error: Exception) -> Response:
    """Return an error as its one line."""
    line = "not enough memory" if isinstance(error, MemoryError) else visible(str(error))
    status = 413 if isinstance(error, FileError) and "larger than the limit" in line else 422
    return _json({"error": line, "step": getattr(error, "place", None)}, status)
