"""Callers that go on asking while something else happens, and what they were answered."""

__all__ = ["Answered", "Callers", "calling"]

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.http import request
from infra.local.prove.errors import ProofError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One request.

    Attributes:
        sent_s: When, on the monotonic clock.
        done_s: When its answer was there.
        status: HTTP status; None without an answer.
        version: Of the model that answered; None when none did.
    """

    sent_s: float
    done_s: float
    status: int | None
    version: str | None


class Callers:
    """Who asks; made by :func:`calling`.

    Attributes:
        answered: Every request so far, in the order of their ends.
    """

    def __init__(self) -> None:
        self.answered: list[Answered] = []
        self._changed = threading.Condition()

    def add(self, item: Answered) -> None:
        """Keep a request."""
        with self._changed:
            self.answered.append(item)
            self._changed.notify_all()

    def wait_for_more(self, count: int, *, timeout_s: float = 60.0) -> None:
        """Wait until so many requests have been sent from now on and have ended.

        Raises:
            ProofError: They did not end in time.
        """
        since = time.monotonic()

        def enough() -> bool:
            return sum(item.sent_s >= since for item in self.answered) >= count

        with self._changed:
            if not self._changed.wait_for(enough, timeout=timeout_s):
                raise ProofError(f"{count} requests did not end within {timeout_s:g} s")


@contextmanager
def calling(url: str, row: "Mapping[str, Any]", *, callers: int = 2) -> "Iterator[Callers]":
    """Ask for predictions for the length of the block, each caller one request after the other.

    Args:
        url: Address of the API.
        row: What is asked.
        callers: How many at once.
    """
    found, done = Callers(), threading.Event()
    body = json.dumps({"instances": [row]}).encode()

    def ask() -> None:
        while not done.is_set():
            sent = time.monotonic()
            answer = request(f"{url}/predictions", body=body, timeout_s=30)
            status = None if answer is None else answer.status
            version = json.loads(answer.body)["model"]["version"] if answer and status == 200 else None
            found.add(Answered(sent_s=sent, done_s=time.monotonic(), status=status, version=version))

    threads = [threading.Thread(target=ask) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        done.set()
        for thread in threads:
            thread.join()
