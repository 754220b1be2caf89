"""Starts candidates through the runtime client and measures them, one beside the other."""

__all__ = ["WARM", "alternate", "batch", "footprint", "threads", "warm_split"]

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.process import ChildError, output_of, running
from loadtests.bench_candidates import request
from loadtests.bench_machine import drop_page_cache
from loadtests.bench_results import Batch, Footprint, Starts
from loadtests.errors import RunError
from loadtests.runtime_api import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from function.contract import Contract
    from loadtests.bench_candidates import Candidate
    from loadtests.bench_machine import Quota
    from loadtests.runtime_api import Environment

WARM = Path(__file__).with_name("bench_warm.py")
"""What is run with the bundle in its own process."""

ROWS = 10_000


def alternate(
    candidates: "Sequence[Candidate]",
    event: Any,
    *,
    rounds: int,
    warm: int,
    scratch: Path,
    say: "Callable[[str], None]",
    quota: "Quota | None" = None,
) -> dict[str, Starts]:
    """Start every candidate once a round, so that a change of the machine's speed meets them all.

    Args:
        candidates: What to start.
        event: What to ask.
        rounds: Fresh processes of each.
        warm: Answers after the first.
        scratch: Folder for their output.
        say: Gets a line to show before each start.
        quota: Share of a core; None: all of the machine.
    """
    found: dict[str, list[tuple[float, float, float, list[float]]]] = {item.name: [] for item in candidates}
    for number in range(rounds):
        for candidate in candidates:
            say(f"round {number + 1} of {rounds}: {candidate.title}")
            command = candidate.command if quota is None else quota.wrap(candidate.command)
            with environment(command, env=candidate.env, log=scratch / "child.log") as child:
                cpu_ms = _cpu_ms(child.pid)
                first_ms = _ask(child, event)
                later_ms = [_ask(child, event) for _ in range(warm)]
            found[candidate.name].append((child.init_ms, cpu_ms, first_ms, later_ms))
    return {
        name: Starts(
            init_ms=tuple(round(item[0], 3) for item in items),
            cpu_ms=tuple(round(item[1], 3) for item in items),
            first_ms=tuple(round(item[2], 3) for item in items),
            warm_ms=tuple(round(value, 3) for item in items for value in item[3]),
        )
        for name, items in found.items()
    }


def footprint(candidate: "Candidate", event: Any, *, requests: int, cold: bool, scratch: Path) -> Footprint:
    """Measure memory and what is read from disk.

    Args:
        candidate: What to start.
        event: What to ask.
        requests: After which memory is read again.
        cold: Whether to start once more with an empty page cache.
        scratch: Folder for its output.
    """
    read_mb = cold_init_ms = None
    if cold:
        drop_page_cache()
        with environment(candidate.command, env=candidate.env, log=scratch / "child.log") as child:
            _ask(child, event)
            cold_init_ms = child.init_ms
            read_mb = _field(f"/proc/{child.pid}/io", "read_bytes") / 1e6
    with environment(candidate.command, env=candidate.env, log=scratch / "child.log") as child:
        _ask(child, event)
        first = _field(f"/proc/{child.pid}/status", "VmHWM")
        for _ in range(requests - 1):
            _ask(child, event)
        later = _field(f"/proc/{child.pid}/status", "VmHWM")
    return Footprint(
        rss_first_mb=first / 1024,
        rss_later_mb=later / 1024,
        requests=requests,
        read_mb=read_mb,
        cold_init_ms=cold_init_ms,
    )


def threads(candidate: "Candidate", event: Any, *, scratch: Path) -> int:
    """Return how many threads a process has after the golden rows and one answer.

    Args:
        candidate: What to start; it must have a self-test.
        event: What to ask.
        scratch: Folder for its output.

    Raises:
        RunError: It failed, or its golden rows were answered differently.
    """
    with environment(candidate.command, env=candidate.env, log=scratch / "child.log") as child:
        if (proved := child.invoke({})).kind != "response":
            raise RunError(f"{candidate.title} failed its self-test: {proved.body[:300]!r}")
        _ask(child, event)
        return int(_field(f"/proc/{child.pid}/status", "Threads"))


def warm_split(
    candidate: "Candidate", contract: "Contract", *, repeats: int, scratch: Path
) -> dict[str, dict[str, float]]:
    """Return ``advice`` and ``no advice`` → part of a request → median µs, in-process."""
    events = {name: request(contract, advice=name == "advice") for name in ("advice", "no advice")}
    (scratch / "events.json").write_text(json.dumps(events))
    arguments = ["split", "--events", str(scratch / "events.json"), "--repeats", str(repeats)]
    return dict(_run(candidate, arguments, scratch))


def batch(candidate: "Candidate", binding: "Candidate", *, repeats: int, scratch: Path) -> Batch:
    """Return the time of a large batch, through the bundle and through the Python binding."""
    arguments = ["batch", "--rows", str(ROWS), "--repeats", str(repeats)]
    return Batch(rows=ROWS, **_run(candidate, arguments, scratch, path=":" + binding.env["PYTHONPATH"]))


def _run(candidate: "Candidate", arguments: list[str], scratch: Path, *, path: str = "") -> dict[str, Any]:
    result = scratch / "result.json"
    log = scratch / "child.log"
    command = [str(Path(sys.executable).resolve()), "-P", "-s", str(WARM), *arguments, "--out", str(result)]
    env = candidate.env | {"PYTHONPATH": candidate.env["PYTHONPATH"] + path}
    with running(command, env=env, log=log) as process:
        status = process.wait()
    if status:
        raise ChildError(WARM.name, status, output_of(log))
    parsed: dict[str, Any] = json.loads(result.read_bytes())
    return parsed


def _ask(child: "Environment", event: Any) -> float:
    answer = child.invoke(event)
    if answer.kind != "response" or json.loads(answer.body).get("statusCode") != 200:
        raise RunError(f"a handler answered {answer.body[:300]!r}, wanted status 200")
    return answer.elapsed_ms


def _cpu_ms(pid: int) -> float:
    """Return the processor time of all threads that a process has and had.

    Source: clock_getcpuclockid(3), whose clock of a process Linux numbers like this.
    """
    return time.clock_gettime((~pid << 3) | 2) * 1e3


def _field(path: str, name: str) -> float:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return float(value.split()[0])
    raise RunError(f"{path} has no {name}; this needs Linux")
