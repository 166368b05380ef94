"""The command ``imfilter play``: start the server and open the page."""

from __future__ import annotations

import gc
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser

import click

ABOUT = (
    "Try the filters in the browser: sliders, before and after, and the lines to copy.\n\n"
    "The page is served by this machine for this machine: on the loopback address, with a random token in "
    "the address. It needs no network. Files are written only where the browser saves them. Ctrl-C ends it."
)
_LAST_PORT = 65535
MISSING = 'imfilter play needs the packages starlette and uvicorn; run: pip install "imfilter[play]"'


def run(picture: str | None, *, port: int = 0, browser: bool = True, max_pixels: int | None = None) -> None:
    """Serve the page until the process is interrupted.

    Parameters
    ----------
    picture : str or None
        A file to open first.
    port : int
        The port. 0: any free one.
    browser : bool
        Open the page in the browser.
    max_pixels : int or None
        Largest accepted number of pixels. None: no limit.

    Raises
    ------
    ImportError
        If the server's packages are not installed.
    OSError
        If the picture cannot be read, or the port is in use.
    """
    try:
        import uvicorn

        from .server import Server
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio", "h11"):
            raise
        raise ImportError(MISSING) from None
    from .engine import Engine
    from .pictures import Pictures

    if port > _LAST_PORT:
        raise ValueError(f"--port must be 0 to {_LAST_PORT}, got {port}")
    gc.enable()  # the command disables it, because its other filters run once
    pictures = Pictures(max_pixels)
    if picture is not None:
        pictures.add_file(picture)
    token = secrets.token_urlsafe(24)
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise OSError(f"port {port} cannot be used: {error.strerror or error}") from None
    with listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/{token}/"
        click.echo(f"imfilter play: {address}\nCtrl-C ends it.")
        sys.stdout.flush()
        if browser and _has_screen():
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        config = uvicorn.Config(
            Server(Engine(pictures)).app(token),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        # A thread of the command waits for these signals, and takes one. The server must get the next, which
        # ends it while a filter runs.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        uvicorn.Server(config).run(sockets=[listener])


def _has_screen() -> bool:
    """Tell whether a browser with windows can open. A browser in the terminal would block this one."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
