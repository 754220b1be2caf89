"""Clients that keep asking a service while something happens to it, and what each request came to."""

__all__ = ["Clients", "Reply", "asking"]

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import urlsplit

from function.contract import Contract

PATIENCE_S = 10.0
"""The promise: an answer within ten seconds. Whoever waits longer gives up."""

RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one request came to.

    Attributes:
        kind: ``right``, ``wrong answer``, ``error NNN``, ``gave up after 10 s``, ``connection closed``, or
            ``error NNN without a reason``, which is not clear to a client.
        score: The right answer's score, whatever came.
        seconds: From the request to the reply.
    """

    kind: str
    score: float
    seconds: float


class Clients:
    """Several clients, each with one request at a time.

    Args:
        url: Base URL.
        contract: Its golden rows are asked, one after the other.
    """

    def __init__(self, url: str, contract: Contract) -> None:
        self._parts = urlsplit(url)
        self._tolerance = contract.golden.tolerance
        positive = contract.outputs.positive
        assert positive is not None
        self._cases = [(dict(item.row), item.scores[positive]) for item in contract.golden.rows]
        self._replies: list[Reply] = []
        self._changed = Condition()
        self._sent = 0
        self.stop = Event()

    @property
    def replies(self) -> list[Reply]:
        """Every reply so far."""
        with self._changed:
            return list(self._replies)

    def wait(self, until: Callable[[Sequence[Reply]], bool], *, timeout_s: float = 60.0) -> None:
        """Wait until the replies are as wanted.

        Raises:
            TimeoutError: They are not in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: until(self._replies), timeout_s):
                raise TimeoutError(f"not after {timeout_s:g} s; so far {len(self._replies)} replies")

    def ask(self) -> Reply:
        """Send the next row."""
        with self._changed:
            row, score = self._cases[self._sent % len(self._cases)]
            self._sent += 1
        start = time.perf_counter()
        kind = self._send(json.dumps({"instances": [row]}), score)
        return Reply(kind=kind, score=score, seconds=time.perf_counter() - start)

    def keep_asking(self) -> None:
        """Send one request after the other until told to stop."""
        while not self.stop.is_set():
            reply = self.ask()
            with self._changed:
                self._replies.append(reply)
                self._changed.notify_all()

    def _send(self, body: str, score: float) -> str:
        connection = HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=PATIENCE_S)
        try:
            path = f"{self._parts.path}/predictions"
            connection.request("POST", path, body=body, headers={"content-type": "application/json"})
            response = connection.getresponse()
            return self._judge(response.status, response.read(), score)
        except TimeoutError:
            return f"gave up after {PATIENCE_S:g} s"
        except (OSError, HTTPException):
            return "connection closed"
        finally:
            connection.close()

    def _judge(self, status: int, body: bytes, score: float) -> str:
        try:
            document: Any = json.loads(body)
        except ValueError:
            document = None
        if status != 200:
            return f"error {status}" if document else f"error {status} without a reason"
        try:
            found = document["predictions"][0]["probability"]
            right = math.isclose(found, score, rel_tol=0, abs_tol=self._tolerance)
        except (LookupError, TypeError):
            right = False
        return RIGHT if right else "wrong answer"


@contextmanager
def asking(url: str, contract: Contract, *, clients: int) -> Iterator[Clients]:
    """Have clients ask for the length of the block; afterwards each has got its last reply."""
    several = Clients(url, contract)
    threads = [Thread(target=several.keep_asking) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield several
    finally:
        several.stop.set()
        for thread in threads:
            thread.join()
