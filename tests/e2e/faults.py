"""Faults under load, on the deployed service: what clients get, whether a log line is lost, and how soon it is over.

Faults of the service itself (a worker killed or stopped in the middle of a request, throttling) are made in the
emulator; faults on the way to it by a proxy between clients and service.

Example:
    python -m tests.e2e.faults --bundle build/bundle
"""

__all__ = ["FAULTS", "Outcome", "as_table", "main", "meet", "meet_all"]

import argparse
import fcntl
import json
import os
import signal
import struct
import sys
import termios
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from function.contract import Contract, load_contract
from function.errors import NightjarError
from function.settings import PROBABILITY_METRIC
from infra.local.deployment import LocalDeployment, local_deployment
from infra.local.process import Stopped, stop_on_signals
from tests.e2e.clients import RIGHT, Clients, Reply, asking
from tests.e2e.fault_proxy import Fault, FaultProxy, fault_proxy

CLIENTS = 4
_KILLS = 3
_SOME = 40
_RECOVERY_S = 60.0
_PAGE = 10_000
_REREADS = 5
_TRIAL_S = 0.5
_SETTLED_S = 0.3
_POLL_S = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a fault came to.

    Attributes:
        fault: In words.
        replies: Kind → how many clients got it.
        accepted: Invocations that the function began, by the gateway's answers; those after the fault included.
        logged: Of these, how many have their report in the log.
        lost: Predictions, whoever got them, whose score is not in the log.
        back_s: From the end of the fault until every client had a right answer again.
    """

    fault: str
    replies: dict[str, int]
    accepted: int
    logged: int
    lost: int
    back_s: float


class Ground:
    """The deployed service and the road to it.

    Args:
        deployment: Whose function has served as many requests at once as there are clients.
        contract: Of its model.
        proxy: In front of it.
    """

    def __init__(self, deployment: LocalDeployment, contract: Contract, proxy: FaultProxy) -> None:
        self.contract = contract
        self.proxy = proxy
        self._pid = deployment.emulator.process.pid
        self.function = deployment.outputs["FunctionName"]
        self.lambda_ = deployment.emulator.client("lambda")
        self._logs = deployment.emulator.client("logs")
        self._group = deployment.outputs["LogGroupName"]

    def workers(self) -> list[int]:
        """Return the processes that play execution environments."""
        children = psutil.Process(self._pid).children(recursive=True)
        return [
            child.pid for child in children if any(part.endswith("_worker.py") for part in child.cmdline())
        ]

    def streams(self, *, since_s: float) -> list[list[str]]:
        """Return the lines of each log stream since a moment; the emulator writes one stream an invocation.

        The emulator returns at most 10,000 events and names no next page.
        """
        found: dict[str, tuple[int, list[str]]] = {}
        start, complete = int(since_s * 1000), False
        while not complete:
            events = self._logs.filter_log_events(logGroupName=self._group, startTime=start)["events"]
            complete = len(events) < _PAGE
            start = events[-1]["timestamp"] if events else start
            found = {name: item for name, item in found.items() if item[0] < start}
            for event in events:
                if complete or event["timestamp"] < start:
                    lines = found.setdefault(event["logStreamName"], (event["timestamp"], []))[1]
                    lines.append(event["message"])
        return [lines for _, lines in found.values()]


def _killed(ground: Ground, clients: Clients) -> None:
    """Kill workers that have been given a request; each is stopped first, so that it cannot finish."""
    for number in range(1, _KILLS + 1):
        os.kill(_stop_one(ground), signal.SIGKILL)
        clients.wait(lambda replies, wanted=number: _failed(replies) >= wanted)


def _stopped(ground: Ground, clients: Clients) -> None:
    """Stop a worker for good: Lambda's time limit ends its request.

    The emulator asks a worker to end with SIGTERM, which a stopped process hears only when it goes on.
    """
    worker = psutil.Process(_stop_one(ground))
    while not _asked_to_end(worker.pid):
        time.sleep(_POLL_S)
    worker.resume()
    clients.wait(lambda replies: _failed(replies) >= 1)


def _throttled(ground: Ground, clients: Clients) -> None:
    """Reserve the function one environment, while more requests are made than it can serve.

    The emulator applies reserved concurrency to ``$LATEST`` alone, so the alias points there meanwhile.
    """
    client, alias = ground.lambda_, {"FunctionName": ground.function, "Name": "live"}
    version = client.get_alias(**alias)["FunctionVersion"]
    client.put_function_concurrency(FunctionName=ground.function, ReservedConcurrentExecutions=1)
    client.update_alias(**alias, FunctionVersion="$LATEST")
    try:
        clients.wait(lambda replies: _failed(replies) >= _SOME)
    finally:
        client.update_alias(**alias, FunctionVersion=version)
        client.delete_function_concurrency(FunctionName=ground.function)


def _on_the_way(fault: Fault, *, least: int) -> Callable[[Ground, Clients], None]:
    def spoil(ground: Ground, clients: Clients) -> None:
        ground.proxy.set_fault(fault)
        try:
            clients.wait(lambda replies: _failed(replies) >= least)
        finally:
            ground.proxy.set_fault(Fault())

    return spoil


def _another_probability(body: bytes) -> bytes:
    document = json.loads(body)
    document["predictions"][0]["probability"] /= 2
    return json.dumps(document).encode()


FAULTS: dict[str, Callable[[Ground, Clients], None]] = {
    f"{_KILLS} workers killed in the middle of a request": _killed,
    "a worker stopped in the middle of a request": _stopped,
    "throttled to one request at a time": _throttled,
    "answers 11 s late": _on_the_way(Fault(delay_s=11), least=CLIENTS),
    "every other request answered 503 on the way": _on_the_way(Fault(status=503, every=2), least=_SOME),
    "every other answer thrown away": _on_the_way(Fault(drop=True, every=2), least=_SOME),
    "every other answer changed": _on_the_way(Fault(change=_another_probability, every=2), least=_SOME),
}
"""In words → how it is made while clients ask."""


def meet(ground: Ground, fault: str) -> Outcome:
    """Make one fault while clients ask, and wait until it is over.

    Raises:
        TimeoutError: It had no effect, or the service did not recover.
    """
    since_s = time.time()
    ground.proxy.exchanges.clear()
    with asking(ground.proxy.url, ground.contract, clients=CLIENTS) as clients:
        clients.wait(lambda replies: len(replies) >= CLIENTS)
        FAULTS[fault](ground, clients)
        clients.stop.set()
        back_s = _recovered(clients, since=time.monotonic())
    for _ in range(_REREADS):
        outcome = _outcome(ground, fault, clients, since_s=since_s, back_s=back_s)
        if not outcome.lost:
            break
        # The emulator waits for a line for 50 ms; one that comes later is logged with the worker's next request.
        _recovered(clients, since=time.monotonic())
    return outcome


def _outcome(ground: Ground, fault: str, clients: Clients, *, since_s: float, back_s: float) -> Outcome:
    new = ground.streams(since_s=since_s)
    statuses = Counter(exchange.upstream for exchange in ground.proxy.exchanges)
    logged = Counter(_rounded(score) for lines in new for line in lines for score in _scores(line))
    right = Counter(_rounded(reply.score) for reply in clients.replies if reply.kind == RIGHT)
    return Outcome(
        fault=fault,
        replies=dict(Counter(reply.kind for reply in clients.replies).most_common()),
        accepted=statuses[200] + statuses[502],
        logged=sum(any(line.startswith("REPORT ") for line in lines) for lines in new),
        lost=max(statuses[200] - logged.total(), (right - logged).total()),
        back_s=back_s,
    )


def _recovered(clients: Clients, *, since: float) -> float:
    with ThreadPoolExecutor(CLIENTS) as pool:
        while time.monotonic() < since + _RECOVERY_S:
            if all(reply.kind == RIGHT for reply in pool.map(lambda _: clients.ask(), range(CLIENTS))):
                return time.monotonic() - since
    raise TimeoutError(f"the service had not recovered after {_RECOVERY_S:g} s")


def _failed(replies: Sequence[Reply]) -> int:
    return sum(reply.kind != RIGHT for reply in replies)


def _stop_one(ground: Ground) -> int:
    """Stop a worker and return it once a request waits in its standard input.

    One that gets none was busy when it was stopped, or is not needed; it goes on, and the next is tried.

    Raises:
        TimeoutError: No worker was given a request.
    """
    deadline = time.monotonic() + _RECOVERY_S
    while time.monotonic() < deadline:
        for worker in ground.workers():
            os.kill(worker, signal.SIGSTOP)
            if _given_a_request(worker):
                return worker
            os.kill(worker, signal.SIGCONT)
    raise TimeoutError(f"no worker was given a request in {_RECOVERY_S:g} s")


def _given_a_request(worker: int) -> bool:
    """Tell whether a stopped worker gets a request.

    What it had written by then must have been read for a while: the emulator drops lines that its reader has not
    yet handed on when a worker dies, which Lambda does not.
    """
    deadline = time.monotonic() + _TRIAL_S
    since = None
    while (now := time.monotonic()) < deadline + (_SETTLED_S if since else 0):
        if not _waiting(worker, 0) or _waiting(worker, 2):
            since = None
        elif since is None:
            since = now
        elif now >= since + _SETTLED_S:
            return True
        time.sleep(_POLL_S)
    return False


def _waiting(process: int, number: int) -> int:
    """Return how many bytes wait in the pipe that is a process's standard input, output or error."""
    descriptor = os.open(f"/proc/{process}/fd/{number}", os.O_RDONLY | os.O_NONBLOCK)
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4))
        return int(count)
    finally:
        os.close(descriptor)


def _asked_to_end(worker: int) -> bool:
    """Tell whether SIGTERM waits for a process."""
    for line in Path(f"/proc/{worker}/status").read_text().splitlines():
        if line.startswith("ShdPnd:"):
            return bool(int(line.split()[1], 16) & 1 << (signal.SIGTERM - 1))
    return False


def _scores(line: str) -> list[float]:
    if PROBABILITY_METRIC not in line or not line.startswith("{"):
        return []
    value: Any = json.loads(line)[PROBABILITY_METRIC]
    return value if isinstance(value, list) else [value]


def _rounded(score: float) -> float:
    return round(score, 6)


def meet_all(deployment: LocalDeployment, contract: Contract) -> list[Outcome]:
    """Make every fault, one after the other."""
    with fault_proxy(deployment.base_url) as proxy:
        ground = Ground(deployment, contract, proxy)
        return [meet(ground, fault) for fault in FAULTS]


def as_table(outcomes: Sequence[Outcome]) -> str:
    """Return lines to print."""
    width = max(len(item.fault) for item in outcomes)
    lines = [
        f"{f'{CLIENTS} clients ask meanwhile':<{width}}  accepted  in the log  lost  back after s  clients got"
    ]
    for item in outcomes:
        got = ", ".join(f"{kind} {count}" for kind, count in item.replies.items())
        counts = f"{item.accepted:>8}  {item.logged:>10}  {item.lost:>4}  {item.back_s:>12.2f}"
        lines.append(f"{item.fault:<{width}}  {counts}  {got}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Deploy, make every fault and print the table.

    Returns:
        1 if anything was lost, 2 if nothing could be shown, 130 or 143 when stopped, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.faults", description="Faults under load.")
    parser.add_argument("--bundle", type=Path, default=Path("build/bundle"), help="what the function runs")
    arguments = parser.parse_args(argv)
    try:
        with (
            stop_on_signals(),
            local_deployment(bundle=arguments.bundle, environments=CLIENTS) as deployment,
        ):
            outcomes = meet_all(deployment, load_contract(arguments.bundle / "model"))
    except Stopped as stopped:
        return 128 + stopped.signum
    except (NightjarError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 2
    print(as_table(outcomes))
    return 1 if any(item.lost or item.logged < item.accepted for item in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
