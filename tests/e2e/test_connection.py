"""HTTP/1.1 on the wire: what clients do with connections, byte by byte."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import httpx2
import pytest

from tests.e2e.process import ServerProcess

SECONDS = 20
LIMIT = 20 << 20
GET = b"GET /api/metadata/taskdefs/%s HTTP/1.1\r\nHost: podium\r\n%s\r\n"
POST = b"POST /api/metadata/taskdefs HTTP/1.1\r\nHost: podium\r\nContent-Type: application/json\r\n%s\r\n%s"
DEFINITION = b'[{"name":"%s","ownerEmail":"a@b.c"}]'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("connection") / "podium.db") as process:
        yield process


@pytest.fixture
def wire(server: ServerProcess) -> Iterator[socket.socket]:
    """A connection."""
    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
        yield connection


def response(wire: socket.socket, method: str = "GET") -> tuple[int, bytes]:
    """The next response on the wire, and no byte after it: the next is read by the next call."""
    answer = HTTPResponse(wire, method=method)
    answer.fp = wire.makefile("rb", buffering=0)  # type: ignore[assignment]  # a buffer would swallow the response behind it
    answer.begin()
    return answer.status, answer.read()


def ended(wire: socket.socket) -> bool:
    """Whether the server ends the connection."""
    return wire.recv(1) == b""


def test_a_connection_serves_one_request_after_another(wire: socket.socket) -> None:
    for _ in range(3):
        wire.sendall(GET % (b"missing", b""))
        assert response(wire)[0] == 404


def test_pipelined_requests_are_answered_in_their_order(wire: socket.socket) -> None:
    wire.sendall(b"".join(GET % (b"missing_%d" % number, b"") for number in range(5)))
    for number in range(5):
        assert b"missing_%d" % number in response(wire)[1]


def test_a_client_that_wants_to_end_is_let_go(wire: socket.socket) -> None:
    wire.sendall(GET % (b"missing", b"Connection: close\r\n"))
    assert response(wire)[0] == 404
    assert ended(wire)


def test_http_1_0_ends_after_one_answer(wire: socket.socket) -> None:
    wire.sendall(b"GET /health HTTP/1.0\r\n\r\n")
    assert response(wire)[0] == 200
    assert ended(wire)


def test_head_has_the_length_and_no_body(wire: socket.socket) -> None:
    wire.sendall(b"HEAD /health HTTP/1.1\r\nHost: podium\r\n\r\n" + GET % (b"missing", b""))
    assert response(wire, "HEAD") == (200, b"")
    assert response(wire)[0] == 404


def test_a_body_in_chunks_is_one_body(wire: socket.socket) -> None:
    body = DEFINITION % b"chunked"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:9], body[9:]))
    wire.sendall(POST % (b"Transfer-Encoding: chunked\r\n", chunks + b"0\r\n\r\n"))
    assert response(wire) == (200, b"")
    wire.sendall(GET % (b"chunked", b""))
    assert response(wire)[0] == 200


def test_a_client_that_asks_first_is_told_to_go_on(wire: socket.socket) -> None:
    body = DEFINITION % b"expected"
    wire.sendall(POST % (b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(body), b""))
    assert wire.recv(len(b"HTTP/1.1 100 Continue\r\n\r\n")) == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.sendall(body)
    assert response(wire) == (200, b"")


def test_an_upgrade_to_what_we_do_not_speak_is_a_plain_request(wire: socket.socket) -> None:
    wire.sendall(GET % (b"missing", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"))
    assert response(wire)[0] == 404


def test_nonsense_is_refused_and_the_connection_ends(wire: socket.socket) -> None:
    wire.sendall(b"NONSENSE\r\n\r\n")
    assert response(wire)[0] == 400
    assert ended(wire)


def test_a_body_that_is_too_long_is_refused_before_its_end_and_read_to_its_end(wire: socket.socket) -> None:
    length = LIMIT + (2 << 20)
    wire.sendall(POST % (b"Content-Length: %d\r\n" % length, b" " * (LIMIT + 1)))
    status, text = response(wire)
    assert (status, b"20971520" in text) == (413, True)
    wire.sendall(b" " * (length - LIMIT - 1))
    assert ended(wire)


def test_a_client_that_goes_away_in_its_request_leaves_nothing(server: ServerProcess, wire: socket.socket) -> None:
    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as gone:
        gone.sendall(POST % (b"Content-Length: 500\r\n", b"[{"))
    wire.sendall(GET % (b"missing", b""))
    assert response(wire)[0] == 404


# Answers that come piece by piece


@pytest.fixture
def waiting(server: ServerProcess) -> str:
    """The id of a workflow that waits."""
    task = {"name": "w", "taskReferenceName": "w", "type": "WAIT"}
    definition = {"name": "waiting", "version": 1, "tasks": [task]}
    started = httpx2.post(f"{server.address}/api/workflow", json={"name": "waiting", "workflowDef": definition}, trust_env=False)
    return started.text


def stream(wire: socket.socket, workflow_id: str, version: bytes = b"1.1") -> bytes:
    """Ask for the changes of a workflow; what comes at first."""
    path = f"/api/workflow/{workflow_id}/changes".encode()
    wire.sendall(b"GET %s HTTP/%s\r\nHost: podium\r\nAccept: text/event-stream\r\n\r\n" % (path, version))
    received = b""
    while b"event: changes" not in received:
        received += wire.recv(65536)
    return received


def test_a_stream_leaves_in_chunks_and_the_connection_lives_on(server: ServerProcess, wire: socket.socket, waiting: str) -> None:
    head = stream(wire, waiting)
    assert b"transfer-encoding: chunked" in head.lower()
    assert b"content-length" not in head.lower()
    httpx2.delete(f"{server.address}/api/workflow/{waiting}", trust_env=False)
    rest = b""
    while not rest.endswith(b"\r\n0\r\n\r\n"):
        rest += wire.recv(65536)
    assert b"event: end" in rest
    wire.sendall(GET % (b"missing", b""))
    assert response(wire)[0] == 404


def test_a_stream_over_http_1_0_ends_with_the_connection(server: ServerProcess, wire: socket.socket, waiting: str) -> None:
    assert b"chunked" not in stream(wire, waiting, b"1.0").lower()
    httpx2.delete(f"{server.address}/api/workflow/{waiting}", trust_env=False)
    rest = b""
    while part := wire.recv(65536):
        rest += part
    assert b"event: end" in rest


def test_a_pipelined_stream_goes_through_asgi(server: ServerProcess, wire: socket.socket, waiting: str) -> None:
    path = f"/api/workflow/{waiting}/changes".encode()
    wire.sendall(b"GET /health HTTP/1.1\r\nHost: podium\r\n\r\nGET %s HTTP/1.1\r\nHost: podium\r\nAccept: text/event-stream\r\n\r\n" % path)
    received = b""
    while b"event: changes" not in received:
        received += wire.recv(65536)
    httpx2.delete(f"{server.address}/api/workflow/{waiting}", trust_env=False)
    while not received.endswith(b"\r\n0\r\n\r\n"):
        received += wire.recv(65536)
    assert b"event: end" in received


def test_the_head_of_a_stream_comes_alone(wire: socket.socket, waiting: str) -> None:
    path = f"/api/workflow/{waiting}/changes".encode()
    wire.sendall(b"HEAD %s HTTP/1.1\r\nHost: podium\r\nAccept: text/event-stream\r\n\r\n" % path)
    assert response(wire, "HEAD") == (200, b"")
    wire.sendall(GET % (b"missing", b""))
    assert response(wire)[0] == 404


def test_a_server_that_is_told_to_end_lets_streams_go(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "podium.db") as server:
        definition = {"name": "w", "version": 1, "tasks": [{"name": "w", "taskReferenceName": "w", "type": "WAIT"}]}
        run = httpx2.post(f"{server.address}/api/workflow", json={"name": "w", "workflowDef": definition}, trust_env=False).text
        with socket.create_connection(("127.0.0.1", server.port), SECONDS) as reading:
            with socket.create_connection(("127.0.0.1", server.port), SECONDS) as gone:
                stream(gone, run)
            stream(reading, run)
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
            assert reading.recv(65536).endswith(b"0\r\n\r\n")
