"""The command line of the load test."""

__all__ = ["Options", "parse"]

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra.commandline import parser_of, positive, whole_number
from infra.config import load_config
from loadtests.generator import MARGIN_S
from loadtests.traffic import PROFILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.credentials import Auth
    from loadtests.shapes import Day

BUILD = Path("build/load")
"""Where reports go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person typed, or the defaults; the parser's help describes each."""

    host: str | None
    auth: "Auth"
    data: Path
    artefact: Path
    bundle: Path
    environments: int
    sla_s: float
    p99_ms: float
    shape: Literal["steady", "day", "ramp"]
    minutes: float
    users: int
    spawn_rate: float
    seconds: int
    traffic: Path
    time_zone: str
    day: "Day"
    requests: int | None
    multiplier: float | None
    seed: int
    first_rate: float
    factor: float
    step_s: float
    most_rate: float
    summary: Path
    markdown: Path
    html: Path
    json: bool

    @property
    def patience_s(self) -> float:
        """How long a client waits for a byte: longer than the limit, to tell a slow answer from none."""
        return self.sla_s + MARGIN_S


def parse(argv: "Sequence[str] | None", *, about: str) -> Options:
    """Return what the command line says.

    Args:
        argv: The command line; None takes the process's.
        about: The program's documentation, which ends with an example.
    """
    return Options(**vars(_parser(about).parse_args(argv)))


def _parser(about: str) -> argparse.ArgumentParser:
    result = parser_of("loadtests.gate", about)
    _add_target(result)
    _add_load(result)
    result.add_argument(
        "--sla-s", type=positive, default=10.0, help="longest response allowed (default: %(default)s)"
    )
    result.add_argument(
        "--p99-ms",
        type=positive,
        default=float(load_config("local").latency_alarm_ms),
        help="largest 99th percentile allowed (default: what a stage alarms at, %(default)g)",
    )
    for name, file, what in (
        ("summary", "summary.json", "all figures as JSON"),
        ("markdown", "summary.md", "a table for a pull request"),
        ("html", "locust.html", "Locust's own report"),
    ):
        result.add_argument(
            f"--{name}", type=Path, default=BUILD / file, help=f"file for {what} (default: %(default)s)"
        )
    result.add_argument("--json", action="store_true", help="print all figures as JSON")
    return result


def _add_target(result: argparse.ArgumentParser) -> None:
    group = result.add_argument_group("what is tested")
    add = group.add_argument
    add("--host", help="base URL to test (default: an own deployment on this machine)")
    add(
        "--auth",
        choices=("none", "iam", "bearer"),
        default="none",
        help="iam signs with the environment's AWS credentials, bearer sends the token in NIGHTJAR_TOKEN "
        "(default: %(default)s)",
    )
    add(
        "--data",
        type=Path,
        default=Path("model/data/yrbss.csv"),
        help="rows to send (default: %(default)s)",
    )
    add(
        "--artefact",
        type=Path,
        default=Path("build/model"),
        help="the deployed model, which knows the answers (default: %(default)s)",
    )
    add(
        "--bundle",
        type=Path,
        default=Path("build/bundle"),
        help="what an own deployment runs (default: %(default)s)",
    )
    add(
        "--environments",
        type=whole_number(1),
        default=8,
        help="environments of an own deployment that are started before the load; under a ramp there are no more "
        "(default: %(default)s)",
    )


def _add_load(result: argparse.ArgumentParser) -> None:
    group = result.add_argument_group("load")
    add = group.add_argument
    add(
        "--shape",
        choices=("steady", "day", "ramp"),
        default="steady",
        help="users who ask again and again; a day of the traffic profile, compressed; or a rate that rises until "
        "the deployment breaks (default: %(default)s)",
    )
    add(
        "--minutes",
        type=positive,
        default=2.0,
        help="day: what it is compressed to; ramp: its longest time (default: %(default)g)",
    )
    add(
        "--seed",
        type=int,
        default=1,
        help="day, ramp: the same gives the same moments (default: %(default)s)",
    )
    add("--users", type=whole_number(1), default=20, help="steady: who ask at once (default: %(default)s)")
    add(
        "--spawn-rate",
        type=positive,
        default=2.0,
        help="steady: users who begin in a second (default: %(default)s)",
    )
    add(
        "--seconds", type=whole_number(1), default=20, help="steady: how long they ask (default: %(default)s)"
    )
    add(
        "--traffic",
        type=Path,
        default=PROFILE,
        help="day: profile, or recorded timestamps as .csv or access log (default: %(default)s)",
    )
    add(
        "--time-zone", default="UTC", help="day: of a recording; a profile has its own (default: %(default)s)"
    )
    add("--day", choices=("weekday", "weekend"), default="weekday", help="day: which (default: %(default)s)")
    volume = group.add_mutually_exclusive_group()
    volume.add_argument(
        "--requests",
        type=whole_number(1),
        help="day: how many to send (default: ten for each second of the test)",
    )
    volume.add_argument(
        "--multiplier", type=positive, help="day: send the profile's volume this many times instead"
    )
    add(
        "--first-rate",
        type=positive,
        default=10.0,
        help="ramp: requests/s of the first step (default: %(default)g)",
    )
    add("--factor", type=_above_one, default=1.25, help="ramp: from step to step (default: %(default)s)")
    add("--step-s", type=positive, default=5.0, help="ramp: seconds of a step (default: %(default)g)")
    add("--most-rate", type=positive, default=1000.0, help="ramp: highest requests/s (default: %(default)g)")


def _above_one(text: str) -> float:
    """Read a number above 1."""
    number = positive(text)
    if number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}, wanted a number above 1")
    return number
