"""``make bench ARGS="--soak N"``: whether memory stays where it is while one process answers N requests.

Requests of every kind take turns: a row with advice, one without, three rows, the Open Inference Protocol, and
one that is refused.
"""

__all__ = ["SOAK_FILE", "Reading", "as_text", "requests_of", "soak", "write_soak"]

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from function.oip import inputs_of
from infra.files import write_whole
from infra.local.process import ChildError, output_of, running
from loadtests.bench_candidates import http_event, request
from loadtests.bench_measure import WARM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from function.contract import Contract
    from loadtests.bench_candidates import Candidate

SOAK_FILE = "soak.json"
_BATCH = 3  # enough to be one, and a million requests take minutes
_POLL_S = 0.5


class Reading(NamedTuple):
    """Memory after so many requests.

    Attributes:
        requests: Answered so far.
        peak_mb: Largest resident memory so far (VmHWM), MB of 2**20 bytes.
        now_mb: Resident memory (VmRSS).
    """

    requests: int
    peak_mb: float
    now_mb: float


def requests_of(contract: "Contract") -> list[tuple[dict[str, Any], int]]:
    """Return one event of each kind, with the status that its answer must have."""
    rows = [dict(item.row) for item in contract.golden.rows[:_BATCH]]
    path = f"/v2/models/{contract.model.name}/infer"
    tensors = [
        {**item, "shape": [len(rows), 1], "data": [row.get(item["name"]) for row in rows]}
        for item in inputs_of(contract)
    ]
    return [
        (request(contract, advice=True), 200),
        (request(contract, advice=False), 200),
        (http_event("/predictions", {"instances": rows}), 200),
        (http_event(path, {"inputs": tensors}), 200),
        (http_event("/predictions", {"instances": [{"no such feature": 1}]}), 422),
    ]


def soak(
    candidate: "Candidate",
    events: "Sequence[tuple[Any, int]]",
    *,
    requests: int,
    scratch: Path,
    say: "Callable[[str], None]",
) -> list[Reading]:
    """Answer requests in one process and read its memory after 1,000, 10,000 and so on, and after the last.

    Args:
        candidate: Whose handler answers.
        events: What to ask, in turn, and the status of each answer.
        requests: How many.
        scratch: Folder for what the process is told and tells.
        say: Gets a line to show.

    Raises:
        ChildError: An answer had another status, or the handler raised.
    """
    asked, log, result = (scratch / name for name in ("events.json", "child.log", "result.json"))
    asked.write_text(json.dumps(events))
    arguments = ["soak", "--events", str(asked), "--repeats", str(requests), "--out", str(result)]
    command = [str(Path(sys.executable).resolve()), "-P", "-s", str(WARM), *arguments]
    with running(command, env=candidate.env, log=log) as process:
        while (status := process.poll()) is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
            if done := log.read_text(errors="replace").split():
                say(f"{done[-1]} of {requests} requests")
    if status:
        raise ChildError("the soak", status, output_of(log))
    return [Reading(*item) for item in json.loads(result.read_bytes())]


def write_soak(readings: "Sequence[Reading]", folder: Path) -> Path:
    """Write the readings as JSON, whole or not at all, and return the file's path."""
    text = json.dumps([reading._asdict() for reading in readings], indent=1)
    return write_whole(folder / SOAK_FILE, text + "\n")


def as_text(readings: "Sequence[Reading]") -> str:
    """Return lines to print."""
    first, last = readings[0], readings[-1]
    lines = ["  requests   peak MB    now MB"]
    lines += [f"{item.requests:>10,}{item.peak_mb:>10.1f}{item.now_mb:>10.1f}" for item in readings]
    lines.append(
        f"peak memory grew by {last.peak_mb - first.peak_mb:.1f} MB from request {first.requests:,} to "
        f"{last.requests:,}"
    )
    return "\n".join(lines)
