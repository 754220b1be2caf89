"""Callers that go on asking: every answer is kept, whatever it is."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.local.prove.errors import ProofError
from infra.local.prove.traffic import Callers, calling


@pytest.fixture
def api() -> Iterator[tuple[str, list[int]]]:
    """An API that answers with the statuses of a list, then with 200, and its address."""
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(statuses.pop() if statuses else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"model": {"version": "v1"}}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", statuses
    server.shutdown()
    thread.join()
    server.server_close()


def test_answers_are_kept_with_status_and_version(api: tuple[str, list[int]]) -> None:
    """A refusal has no version."""
    url, statuses = api
    statuses += [500]
    with calling(url, {"age": 14}) as callers:
        callers.wait_for_more(5)
    found = callers.answered
    assert len(found) >= 5
    assert sorted({(item.status, item.version) for item in found}, key=str) == [(200, "v1"), (500, None)]
    assert all(item.sent_s <= item.done_s for item in found)


def test_nobody_who_listens_is_an_answer_too() -> None:
    """Nothing listens on port 9."""
    with calling("http://127.0.0.1:9", {}, callers=1) as callers:
        callers.wait_for_more(1)
    assert (callers.answered[0].status, callers.answered[0].version) == (None, None)


def test_requests_that_never_end_are_given_up() -> None:
    """With the number that was waited for."""
    with pytest.raises(ProofError, match=r"^1 requests did not end within 0\.01 s$"):
        Callers().wait_for_more(1, timeout_s=0.01)
