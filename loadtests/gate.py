"""``make load``: whether a deployment gives every right answer in time while many ask.

Locust sends real rows; every response is compared with the known answer for its rows. Without a host, an own
deployment of the bundle is started on this machine and ended afterwards.

Exit codes: 0 passed; 1 a response was wrong, failed or late, no request was made, or the deployment or the load
generator broke; 2 nothing could be tested (host unreachable, another model deployed, artefact or data missing),
with what to do; 130 or 143 stopped.

Example:
    python -m loadtests.gate --host http://127.0.0.1:8080 --users 20 --seconds 20
"""

__all__ = ["main"]

import argparse
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from function.errors import NightjarError
from infra.local.deployment import local_deployment
from infra.local.emulator import scratch_folder
from infra.local.process import Stopped, stop_on_signals
from loadtests.errors import InputError
from loadtests.generator import MARGIN_S, Load, generate
from loadtests.judgement import Limits, Verdict, judge
from loadtests.known import load_known
from loadtests.report import as_dict, as_table
from loadtests.target import base_url, probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STARTED_ENVIRONMENTS = 8
"""Execution environments of an own deployment that are started before the load. Lambda starts many at once; the
emulator starts one after the other, each after unpacking the whole bundle, so that the last of twenty may wait for
longer than any limit allows."""


def _run(options: argparse.Namespace) -> Verdict:
    """Test as the command line says.

    Raises:
        InputError: Nothing can be tested.
        NightjarError: The deployment or the load generator broke.
    """
    host = None if options.host is None else base_url(options.host)
    known = load_known(data=options.data, artefact=options.artefact)
    patience_s = options.sla_s + MARGIN_S
    with _deployment(host, bundle=options.bundle, users=options.users) as url:
        probe(url, known, timeout_s=patience_s)
        _say(
            f"{options.users} users ask {url} for {options.seconds} s; {known.model} {known.version}, "
            f"{len(known.cases):,} rows"
            + (f"; {known.refused:,} rows are left out, the contract refuses them" if known.refused else "")
        )
        load = Load(
            host=url,
            users=options.users,
            spawn_rate=options.spawn_rate,
            seconds=options.seconds,
            patience_s=patience_s,
            data=options.data,
            artefact=options.artefact,
        )
        with scratch_folder() as scratch:
            samples = generate(load, scratch=scratch, progress=_show)
        _show("")
    return judge(samples, Limits(sla_s=options.sla_s))


@contextmanager
def _deployment(host: str | None, *, bundle: Path, users: int) -> "Iterator[str]":
    if host is not None:
        yield host
        return
    if not bundle.is_dir():
        raise InputError(f"{bundle} is missing; make it with make bundle, or give a host to test")
    _say("no host is given: deploying on this machine")
    start = time.perf_counter()
    with local_deployment(bundle=bundle, environments=min(users, STARTED_ENVIRONMENTS)) as deployment:
        _say(f"ready after {time.perf_counter() - start:.1f} s")
        yield deployment.base_url


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show(state: str) -> None:
    """Replace the last line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{state}\x1b[K", end="", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    description, _, example = (__doc__ or "").partition("Example:\n")
    result = argparse.ArgumentParser(
        prog="python -m loadtests.gate",
        description=description.replace("``", ""),
        epilog="example: " + example.strip(),
    )
    result.add_argument("--host", help="base URL to test (default: an own deployment on this machine)")
    result.add_argument("--users", type=_count, default=20, help="who ask at once (default: %(default)s)")
    result.add_argument(
        "--spawn-rate", type=_positive, default=2.0, help="users who begin in a second (default: %(default)s)"
    )
    result.add_argument("--seconds", type=_count, default=20, help="how long they ask (default: %(default)s)")
    result.add_argument(
        "--data", type=Path, default=Path("model/data/yrbss.csv"), help="rows to send (default: %(default)s)"
    )
    result.add_argument(
        "--artefact",
        type=Path,
        default=Path("build/model"),
        help="the deployed model, which knows the answers (default: %(default)s)",
    )
    result.add_argument(
        "--bundle",
        type=Path,
        default=Path("build/bundle"),
        help="what an own deployment runs (default: %(default)s)",
    )
    result.add_argument(
        "--sla-s", type=_positive, default=10.0, help="longest response allowed (default: %(default)s)"
    )
    result.add_argument("--json", action="store_true", help="print the verdict as JSON")
    return result


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number


def main(argv: "Sequence[str] | None" = None) -> int:
    """Test as the command line says; see the module for exit codes."""
    options = parser().parse_args(argv)
    try:
        with stop_on_signals():
            verdict = _run(options)
    except Stopped as stopped:
        return 128 + stopped.signum
    except NightjarError as error:
        print(f"load: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    limits = Limits(sla_s=options.sla_s)
    print(json.dumps(as_dict(verdict, limits), indent=2) if options.json else as_table(verdict, limits))
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
