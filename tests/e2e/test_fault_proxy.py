"""The fault proxy itself: what it does not spoil arrives as it was, what it spoils is spoilt as told."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.fault_proxy import Exchange, Fault, FaultProxy, fault_proxy


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("x-path", self.path)
        self.send_header("x-authorization", self.headers["authorization"])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """Before a server that repeats what it is told."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as echo:
        thread = Thread(target=echo.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with fault_proxy(f"http://127.0.0.1:{echo.server_address[1]}/base") as running:
            yield running
        echo.shutdown()
        thread.join()


def _post(proxy: FaultProxy, *, timeout_s: float = 10) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(proxy.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("POST", f"{parts.path}/a?b=c", body=b"words", headers={"authorization": "me"})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    finally:
        connection.close()


def test_nothing_is_changed_without_a_fault(proxy: FaultProxy) -> None:
    """Status, path, headers and body go through."""
    status, headers, body = _post(proxy)
    assert (status, body) == (201, b"words")
    assert (headers["x-path"], headers["x-authorization"]) == ("/base/a?b=c", "me")
    assert proxy.exchanges == [Exchange(spoilt=False, upstream=201)]


def test_an_error_is_the_proxys_own(proxy: FaultProxy) -> None:
    """What lies behind it never hears of the request."""
    proxy.set_fault(Fault(status=503))
    assert _post(proxy)[0] == 503
    assert proxy.exchanges == [Exchange(spoilt=True, upstream=None)]


def test_an_answer_is_changed(proxy: FaultProxy) -> None:
    """And its length with it."""
    proxy.set_fault(Fault(change=lambda body: body + b", words"))
    assert _post(proxy)[2] == b"words, words"


def test_an_answer_comes_late(proxy: FaultProxy) -> None:
    """Later than the client waits, though it was answered behind the proxy; the block's end waits for nobody."""
    proxy.set_fault(Fault(delay_s=60))
    with pytest.raises(TimeoutError):
        _post(proxy, timeout_s=0.2)
    start = time.monotonic()
    proxy.set_fault(Fault(delay_s=0.2))
    assert _post(proxy)[0] == 201
    assert time.monotonic() - start >= 0.2
    assert proxy.exchanges == [Exchange(spoilt=True, upstream=201)] * 2


def test_an_answer_is_thrown_away(proxy: FaultProxy) -> None:
    """The client sees a closed connection."""
    proxy.set_fault(Fault(drop=True))
    with pytest.raises(RemoteDisconnected):
        _post(proxy)
    assert proxy.exchanges == [Exchange(spoilt=True, upstream=201)]


def test_every_third_meets_the_fault(proxy: FaultProxy) -> None:
    """The first one too."""
    proxy.set_fault(Fault(status=500, every=3))
    assert [_post(proxy)[0] for _ in range(6)] == [500, 201, 201, 500, 201, 201]


def test_nobody_behind_it() -> None:
    """A closed connection, as from a load balancer that crashed, and no answer of the proxy's invention."""
    with fault_proxy("http://127.0.0.1:1") as alone, pytest.raises(RemoteDisconnected):
        _post(alone)
