"""Runs Locust in a process of its own: gevent must change the standard library before anything else imports it."""

__all__ = ["Load", "generate"]

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.process import output_of, running
from loadtests.errors import RunError
from loadtests.samples import Sample, read_samples

if TYPE_CHECKING:
    from collections.abc import Callable

LOCUSTFILE = Path(__file__).with_name("locustfile.py")

MARGIN_S = 5.0
"""How much longer than the limit a client waits for a byte, to tell a slow answer from none."""

_POLL_S = 0.02
_PROGRESS_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much to ask of whom.

    Attributes:
        host: Base address.
        users: How many ask at the same time.
        spawn_rate: Users who begin in a second.
        seconds: For how long they ask, their beginning included.
        patience_s: How long each waits for an answer.
        data: Rows to send.
        artefact: The model that knows the answers.
    """

    host: str
    users: int
    spawn_rate: float
    seconds: int
    patience_s: float
    data: Path
    artefact: Path


def generate(load: Load, *, scratch: Path, progress: "Callable[[str], None]") -> list[Sample]:
    """Put load on a host.

    Args:
        load: What to do.
        scratch: Folder for temporary files; it must be empty of ``locust.*``.
        progress: Gets a line to show each second.

    Returns:
        One sample a request, in the order in which they ended.

    Raises:
        RunError: Locust failed.
    """
    samples, log = scratch / "locust.jsonl", scratch / "locust.log"
    with running(_command(load, samples), env=_environment(scratch), log=log) as process:
        watch = _Watch(samples)
        began = shown = time.monotonic()
        while process.poll() is None:
            time.sleep(_POLL_S)
            if (now := time.monotonic()) - shown >= _PROGRESS_S:
                shown = now
                progress(watch.line(now - began))
    if process.returncode:
        raise RunError(f"the load generator ended with status {process.returncode}:\n{output_of(log)}")
    return read_samples(samples)


def _command(load: Load, samples: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE)),
        *("--headless", "--only-summary", "--loglevel", "WARNING"),
        *("--host", load.host),
        *("--users", str(load.users), "--spawn-rate", str(load.spawn_rate), "--run-time", f"{load.seconds}s"),
        # Whoever waits when the time is up gets the answer, so that a slow one is not left out.
        *("--stop-timeout", f"{load.patience_s + MARGIN_S:.0f}s"),
        *("--exit-code-on-error", "0"),  # what is an error is judged from the samples
        *("--data", str(load.data.resolve()), "--artefact", str(load.artefact.resolve())),
        *("--samples", str(samples), "--patience-s", str(load.patience_s)),
    ]


def _environment(scratch: Path) -> dict[str, str]:
    """Return an environment in which a person's own Locust settings have no say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return kept | {"HOME": str(scratch), "PYTHONPATH": str(LOCUSTFILE.parent.parent)}


class _Watch:
    """Counts what has been recorded so far, reading only what is new."""

    def __init__(self, samples: Path) -> None:
        self._samples = samples
        self._offset = self._requests = self._faults = 0

    def line(self, seconds: float) -> str:
        """Return a line to show."""
        if not self._samples.exists():
            return f"{seconds:3.0f} s  starting"
        with self._samples.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        new = new[: new.rfind(b"\n") + 1]
        self._offset += len(new)
        self._requests += new.count(b'"fault": ')
        self._faults += new.count(b'"fault": {')
        return f"{seconds:3.0f} s  {self._requests:,} requests, {self._faults:,} failed or wrong"
