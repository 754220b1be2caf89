"""What is known of each request that was sent, and the file that brings it from Locust's process to ours.

Locust's own statistics round a time over 100 ms to two digits; here every time is kept as it was measured.
"""

__all__ = ["Recorder", "Sample", "read_samples"]

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from loadtests.errors import RunError
from loadtests.grading import Fault

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request and what became of it.

    Attributes:
        started_s: When it was sent, on a clock with an arbitrary zero.
        elapsed_s: From then until the last byte of the response, or until there was no hope of one.
        status: HTTP status; 0 without a response.
        rows: How many rows it carried.
        cold: Whether it was an environment's first answer.
        fault: Why it does not count; None when the answer is right.
        due_s: When it was to be sent, from the beginning of an open load; None in a closed one.
        late_s: How much later it was sent, which is the load generator's fault.
        total_ms: Time in the function, by its own account; None when it gives none.
        init_ms: Initialisation of a cold environment, by its own account; None when it gives none.
    """

    started_s: float
    elapsed_s: float
    status: int
    rows: int
    cold: bool
    fault: Fault | None
    due_s: float | None = None
    late_s: float = 0.0
    total_ms: float | None = None
    init_ms: float | None = None


class Recorder:
    """Writes one sample a line, and at the end how many there were."""

    def __init__(self, path: "Path") -> None:
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._written = 0

    def write(self, sample: Sample) -> None:
        """Append a sample."""
        self._file.write(json.dumps(asdict(sample)) + "\n")
        self._written += 1

    def close(self) -> None:
        """Say that nothing more will follow."""
        self._file.write(json.dumps({"written": self._written}) + "\n")
        self._file.close()


def read_samples(path: "Path") -> list[Sample]:
    """Read what a :class:`Recorder` wrote.

    Raises:
        RunError: The file ends before its end.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    *lines, last = text.split("\n")[:-1] or [""]
    if last != json.dumps({"written": len(lines)}):
        raise RunError(f"the load generator was cut off after {len(lines)} requests; run the test again")
    samples = []
    for line in lines:
        raw = json.loads(line)
        fault = None if raw["fault"] is None else Fault(**raw["fault"])
        samples.append(Sample(**{**raw, "fault": fault}))
    return samples
