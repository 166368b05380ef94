"""A server of the playground in a thread, and a client for it."""

import contextlib
import http.client
import json
import socket
import struct
import threading

import numpy as np

from imfilter._play.engine import Engine
from imfilter._play.pictures import Pictures

TOKEN = "the-token-of-the-tests"


class Client:
    """Requests with the token to a port of this machine."""

    def __init__(self, port):
        self.port = port
        self.address = f"http://127.0.0.1:{port}/{TOKEN}/"

    def raw(self, path, *, method="GET", body=None, headers=None):
        """Send a request for a whole path. Return the status, the headers and the content."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def post(self, name, value):
        """Send JSON. Return the status and the JSON of the answer."""
        status, _, content = self.raw(f"/{TOKEN}/api/{name}", method="POST", body=json.dumps(value))
        return status, json.loads(content)

    def upload(self, name, content):
        """Send a picture."""
        answer = self.raw(f"/{TOKEN}/api/picture", method="POST", body=content, headers={"x-name": name})
        return answer[0], json.loads(answer[2])

    def run(self, picture, steps, *, size=(4096, 1024), view=(0, 0, 1, 1), **more):
        """Ask for a result. Return what is told and the colours of the view, or the error."""
        asked = {"picture": picture, "steps": steps, "view": view, "size": size, "final": True, **more}
        body = json.dumps(asked)
        status, headers, content = self.raw(f"/{TOKEN}/api/run", method="POST", body=body)
        if headers["content-type"].startswith("application/json"):
            return status, json.loads(content)
        length = struct.unpack("<I", content[:4])[0]
        told = json.loads(content[4 : 4 + length])
        shape = told["height"], told["width"], 4
        return told, np.frombuffer(content[4 + length :], np.uint8).reshape(shape)[..., :3]


@contextlib.contextmanager
def serving(max_pixels=2**22):
    """Serve in a thread. Yield the client and the engine."""
    import uvicorn

    from imfilter._play.server import Server

    engine = Engine(Pictures(max_pixels))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(Server(engine).app(TOKEN), log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Client(listener.getsockname()[1]), engine
        finally:
            server.should_exit = True
            thread.join(10)
