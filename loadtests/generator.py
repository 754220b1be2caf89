"""Runs Locust in a process of its own: gevent must change the standard library before anything else imports it."""

__all__ = ["MARGIN_S", "Closed", "Load", "Open", "Until", "generate"]

import os
import shutil
import sys
import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.process import output_of, running
from loadtests.credentials import resolved
from loadtests.errors import RunError
from loadtests.samples import Sample, read_samples
from loadtests.shapes import write_moments

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.credentials import Auth
    from loadtests.shapes import Shape

FOLDER = Path(__file__).parent

MARGIN_S = 5.0
"""How much longer than the limit a client waits for a byte, to tell a slow answer from none."""

_MOMENTS = "moments.txt"
_REPORT = "locust.html"
_POLL_S = 0.02
_PROGRESS_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Users who wait for their answer before they ask again.

    Attributes:
        users: How many ask at the same time.
        spawn_rate: Users who begin in a second.
        seconds: For how long they ask, their beginning included.
    """

    users: int
    spawn_rate: float
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Requests that are sent at their moments, whatever becomes of earlier ones.

    Attributes:
        shape: The moments.
        until: When the sending ends early; None sends everything.
    """

    shape: "Shape"
    until: "Until | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """What ends a ramp.

    Attributes:
        sla_s: A response that takes longer, or a fault.
        p99_s: A step more than a hundredth of whose responses take longer.
        step_s: Length of a step.
    """

    sla_s: float
    p99_s: float
    step_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How to ask whom.

    Attributes:
        host: Base address.
        pace: When to ask.
        patience_s: How long each waits for an answer.
        data: Rows to send.
        artefact: The model that knows the answers.
        auth: What the API wants to see.
        html: Where Locust's own report goes; None makes none.
        grace_s: How long after its last moment an open load may still send.
    """

    host: str
    pace: Closed | Open
    patience_s: float
    data: Path
    artefact: Path
    auth: "Auth" = "none"
    html: Path | None = None
    grace_s: float = 30.0


def generate(load: Load, *, scratch: Path, progress: "Callable[[str], None]") -> list[Sample]:
    """Put load on a host.

    Args:
        load: What to do.
        scratch: Folder for temporary files; it must be empty of ``locust.*``.
        progress: Gets a line to show each second.

    Returns:
        One sample a request, in the order in which they ended.

    Raises:
        InputError: The API wants to see credentials, and there are none.
        RunError: Locust failed.
    """
    samples, log = scratch / "locust.jsonl", scratch / "locust.log"
    environment = _environment(scratch) | resolved(load.auth, os.environ)
    with running(_command(load, samples, scratch), env=environment, log=log) as process:
        watch = _Watch(samples)
        began = shown = time.monotonic()
        while process.poll() is None:
            time.sleep(_POLL_S)
            if (now := time.monotonic()) - shown >= _PROGRESS_S:
                shown = now
                progress(watch.line(now - began))
    if process.returncode:
        raise RunError(f"the load generator ended with status {process.returncode}:\n{output_of(log)}")
    taken = read_samples(samples)
    if load.html is not None and (report := scratch / _REPORT).exists():
        load.html.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(report, load.html)
    return taken


def _command(load: Load, samples: Path, scratch: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "locust"),
        *_pace(load, scratch),
        *("--headless", "--only-summary", "--loglevel", "WARNING"),
        *("--host", load.host, "--auth", load.auth),
        # Whoever waits when the time is up gets the answer, so that a slow one is not left out.
        *("--stop-timeout", f"{load.patience_s + MARGIN_S:.0f}s"),
        *("--exit-code-on-error", "0"),  # what is an error is judged from the samples
        *("--data", str(load.data.resolve()), "--artefact", str(load.artefact.resolve())),
        *("--samples", str(samples), "--patience-s", str(load.patience_s)),
        *(("--html", str(scratch / _REPORT)) if load.html is not None else ()),
    ]


def _pace(load: Load, scratch: Path) -> list[str]:
    pace = load.pace
    if isinstance(pace, Closed):
        return [
            *("--locustfile", str(FOLDER / "locustfile.py")),
            *("--users", str(pace.users), "--spawn-rate", str(pace.spawn_rate)),
            *("--run-time", f"{pace.seconds}s"),
        ]
    write_moments(scratch / _MOMENTS, pace.shape.moments_s)
    command = [
        *("--locustfile", str(FOLDER / "replayfile.py"), "--moments", str(scratch / _MOMENTS)),
        # It ends by itself; what has not been sent by then is missing, and that is a finding.
        *("--users", "1", "--run-time", f"{ceil(pace.shape.seconds + load.grace_s)}s"),
    ]
    if (until := pace.until) is not None:
        command += ["--until-s", str(until.sla_s), "--until-p99-s", str(until.p99_s)]
        command += ["--step-s", str(until.step_s)]
    return command


def _environment(scratch: Path) -> dict[str, str]:
    """Return an environment in which a person's own Locust settings have no say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return kept | {"HOME": str(scratch), "PYTHONPATH": str(FOLDER.parent)}


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
