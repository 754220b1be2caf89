"""What the benchmark measured: typed, and written as JSON, which the capacity planner reads."""

__all__ = [
    "RESULTS_FILE",
    "RESULTS_VERSION",
    "Batch",
    "Footprint",
    "Machine",
    "Results",
    "Spread",
    "Starts",
    "spread",
    "write_results",
]

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from infra.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS_VERSION = 1
RESULTS_FILE = "bench.json"


class Spread(NamedTuple):
    """Middle and ends of some measurements."""

    median: float
    low: float
    high: float


def spread(values: "Sequence[float]") -> Spread:
    """Return median, smallest and largest.

    Raises:
        ValueError: There is none.
    """
    if not values:
        raise ValueError("no measurement, wanted at least one")
    return Spread(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Fresh processes of one handler.

    Attributes:
        init_ms: From process start to the first request for an event, of each process.
        cpu_ms: Processor time that this took, all threads; what a small share of a core has to provide.
        first_ms: First answer of each process.
        warm_ms: Every later answer.
    """

    init_ms: tuple[float, ...]
    cpu_ms: tuple[float, ...]
    first_ms: tuple[float, ...]
    warm_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one process of a handler takes.

    Attributes:
        rss_first_mb: Largest resident memory (VmHWM) after the first answer, MB of 2**20 bytes.
        rss_later_mb: The same after :attr:`requests` requests.
        requests: How many.
        read_mb: Read from disk until the first answer when nothing is cached, MB of 10**6 bytes; None: not measured.
        cold_init_ms: Initialisation when nothing is cached; None: not measured.
    """

    rss_first_mb: float
    rss_later_mb: float
    requests: int
    read_mb: float | None
    cold_init_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One large batch of rows, from dicts to Python numbers, in one process.

    Attributes:
        rows: In the batch.
        ours_ms: Through ``function.predictor``.
        binding_ms: Through numpy arrays and the Python binding.
    """

    rows: int
    ours_ms: float
    binding_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was measured.

    Attributes:
        cpu: The processor's own name.
        cores: Visible to the process.
        kernel: Release.
        python: Version and how it was built.
    """

    cpu: str
    cores: int
    kernel: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run of the benchmark.

    Attributes:
        date: UTC, ISO 8601.
        machine: Where.
        model: Name.
        model_version: Of the contract.
        full: Handler → its starts at full speed; ``nightjar`` is the bundle.
        memory: Lambda memory in MB → handler → its starts with memory/1769 of a core.
        footprint: Handler → memory and bytes read.
        unzipped_mb: The bundle's size, MB of 10**6 bytes.
        zipped_mb: The same as a zip.
        warm_us: ``advice`` and ``no advice`` → part of a request → median µs, in-process; ``total`` is measured on
            its own, without the clocks between the parts.
        batch: The large batch.
        skipped: What could not be measured here → why.
    """

    date: str
    machine: Machine
    model: str
    model_version: str
    full: dict[str, Starts]
    memory: dict[int, dict[str, Starts]]
    footprint: dict[str, Footprint]
    unzipped_mb: float
    zipped_mb: float
    warm_us: dict[str, dict[str, float]]
    batch: Batch
    skipped: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers."""
        return {"bench_version": RESULTS_VERSION, **asdict(self)}


def write_results(results: Results, folder: Path) -> Path:
    """Write the JSON file, whole or not at all, and return its path."""
    return write_whole(folder / RESULTS_FILE, json.dumps(results.to_dict(), indent=1) + "\n")
