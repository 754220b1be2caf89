"""How long the function starts and serves, by memory: the one owner of these times for everything that plans."""

__all__ = ["MEASURED", "Measurements", "Times", "dump_measurements", "load_measurements"]

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.capacity.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MEASURED = Path(__file__).with_name("measurements.json")
"""Times that travel with the project: of its example model, on the machine that the file names."""

_BENCH_VERSION = 1
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What was measured with the processor share of one memory size; each of them at least one value, above 0.

    Attributes:
        init_ms: Initialisation, from process start until the function asks for an event.
        first_ms: The first request of an environment.
        warm_ms: Later requests.
    """

    init_ms: tuple[float, ...]
    first_ms: tuple[float, ...]
    warm_ms: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check every time.

        Raises:
            InputError: One is not a positive number, or there is none.
        """
        for name in ("init_ms", "first_ms", "warm_ms"):
            values: Sequence[Any] = getattr(self, name)
            usable = [
                isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
                for value in values
            ]
            if not usable or not all(usable):
                raise InputError(
                    f"{name} is {list(values)[:5]!r}, wanted at least one time above 0; run make bench"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Times of a model.

    Attributes:
        origin: What measured it, when and on which machine, for people.
        model: The model's name and version.
        by_memory: Memory in MB → its times.
    """

    origin: str
    model: str
    by_memory: dict[int, Times]

    def at(self, memory_mb: int) -> Times:
        """Return the times of a memory size.

        Raises:
            InputError: It was not measured; nothing is interpolated.
        """
        if memory_mb not in self.by_memory:
            sizes = ", ".join(map(str, sorted(self.by_memory)))
            raise InputError(
                f"memory is {memory_mb} MB, measured are {sizes} MB; "
                "choose one of them, or measure it with make bench"
            )
        return self.by_memory[memory_mb]


def load_measurements(path: Path) -> Measurements:
    """Read ``measurements.json``, or what ``make bench`` writes.

    Raises:
        InputError: The file cannot be read, or holds neither; the message names it.
    """
    try:
        raw = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the measurements {path}: {error}; run make bench") from error
    try:
        if raw.get("bench_version") == _BENCH_VERSION:
            return _from_bench(raw)
        if raw.get("measurements_version") != _VERSION:
            raise InputError(
                f"it holds neither measurements_version {_VERSION} nor bench_version {_BENCH_VERSION}"
            )
        return Measurements(
            origin=str(raw["origin"]),
            model=str(raw["model"]),
            by_memory={int(size): _times(item) for size, item in raw["by_memory"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is malformed: {error!r}; run make bench again") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def dump_measurements(measurements: Measurements) -> str:
    """Return the text that :func:`load_measurements` reads back to equal measurements."""
    raw = {"measurements_version": _VERSION, **asdict(measurements)}
    return json.dumps(raw, indent=1) + "\n"


def _from_bench(raw: dict[str, Any]) -> Measurements:
    machine = raw["machine"]
    group = {int(size): item["nightjar"] for size, item in raw["memory"].items()}
    if not group:
        raise InputError("the benchmark measured no memory size: this machine can limit no processor share")
    return Measurements(
        origin=f"make bench of {raw['date'][:10]} on {machine['cpu']}, {machine['cores']} cores",
        model=f"{raw['model']} {raw['model_version']}",
        by_memory={size: _times(item) for size, item in group.items()},
    )


def _times(raw: dict[str, Any]) -> Times:
    return Times(**{name: tuple(raw[name]) for name in ("init_ms", "first_ms", "warm_ms")})
