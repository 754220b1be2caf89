"""A proxy on the loopback interface that spoils answers on the way back, for tests of those who ask.

What lies behind it is untouched and does not know: a request that is spoilt was answered and logged there, unless
the fault says otherwise.
"""

__all__ = ["Exchange", "Fault", "FaultProxy", "fault_proxy"]

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

_PATIENCE_S = 60.0
_ONE_HOP = frozenset(
    {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a request that meets it; without arguments nothing does.

    Attributes:
        delay_s: The answer leaves this much later.
        status: Answered by the proxy with this status and never forwarded; None forwards.
        change: Gets the answer's body, returns the one that the client gets.
        drop: The answer is thrown away and the connection closed.
        every: Every how many requests one meets the fault, the first included.
    """

    delay_s: float = 0.0
    status: int | None = None
    change: Callable[[bytes], bytes] | None = None
    drop: bool = False
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request.

    Attributes:
        spoilt: Whether it met the fault.
        upstream: Status from behind the proxy; None when it was not forwarded or not answered there.
    """

    spoilt: bool
    upstream: int | None


class FaultProxy(ThreadingHTTPServer):
    """Forwards every request to one address; used through :func:`fault_proxy`.

    Args:
        upstream: Base URL, ``http``.

    Attributes:
        fault: Met from now on; may be changed at any time, requests on their way keep theirs.
        exchanges: Every request so far, in the order of their ends.
    """

    daemon_threads = True
    block_on_close = False  # a client that gave up would be waited for
    request_queue_size = 128

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarder)
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 80)
        self.closing = Event()
        self.fault = Fault()
        self.exchanges: list[Exchange] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}{parts.path}"
        self._lock = Lock()
        self._count = 0

    def next_fault(self) -> Fault | None:
        """Return what the next request meets."""
        with self._lock:
            fault, number = self.fault, self._count
            self._count += 1
        return fault if fault != Fault() and number % fault.every == 0 else None

    def set_fault(self, fault: Fault) -> None:
        """Change the fault; the next request is the first that is counted for ``every``."""
        with self._lock:
            self.fault, self._count = fault, 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that go away: that is what these tests are about."""


class _Forwarder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece
    server: FaultProxy

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        fault = self.server.next_fault()
        met = fault or Fault()
        status: int | None = None
        if met.status is not None:
            answer = (
                met.status,
                {"content-type": "application/json"},
                b'{"message":"spoilt by the fault proxy"}',
            )
        else:
            answer = self._ask(body)
            status = answer[0] or None
        self.server.exchanges.append(Exchange(spoilt=fault is not None, upstream=status))
        if met.delay_s:
            self.server.closing.wait(met.delay_s)
        if met.drop or not answer[0] or self.server.closing.is_set():
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = answer[2] if met.change is None else met.change(answer[2])
        self.send_response(answer[0])
        for name, value in answer[1].items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body from upstream; status 0 when there was no answer."""
        connection = HTTPConnection(*self.server.upstream, timeout=_PATIENCE_S)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _ONE_HOP}
        try:
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _ONE_HOP}
            return answer.status, kept, answer.read()
        except (OSError, HTTPException):
            return 0, {}, b""
        finally:
            connection.close()


@contextmanager
def fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Run a proxy for the length of the block.

    Args:
        upstream: Base URL of what lies behind it; :attr:`FaultProxy.url` takes its place.
    """
    with FaultProxy(upstream) as proxy:
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            proxy.shutdown()
            thread.join()
