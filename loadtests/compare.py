"""``make compare``: what the simulator predicts beside what a load test measures.

Measures a deployment on this machine (calibration), plans with the simulator how many environments the day's very
arrivals need, serves with as many in a fresh deployment, replays those arrivals, and puts predicted and measured
figures side by side: cold starts, median, 99th percentile, most requests at once.

Exit codes: 0 every figure is within its tolerance and every answer was right; 1 one is not, or something broke;
2 nothing could be compared (bundle, artefact, data or traffic missing), with what to do; 130 or 143 stopped.

Example:
    python -m loadtests.compare --minutes 1 --requests 600
"""

__all__ = ["main"]

import argparse
import json
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from function.errors import NightjarError
from infra.commandline import parser_of, positive, refuse, share, whole_number
from infra.files import write_whole
from infra.local.deployment import local_deployment
from infra.local.emulator import scratch_folder
from infra.local.process import Stopped, stop_on_signals
from loadtests.agreement import TOLERANCE, agreement, as_lines
from loadtests.calibration import calibrated, calibration_shape
from loadtests.errors import InputError
from loadtests.generator import MARGIN_S, Load, Open, generate
from loadtests.judgement import Limits, judge
from loadtests.known import load_known
from loadtests.prediction import environments_for, figures_of, predict
from loadtests.shapes import day_shape
from loadtests.target import probe
from loadtests.terminal import say, show
from loadtests.traffic import PROFILE, read_traffic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.local.deployment import LocalDeployment
    from loadtests.samples import Sample
    from loadtests.shapes import Shape

_SLA_S = 10.0
_PATIENCE_S = _SLA_S + MARGIN_S


def _run(options: argparse.Namespace) -> int:
    """Compare as the command line says.

    Raises:
        InputError: Nothing can be compared.
        NightjarError: A deployment or a load broke.
    """
    if not options.bundle.is_dir():
        raise InputError(f"{options.bundle} is missing; make it with make bundle")
    profile = read_traffic(options.traffic, time_zone=options.time_zone)
    days = [
        day_shape(
            profile,
            day=options.day,
            seconds=options.minutes * 60,
            requests=options.requests,
            seed=options.seed + n,
        )
        for n in range(2)
    ]
    load, other = days
    say("1 of 4  measure: a first deployment, another draw of the same day")
    with _serving(options, environments=1) as deployment:
        times = calibrated(_samples(options, deployment, calibration_shape(other)), deployment)
    say(
        f"        {len(times.warm_s):,} warm and {len(times.cold_s):,} cold answers, "
        f"{len(times.busy_warm_s):,} and {len(times.busy_cold_s):,} invocations"
    )
    environments = options.environments
    if environments is None:
        environments = environments_for(load.moments_s, times, cold_share=options.cold_share)
    predicted = predict(load.moments_s, times, environments=environments)
    say(f"2 of 4  plan: {environments} environments, {predicted.cold_share:.2%} cold")
    say(f"3 of 4  serve: a fresh deployment with {environments} environments")
    with _serving(options, environments=environments) as deployment:
        say(f"4 of 4  load: {len(load.moments_s):,} requests, {load.name}")
        samples = _samples(options, deployment, load)
    verdict = judge(samples, Limits(sla_s=_SLA_S, planned=len(load.moments_s)))
    lines = agreement(predicted, figures_of(samples), TOLERANCE) if samples else ()
    agrees = verdict.passed and all(line.agrees for line in lines)
    summary = {
        "agrees": agrees,
        "environments": environments,
        "tolerance": asdict(TOLERANCE),
        "lines": [asdict(line) | {"agrees": line.agrees} for line in lines],
        "problems": verdict.problems,
    }
    write_whole(options.summary, json.dumps(summary, indent=2) + "\n")
    if options.json:
        print(json.dumps(summary, indent=2))
        return 0 if agrees else 1
    print(as_lines(lines))
    for problem in verdict.problems:
        print(f"FAILED: {problem}")
    outside = [line.name.partition(",")[0] for line in lines if not line.agrees]
    if outside:
        print(f"FAILED: outside the tolerance: {', '.join(outside)}; the prediction does not hold here")
    if agrees:
        print("AGREES: every figure is within its tolerance, every answer is right")
    return 0 if agrees else 1


@contextmanager
def _serving(options: argparse.Namespace, *, environments: int) -> "Iterator[LocalDeployment]":
    with local_deployment(bundle=options.bundle, environments=environments) as deployment:
        known = load_known(data=options.data, artefact=options.artefact)
        probe(deployment.base_url, known, timeout_s=_PATIENCE_S)
        yield deployment


def _samples(options: argparse.Namespace, deployment: "LocalDeployment", shape: "Shape") -> "list[Sample]":
    load = Load(
        host=deployment.base_url,
        pace=Open(shape=shape),
        patience_s=_PATIENCE_S,
        data=options.data,
        artefact=options.artefact,
    )
    with scratch_folder() as scratch:
        samples = generate(load, scratch=scratch, progress=show)
    show("")
    return samples


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("loadtests.compare", __doc__)
    add = result.add_argument
    add("--minutes", type=positive, default=1.0, help="what the day is compressed to (default: %(default)g)")
    add("--requests", type=whole_number(1), default=600, help="how many (default: %(default)s)")
    add("--day", choices=("weekday", "weekend"), default="weekday", help="which day (default: %(default)s)")
    add("--traffic", type=Path, default=PROFILE, help="profile or recording (default: %(default)s)")
    add("--time-zone", default="UTC", help="of a recording (default: %(default)s)")
    add(
        "--cold-share",
        type=share,
        default=0.002,
        help="largest share of cold starts that is planned (default: %(default)s)",
    )
    add("--environments", type=whole_number(1), help="serve with as many and plan nothing")
    add("--seed", type=int, default=1, help="of the arrivals (default: %(default)s)")
    add("--bundle", type=Path, default=Path("build/bundle"), help="what runs (default: %(default)s)")
    add("--artefact", type=Path, default=Path("build/model"), help="its model (default: %(default)s)")
    add("--data", type=Path, default=Path("model/data/yrbss.csv"), help="rows (default: %(default)s)")
    add(
        "--summary",
        type=Path,
        default=Path("build/load/compare.json"),
        help="file for all figures (default: %(default)s)",
    )
    add("--json", action="store_true", help="print all figures as JSON")
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Compare as the command line says; see the module for exit codes."""
    options = parser().parse_args(argv)
    try:
        with stop_on_signals():
            return _run(options)
    except Stopped as stopped:
        return 128 + stopped.signum
    except NightjarError as error:
        refuse(error)
        return 2 if isinstance(error, InputError) else 1


if __name__ == "__main__":
    sys.exit(main())
