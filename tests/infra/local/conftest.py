"""An API of one's own to wait for, and the stage ``local`` of any bundle."""

import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from function.contract import Contract
from infra.app import synthesise
from infra.bundle import read
from infra.config import load_config

type Serve = Callable[[list[int]], tuple[str, list[str]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function from statuses, one an answer, the last for ever, to an address and what it was asked."""
    servers = []

    def start(statuses: list[int]) -> tuple[str, list[str]]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.end_headers()
                self.wfile.write(b"as told")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def assemble(tmp_path: Path, contract: Contract) -> Callable[[Path], Path]:
    """Return a function from a bundle's folder to the assembly of stage ``local``."""

    def run(bundle: Path) -> Path:
        out = tmp_path / "assembly"
        shutil.rmtree(out, ignore_errors=True)
        config = load_config("local")
        synthesise(config=config, bundle=read(bundle), contract=contract, out=out, context={})
        return out

    return run
