"""What the load test's tests may use: rows of the example, and its real handler behind HTTP on this machine."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Lock, Thread
from time import perf_counter
from typing import Any

import pytest

from function.service import Service
from function.settings import Settings
from loadtests.known import KnownAnswers, load_known

type Answer = dict[str, Any]
"""As API Gateway gets it from the function."""

type Alter = Callable[[int, Answer], Answer | None]
"""Number of a request, from 0 → the answer to give in place of the right one; None hangs up."""

type Serve = Callable[..., Any]
"""An :data:`Alter`, and a list that gets each request's ``authorization`` if it is to be known."""


@pytest.fixture(scope="session")
def data(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CSV with the header and the first 200 people of the survey."""
    path = tmp_path_factory.mktemp("data") / "yrbss.csv"
    with (root / "model/data/yrbss.csv").open(encoding="utf-8") as survey:
        path.write_text("".join(islice(survey, 201)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def known(artefact: Path, data: Path) -> KnownAnswers:
    """The example's rows and answers."""
    return load_known(data=data, artefact=artefact)


@pytest.fixture(scope="module")
def service(artefact: Path, library: Path) -> Service:
    """The function, in this process."""
    sha256 = hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest()
    return Service(
        Settings(
            contract_sha256=sha256,
            service="test-loadtests",
            log_level="CRITICAL",
            model_folder=str(artefact),
            library_folder=str(library),
        ),
        perf_counter(),
    )


@pytest.fixture
def serve(service: Service) -> Serve:
    """Return a context manager that serves the function on the loopback interface and gives its base URL."""
    return lambda alter, seen=None: _serving(service, alter, seen)


@contextmanager
def _serving(service: Service, alter: Alter, seen: list[str | None] | None) -> Iterator[str]:
    lock = Lock()
    requests = 0

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            nonlocal requests
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            event = {
                "rawPath": self.path,
                "headers": dict(self.headers.items()),
                "requestContext": {"http": {"method": "POST", "path": self.path}, "stage": "$default"},
                "body": body,
                "isBase64Encoded": False,
            }
            with lock:  # an environment answers one request at a time
                number, requests = requests, requests + 1
                answer = service.handle(event, f"r-{number}")
            if seen is not None:
                seen.append(self.headers["authorization"])
            altered = alter(number, answer)
            if altered is None:
                self.close_connection = True
                return
            content = altered["body"].encode()
            self.send_response(altered["statusCode"])
            for name, value in altered["headers"].items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
