"""``make load``: whether a deployment gives every right answer in time while many ask.

Locust sends real rows; every response is compared with the known answer for its rows. Without a host, an own
deployment of the bundle is started on this machine and ended afterwards.

Exit codes: 0 passed, and for --shape ramp: a rate that is held and a higher one that is not were found; 1 a
response was wrong, failed or late, the 99th percentile was above its target, fewer requests were sent than
planned, a ramp found no break, or the deployment or the load generator broke; 2 nothing could be tested (host
unreachable, access refused, another model deployed, artefact, data or traffic missing), with what to do; 130 or
143 stopped.

Example:
    python -m loadtests.gate --host http://127.0.0.1:8080 --shape day --minutes 2
"""

__all__ = ["main"]

import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from function.errors import NightjarError
from infra.commandline import refuse
from infra.files import write_whole
from infra.local.deployment import local_deployment
from infra.local.emulator import scratch_folder
from infra.local.process import Stopped, stop_on_signals
from loadtests.breaking import find_break
from loadtests.credentials import authoriser, resolved
from loadtests.errors import InputError
from loadtests.finding import About, Finding
from loadtests.generator import Closed, Load, Open, Until, generate
from loadtests.judgement import Limits, judge
from loadtests.known import load_known
from loadtests.options import Options, parse
from loadtests.parts import by_hour, by_peak
from loadtests.report import as_dict, as_markdown, as_table
from loadtests.shapes import Ramp, day_shape, ramp_shape
from loadtests.target import base_url, probe
from loadtests.terminal import say, show
from loadtests.traffic import read_traffic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.capacity.traffic import Profile
    from loadtests.samples import Sample

REQUESTS_PER_S = 10
"""Mean of a replayed day when nobody says how many. The example's morning is seven times that and its bursts
thrice more, which the emulator, a server for development, still serves on two cores."""


def _run(options: Options) -> Finding:
    """Test as the command line says.

    Raises:
        InputError: Nothing can be tested.
        NightjarError: The deployment or the load generator broke.
    """
    host = None if options.host is None else base_url(options.host)
    profile = read_traffic(options.traffic, time_zone=options.time_zone) if options.shape == "day" else None
    pace = _pace(options, profile)
    known = load_known(data=options.data, artefact=options.artefact)
    with _deployment(host, options) as url:
        environment = os.environ | resolved(options.auth, os.environ)
        authorise = authoriser(options.auth, url=url, env=environment)
        probe(url, known, timeout_s=options.patience_s, authorise=authorise)
        about = About(model=f"{known.model} {known.version}", host=url, shape=_words(pace))
        say(
            f"{about.shape}: {url}; {about.model}, {len(known.cases):,} rows"
            + (f"; {known.refused:,} rows are left out, the contract refuses them" if known.refused else "")
        )
        load = Load(
            host=url,
            pace=pace,
            patience_s=options.patience_s,
            data=options.data,
            artefact=options.artefact,
            auth=options.auth,
            html=options.html,
        )
        with scratch_folder() as scratch:
            samples = generate(load, scratch=scratch, progress=show)
        show("")
    return _find(samples, about=about, options=options, pace=pace, profile=profile)


def _pace(options: Options, profile: "Profile | None") -> Closed | Open:
    """Return when to ask.

    Raises:
        InputError: The profile has no traffic on such a day.
    """
    if options.shape == "ramp":
        until = Until(sla_s=options.sla_s, p99_s=options.p99_ms / 1e3, step_s=options.step_s)
        return Open(shape=ramp_shape(_ramp(options), seed=options.seed), until=until)
    if profile is None:
        return Closed(users=options.users, spawn_rate=options.spawn_rate, seconds=options.seconds)
    seconds = options.minutes * 60
    requests = options.requests
    if requests is None and options.multiplier is None:
        requests = max(1, round(REQUESTS_PER_S * seconds))
    shape = day_shape(
        profile,
        day=options.day,
        seconds=seconds,
        requests=requests,
        multiplier=options.multiplier or 1.0,
        seed=options.seed,
    )
    return Open(shape=shape)


def _ramp(options: Options) -> Ramp:
    return Ramp(
        first_per_s=options.first_rate,
        factor=options.factor,
        step_s=options.step_s,
        most_per_s=options.most_rate,
        most_s=options.minutes * 60,
    )


def _words(pace: Closed | Open) -> str:
    if isinstance(pace, Open):
        return f"{len(pace.shape.moments_s):,} requests, {pace.shape.name}"
    return f"{pace.users} users for {pace.seconds} s"


def _find(
    samples: "list[Sample]",
    *,
    about: About,
    options: Options,
    pace: Closed | Open,
    profile: "Profile | None",
) -> Finding:
    planned = len(pace.shape.moments_s) if isinstance(pace, Open) and pace.until is None else None
    limits = Limits(sla_s=options.sla_s, p99_s=options.p99_ms / 1e3, planned=planned)
    verdict = judge(samples, limits)
    if options.shape == "ramp":
        found = find_break(samples, ramp=_ramp(options), limits=limits)
        return Finding(about=about, limits=limits, verdict=verdict, breakpoint=found)
    if profile is None:
        return Finding(about=about, limits=limits, verdict=verdict)
    seconds = options.minutes * 60
    return Finding(
        about=about,
        limits=limits,
        verdict=verdict,
        peaks=by_peak(samples, profile=profile, day=options.day, seconds=seconds),
        hours=by_hour(samples, seconds=seconds),
    )


@contextmanager
def _deployment(host: str | None, options: Options) -> "Iterator[str]":
    if host is not None:
        yield host
        return
    if not options.bundle.is_dir():
        raise InputError(f"{options.bundle} is missing; make it with make bundle, or give a host to test")
    say("no host is given: deploying on this machine")
    start = time.perf_counter()
    environments = options.environments
    if options.shape == "steady":
        environments = min(options.users, environments)
    # Without a limit the emulator starts a process for each who waits, until the machine is of no use to anybody.
    concurrency = environments if options.shape == "ramp" else None
    with local_deployment(
        bundle=options.bundle, environments=environments, concurrency=concurrency
    ) as deployment:
        say(f"ready after {time.perf_counter() - start:.1f} s")
        yield deployment.base_url


def main(argv: "Sequence[str] | None" = None) -> int:
    """Test as the command line says; see the module for exit codes."""
    options = parse(argv, about=__doc__ or "")
    try:
        with stop_on_signals():
            finding = _run(options)
            figures = json.dumps(as_dict(finding), indent=2)
            write_whole(options.summary, figures + "\n")
            write_whole(options.markdown, as_markdown(finding))
    except Stopped as stopped:
        return 128 + stopped.signum
    except NightjarError as error:
        refuse(error)
        return 2 if isinstance(error, InputError) else 1
    print(figures if options.json else as_table(finding))
    say(f"written: {options.summary}, {options.markdown}, {options.html}")
    return 0 if finding.passed else 1


if __name__ == "__main__":
    sys.exit(main())
