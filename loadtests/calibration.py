"""Measures the times of one deployment on this machine, as :mod:`loadtests.prediction` needs them.

The emulator's times are not Lambda's: what ``make bench`` measures says nothing of its gateway, and it unpacks the
whole bundle at every start. So they are measured where the prediction is to hold.
"""

__all__ = ["busy_times", "calibrated", "calibration_shape"]

from typing import TYPE_CHECKING

from infra.local.metrics.lines import platform_events
from infra.local.metrics.log import LogReader
from loadtests.prediction import Calibration
from loadtests.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infra.local.deployment import LocalDeployment
    from loadtests.samples import Sample

_BURSTS = (4, 6, 8, 10)
"""Requests that come together, for more environments each time than are running."""

_BURST_EVERY_S = 3.0
"""After a burst, so that what it has started is at rest."""


def calibration_shape(load: Shape) -> Shape:
    """Return bursts that make environments start, and then a load of the same rates."""
    bursts = [number * _BURST_EVERY_S for number, size in enumerate(_BURSTS) for _ in range(size)]
    after_s = len(_BURSTS) * _BURST_EVERY_S
    return Shape(
        name=f"bursts, then {load.name}",
        seconds=after_s + load.seconds,
        moments_s=(*bursts, *(after_s + moment for moment in load.moments_s)),
    )


def calibrated(samples: "Sequence[Sample]", deployment: "LocalDeployment") -> Calibration:
    """Return the times of a deployment after its calibration load.

    Raises:
        LogError: The log cannot be read to its end.
        RunError: No environment was seen to start.
    """
    warm, cold = busy_times(_streams(deployment))
    after_s = len(_BURSTS) * _BURST_EVERY_S
    right = [sample for sample in samples if sample.fault is None]
    return Calibration(
        busy_warm_s=warm,
        busy_cold_s=cold,
        warm_s=tuple(s.elapsed_s for s in right if not s.cold and (s.due_s or 0.0) >= after_s),
        cold_s=tuple(s.elapsed_s for s in right if s.cold),
    )


def busy_times(streams: "Iterable[Sequence[str]]") -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the seconds that environments were busy with a request: running ones, and ones that started for it.

    Args:
        streams: Messages of each log stream, in order.
    """
    warm: list[float] = []
    cold: list[float] = []
    for messages in streams:
        for event in platform_events(messages):
            metrics = event["record"]["metrics"]
            (cold if "initDurationMs" in metrics else warm).append(metrics["durationMs"] / 1e3)
    return tuple(warm), tuple(cold)


def _streams(deployment: "LocalDeployment") -> "Iterable[Sequence[str]]":
    log = LogReader(deployment.emulator.client("logs"), deployment.outputs["LogGroupName"])
    return ([message for _, message in lines] for lines in log.invocations())
