"""A small HTTP endpoint that collects the notifications of the workflows, as a chat or a pager would."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from io import BufferedIOBase

LARGEST = 100_000


class Notices:
    """Listens on a free loopback port while the `with` block runs; `received` is what was posted."""

    def __init__(self) -> None:
        self.received: list[dict[str, object]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            """Takes POSTs of JSON."""

            def do_POST(self) -> None:
                """Keep the body, answer 200; 400 when it is no JSON object."""
                status = collector.take(read_body(self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length"), self.rfile))
                answer = json.dumps({"received": len(collector.received)}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the terminal shows the notices themselves."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def take(self, body: bytes) -> HTTPStatus:
        """Keep a notice; the status to answer with."""
        try:
            notice = json.loads(body)
        except ValueError:
            return HTTPStatus.BAD_REQUEST
        if not isinstance(notice, dict):
            return HTTPStatus.BAD_REQUEST
        self.received.append(notice)
        return HTTPStatus.OK

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/notices"

    def __enter__(self) -> Self:
        """Start to listen."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and give the port back."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def read_body(encoding: str | None, length: str | None, stream: BufferedIOBase) -> bytes:
    """The body of a request, in one piece or in chunks (as Java's client sends it); never more than LARGEST bytes."""
    if (encoding or "").lower() != "chunked":
        return stream.read(min(int(length or 0), LARGEST))
    body = b""
    while len(body) < LARGEST:
        size = int(stream.readline().split(b";")[0] or b"0", 16)
        if size == 0:
            break
        body += stream.read(min(size, LARGEST))
        stream.readline()
    stream.readline()
    return body
