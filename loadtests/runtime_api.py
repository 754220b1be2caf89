"""A small Lambda Runtime API, so that a handler starts and answers as on Lambda: through the real runtime client.

One execution environment at a time asks for the next event and posts its answer, over HTTP on the loopback
interface. Every response leaves in one piece and without delay, since a buffer or Nagle's algorithm would add
40 ms to what is measured.

Source: "Using the Lambda runtime API", Lambda Developer Guide; paths and headers of version 2018-06-01.
"""

__all__ = ["Answer", "Environment", "InitError", "environment"]

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, Queue
from signal import SIGKILL
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Literal

from infra.local.process import output_of, running
from loadtests.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from subprocess import Popen

PREFIX = "/2018-06-01/runtime/"
INIT_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 60.0

_POLL_S = 0.2
_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:nightjar:live"


class InitError(RunError):
    """The handler's initialisation failed.

    Args:
        error_type: The exception's name, as the runtime client reported it; empty when the process just ended.
        message: What it said.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"the handler did not start: {error_type or 'it ended'}: {message}")
        self.error_type = error_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the handler did with one event.

    Attributes:
        kind: ``response``, or ``error`` when the handler raised.
        body: What it posted.
        elapsed_ms: From the event's sending to the answer's last byte.
    """

    kind: Literal["response", "error"]
    body: bytes
    elapsed_ms: float


class Environment:
    """One execution environment that is ready.

    Args:
        process: The runtime client.
        api: What it talks to.
        init_ms: From the start of the process to its first request for an event.

    Attributes:
        pid: Of the runtime client.
        address: Host and port of what it talks to.
        init_ms: As given.
    """

    def __init__(self, process: "Popen[bytes]", api: "_Api", init_ms: float) -> None:
        self.pid = process.pid
        self.address = api.address
        self.init_ms = init_ms
        self._process = process
        self._api = api
        self._count = 0

    def invoke(self, event: Any) -> Answer:
        """Have one event answered.

        Raises:
            RunError: The process ended or gave no answer in time.
        """
        self._count += 1
        wanted = f"00000000-0000-0000-0000-{self._count:012d}"
        self._api.events.put((wanted, json.dumps(event).encode()))
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                request_id, kind, body, at = self._api.answers.get(timeout=_POLL_S)
            except Empty:
                continue
            if request_id != wanted:
                raise RunError(f"request {request_id!r} was answered, wanted {wanted!r}")
            return Answer(kind=kind, body=body, elapsed_ms=(at - self._api.sent) * 1e3)
        raise RunError(f"event {self._count} got no answer; exit status {self._process.poll()}")


class _Api(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    # A killed client leaves connections behind; to wait for their threads would be to wait for nothing.
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.events: Queue[tuple[str, bytes] | None] = Queue()
        self.answers: Queue[tuple[str, Literal["response", "error"], bytes, float]] = Queue()
        self.settled = Event()
        self.ready_at: float | None = None
        self.init_error: bytes | None = None
        self.sent = 0.0

    @property
    def address(self) -> str:
        """Host and port, as the runtime client wants it."""
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connections that break when their client is ended."""


class _Connection(StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Api

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            length = 0
            while (header := self.rfile.readline()) not in {b"\r\n", b""}:
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = self.rfile.read(length)
            self._route(method, target.removeprefix(PREFIX), body)

    def _route(self, method: str, target: str, body: bytes) -> None:
        api = self.server
        if method == "GET" and target == "invocation/next":
            self._next()
            return
        if target == "init/error":
            api.init_error = body
            api.settled.set()
        elif target.startswith("invocation/"):
            at = time.perf_counter()
            _, request_id, kind = target.split("/")
            api.answers.put((request_id, "response" if kind == "response" else "error", body, at))
        self._send(b"HTTP/1.1 202 Accepted", b'{"status":"OK"}\n')

    def _next(self) -> None:
        api = self.server
        if api.ready_at is None:
            api.ready_at = time.perf_counter()
            api.settled.set()
        if (event := api.events.get()) is None:
            self.close_connection = True
            return
        request_id, body = event
        deadline_ms = int((time.time() + ANSWER_TIMEOUT_S) * 1e3)
        headers = (
            f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\nLambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {_ARN}\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0"
        )
        api.sent = time.perf_counter()
        self._send(b"HTTP/1.1 200 OK\r\n" + headers.encode(), body)

    def _send(self, head: bytes, body: bytes) -> None:
        length = b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self.connection.sendall(head + length + body)


@contextmanager
def environment(
    command: "Sequence[str]", *, env: "Mapping[str, str]", log: "Path"
) -> "Iterator[Environment]":
    """Start an execution environment and wait until it asks for its first event; afterwards it is gone.

    Args:
        command: Starts the runtime client with its handler.
        env: The whole environment, but for the address of the Runtime API.
        log: File for its output: a pipe would fill.

    Raises:
        InitError: Initialisation failed.
        RunError: It took longer than :data:`INIT_TIMEOUT_S`.
    """
    with _Api() as api:
        thread = Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            start = time.perf_counter()
            given = {**env, "AWS_LAMBDA_RUNTIME_API": api.address}
            with running(command, env=given, log=log, stop=SIGKILL) as process:
                yield Environment(process, api, (_ready(api, process, log) - start) * 1e3)
        finally:
            api.events.put(None)  # whoever waits for an event waits in vain
            api.shutdown()
            thread.join()


def _ready(api: _Api, process: "Popen[bytes]", log: "Path") -> float:
    deadline = time.monotonic() + INIT_TIMEOUT_S
    while not api.settled.wait(_POLL_S):
        if process.poll() is not None:
            raise InitError("", f"exit status {process.returncode}\n{output_of(log)}")
        if time.monotonic() > deadline:
            raise RunError(f"the handler was not ready after {INIT_TIMEOUT_S:g} s\n{output_of(log)}")
    if api.init_error is not None:
        error = json.loads(api.init_error)
        raise InitError(error.get("errorType", ""), error.get("errorMessage", ""))
    assert api.ready_at is not None
    return api.ready_at
