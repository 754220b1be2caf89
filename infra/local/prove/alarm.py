"""The way from traffic to the alarm's message and back to OK.

The alarm on the mean predicted probability is made to sound by callers whom the model rates high, and ends as
ordinary callers bring the day's mean back. Nothing else is changed: thresholds, filters and alarms are the
deployed template's.
"""

__all__ = ["Moment", "as_dict", "prove_alarm", "shown"]

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from function.contract import Contract
from infra.local.deployment import LocalDeployment
from infra.local.http import request
from infra.local.metrics.bridge import UNMEASURED, Bridge
from infra.local.prove.errors import ProofError
from infra.local.subscriber import Subscriber, subscriber

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BREACHING_REQUESTS = 20
_MAX_RECOVERY_REQUESTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline.

    Attributes:
        at_s: Since the first request.
        what: What happened.
    """

    at_s: float
    what: str


def prove_alarm(deployment: LocalDeployment, contract: Contract) -> tuple[list[Moment], Bridge]:
    """Send traffic until the upper probability alarm sounds, then until it ends.

    Returns:
        The timeline, and the bridge with every series.

    Raises:
        ProofError: A request was not answered, the alarm did not change as it must, or the model has no such
            alarm or no golden row beyond its threshold.
        SubscriberError: A message did not arrive.
    """
    bridge = Bridge(deployment.emulator, deployment.outputs)
    alarm, threshold = _alarm_of(bridge)
    high, ordinary = _rows(contract, threshold)
    bridge.collect()
    bridge.evaluate()  # every alarm leaves its first state before the clock starts
    with subscriber(deployment.emulator, deployment.outputs["TopicArn"]) as ears:
        run = _Run(deployment=deployment, bridge=bridge, ears=ears, alarm=alarm)
        run.note(f"{_BREACHING_REQUESTS} requests that the model rates above {threshold:g}")
        for _ in range(_BREACHING_REQUESTS):
            run.send(high)
        run.follow("ALARM")
        sent = 0
        while run.state() == "ALARM" and sent < _MAX_RECOVERY_REQUESTS:
            for _ in range(_BREACHING_REQUESTS):
                run.send(ordinary)
            sent += _BREACHING_REQUESTS
            bridge.collect()
            if (run.mean() or 0.0) <= threshold:
                break
        run.note(f"{sent} ordinary requests answered")
        run.follow("OK")
    return run.moments, bridge


class _Run:
    def __init__(self, *, deployment: LocalDeployment, bridge: Bridge, ears: Subscriber, alarm: str) -> None:
        self._url = f"{deployment.base_url}/predictions"
        self._bridge, self._ears, self._alarm = bridge, ears, alarm
        self._start = time.monotonic()
        self.moments: list[Moment] = []

    def note(self, what: str, *, at: float | None = None) -> None:
        moment = time.monotonic() if at is None else at
        self.moments.append(Moment(at_s=moment - self._start, what=what))

    def send(self, row: "Mapping[str, Any]") -> None:
        began = time.perf_counter()
        answer = request(self._url, body=json.dumps({"instances": [row]}).encode(), timeout_s=30)
        latency_ms = (time.perf_counter() - began) * 1000
        if answer is None or answer.status != 200:
            raise ProofError(f"{self._url} answered {answer}, wanted 200")
        self._bridge.observe(status=answer.status, latency_ms=latency_ms, at_s=time.time())

    def state(self) -> str:
        (found,) = [held.state for held in self._bridge.states if held.alarm.name == self._alarm]
        return found

    def mean(self) -> float | None:
        (alarm,) = [held.alarm for held in self._bridge.states if held.alarm.name == self._alarm]
        return self._bridge.query(
            alarm.metric, statistic=alarm.statistic, period_s=alarm.period_s, periods=1
        )[0]

    def follow(self, wanted: str) -> None:
        """Go from the log lines to the subscriber's message."""
        read = self._bridge.collect()
        self.note(
            f"{read} more invocations read from the log; the day's mean probability is {self.mean():.4f}"
        )
        changed = {item.alarm: item for item in self._bridge.evaluate()}
        if self._alarm not in changed or changed[self._alarm].after != wanted:
            raise ProofError(f"{self._alarm} is {self.state()}, wanted {wanted}; changed: {sorted(changed)}")
        self.note(f"{self._alarm}: {changed[self._alarm].before} → {wanted}")
        arrived, message = self._ears.alarm_message(alarm=self._alarm, state=wanted)
        self.note(f"the subscriber has the {message['NewStateValue']} message", at=arrived)


def _alarm_of(bridge: Bridge) -> tuple[str, float]:
    for held in bridge.states:
        if held.alarm.name.endswith("-probability-high"):
            return held.alarm.name, held.alarm.threshold
    raise ProofError("the stack has no alarm on a high mean probability: the model has no positive class")


def _rows(contract: Contract, threshold: float) -> "tuple[Mapping[str, Any], Mapping[str, Any]]":
    """Return the golden row with the highest probability, and the one nearest to the base rate."""
    positive, base = contract.outputs.positive, contract.outputs.base_rate
    if positive is None or base is None:
        raise ProofError("the model has no positive class with a base rate")
    scored = [(row.scores[positive], row.row) for row in contract.golden.rows]
    top, high = max(scored, key=lambda item: item[0])
    if top <= threshold:
        raise ProofError(f"no golden row exceeds {threshold:g}; the highest has {top:g}")
    return high, min(scored, key=lambda item: abs(item[0] - base))[1]


def shown(moments: list[Moment], bridge: Bridge) -> "Iterator[str]":
    """Yield the timeline, the alarms' states and what has no data here, as lines."""
    yield "seconds  what"
    yield from (f"{moment.at_s:7.2f}  {moment.what}" for moment in moments)
    yield "\nalarm states (evaluated locally from emulated and logged metrics)"
    yield from (f"  {held.state:<18} {held.alarm.name}" for held in bridge.states)
    yield "\nwithout a source here, or not bridged; their alarms say OK because no data is no breach"
    yield from (f"  {name}: {reason}" for name, reason in UNMEASURED.items())


def as_dict(moments: list[Moment], bridge: Bridge) -> dict[str, Any]:
    """Return the same in plain dicts, lists, strings and numbers."""
    return {
        "moments": [asdict(moment) for moment in moments],
        "alarms": {held.alarm.name: held.state for held in bridge.states},
        "unmeasured": UNMEASURED,
    }
