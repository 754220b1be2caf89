"""``make bench``: how quickly the bundle starts and answers, beside an empty handler and the usual ways.

Every handler is started by the real runtime client against a small Runtime API on this machine, in turn, round
after round. Results go to bench.json and bench.svg; targets are reported, and do not decide the exit code.
With --soak only memory is watched, over many requests.

Exit codes: 0 measured; 1 a handler failed; 2 nothing could be measured (bundle or model missing, or not of one
conversion), with what to do; 130 or 143 stopped.

Example:
    python -m loadtests.bench --bundle build/bundle --rounds 9
"""

__all__ = ["main", "parser"]

import argparse
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.contract import load_contract
from function.errors import ArtefactError, NightjarError
from infra.bundle import BundleError, read
from infra.commandline import parser_of, refuse, whole_number
from infra.local.emulator import scratch_folder
from infra.local.process import Stopped, stop_on_signals
from infra.tree import write_zip
from loadtests import bench_measure as measure
from loadtests.bench_candidates import bundled, candidates, request
from loadtests.bench_figure import draw
from loadtests.bench_machine import describe, drop_page_cache, quota
from loadtests.bench_report import as_table, targets
from loadtests.bench_results import Results, write_results
from loadtests.bench_soak import as_text, requests_of, soak, write_soak
from loadtests.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.bench_candidates import Candidate
    from loadtests.bench_results import Starts
    from loadtests.bench_soak import Reading

MEMORY_MB = (256, 512, 1024, 1769)
LEAN = frozenset({"nightjar", "empty", "binding"})
"""Handlers that are started in every round under a quota; with a seventh of a core, others take ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: Fresh processes of each handler, at full speed and with each share of a core.
        slow_rounds: The same of the slow handlers with a share of a core.
        warm: Answers after the first, in each process.
        requests: After which memory is read again.
        repeats: Requests timed in-process.
        batches: Runs of the large batch.
        memory_mb: Shares of a core to measure with.
    """

    rounds: int = 9
    slow_rounds: int = 2
    warm: int = 30
    requests: int = 1_000
    repeats: int = 3_000
    batches: int = 7
    memory_mb: tuple[int, ...] = MEMORY_MB


QUICK = Plan(rounds=1, slow_rounds=0, warm=5, requests=50, repeats=200, batches=1, memory_mb=(512, 1769))
"""Shows that everything works, not how quick it is."""


def run(
    *, artefact: Path, bundle: Path, estimator: Path, out: Path, plan: Plan, say: "Callable[[str], None]"
) -> Results:
    """Measure.

    Args:
        artefact: The converted model.
        bundle: With the same model.
        estimator: What it was converted from, ``.skops``.
        out: Folder that keeps what was prepared.
        plan: How much to measure.
        say: Gets a line to show.

    Raises:
        ArtefactError: The artefact is missing or damaged.
        BundleError: The bundle is missing.
        InputError: They are not of one conversion, or the estimator cannot be read.
        RunError: A handler failed.
    """
    contract, built = load_contract(artefact), read(bundle)
    if load_contract(bundle / "model").model != contract.model:
        raise InputError(f"{bundle} holds another model than {artefact}; run make bundle")
    say("preparing the handlers")
    every = candidates(built, contract, estimator=estimator, out=out)
    by_name = {item.name: item for item in every}
    event = request(contract, advice=True)
    skipped: dict[str, str] = {}
    with scratch_folder() as scratch:
        # Whatever is not compiled or not in memory yet is so after this.
        measure.alternate(every, event, rounds=1, warm=0, scratch=scratch, say=lambda _: say("warming up"))
        full = measure.alternate(every, event, rounds=plan.rounds, warm=plan.warm, scratch=scratch, say=say)
        memory = _by_memory(every, event, plan, scratch=scratch, say=say, skipped=skipped)
        cold = _can(drop_page_cache, "bytes read with a cold page cache", skipped)
        footprints = {}
        for item in every:
            say(f"memory and bytes read: {item.title}")
            footprints[item.name] = measure.footprint(
                item, event, requests=plan.requests, cold=cold, scratch=scratch
            )
        say("warm requests")
        warm = measure.warm_split(by_name["nightjar"], contract, repeats=plan.repeats, scratch=scratch)
        say("a large batch")
        batch = measure.batch(by_name["nightjar"], by_name["binding"], repeats=plan.batches, scratch=scratch)
        write_zip(bundle, scratch / "bundle.zip")
        zipped_mb = (scratch / "bundle.zip").stat().st_size / 1e6
    say("")
    return Results(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=describe(),
        model=contract.model.name,
        model_version=contract.model.version,
        full=full,
        memory=memory,
        footprint=footprints,
        unzipped_mb=built.size_bytes / 1e6,
        zipped_mb=zipped_mb,
        warm_us=warm,
        batch=batch,
        skipped=skipped,
    )


def _soak(options: argparse.Namespace) -> "list[Reading]":
    events = requests_of(load_contract(options.bundle / "model"))
    ours = bundled(read(options.bundle), out=options.out)
    with scratch_folder() as scratch:
        readings = soak(ours, events, requests=options.soak, scratch=scratch, say=_say)
    _say("")
    write_soak(readings, options.out)
    return readings


def _by_memory(
    every: "list[Candidate]",
    event: Any,
    plan: Plan,
    *,
    scratch: Path,
    say: "Callable[[str], None]",
    skipped: dict[str, str],
) -> "dict[int, dict[str, Starts]]":
    groups = [
        ([item for item in every if item.name in LEAN], plan.rounds),
        ([item for item in every if item.name not in LEAN], plan.slow_rounds),
    ]
    found: dict[int, dict[str, Starts]] = {}
    for memory_mb in plan.memory_mb:

        def say_share(text: str, memory_mb: int = memory_mb) -> None:
            say(f"{memory_mb} MB, {text}")

        found[memory_mb] = {}
        try:
            with quota(memory_mb) as share:
                for group, rounds in groups:
                    if rounds:
                        found[memory_mb] |= measure.alternate(
                            group,
                            event,
                            rounds=rounds,
                            warm=plan.warm,
                            scratch=scratch,
                            say=say_share,
                            quota=share,
                        )
        except OSError as error:
            skipped["shares of a core"] = str(error)
            return {}
    return found


def _can(attempt: "Callable[[], None]", what: str, skipped: dict[str, str]) -> bool:
    try:
        attempt()
    except OSError as error:
        skipped[what] = str(error)
        return False
    return True


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("loadtests.bench", __doc__)
    for name, default, meaning in (
        ("artefact", "build/model", "the converted model"),
        ("bundle", "build/bundle", "what is started"),
        ("model", "model/sleep.skops", "what was converted, for the scikit-learn rival"),
        ("out", "build/bench", "folder for results and prepared handlers"),
    ):
        result.add_argument(
            f"--{name}", type=Path, default=Path(default), help=f"{meaning} (default: %(default)s)"
        )
    result.add_argument(
        "--rounds", type=whole_number(1), default=9, help="fresh processes of each (default: %(default)s)"
    )
    result.add_argument("--quick", action="store_true", help="one round of little: does it work at all?")
    result.add_argument(
        "--soak",
        type=whole_number(1),
        metavar="N",
        help="only watch the memory of one process over N requests",
    )
    result.add_argument("--json", action="store_true", help="print the results as JSON")
    return result


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


def main(argv: "Sequence[str] | None" = None) -> int:
    """Measure as the command line says; see the module for exit codes."""
    options = parser().parse_args(argv)
    try:
        with stop_on_signals():
            options.out.mkdir(parents=True, exist_ok=True)
            if options.soak:
                readings = _soak(options)
                print(json.dumps(readings) if options.json else as_text(readings))
                return 0
            results = run(
                artefact=options.artefact,
                bundle=options.bundle,
                estimator=options.model,
                out=options.out,
                plan=QUICK if options.quick else Plan(rounds=options.rounds),
                say=_say,
            )
            write_results(results, options.out)
            draw(results, options.out)
    except Stopped as stopped:
        return 128 + stopped.signum
    except NightjarError as error:
        refuse(error)
        return 2 if isinstance(error, ArtefactError | BundleError | InputError) else 1
    if options.json:
        judged = [{**target._asdict(), "met": target.met} for target in targets(results)]
        print(json.dumps({**results.to_dict(), "targets": judged}, indent=1))
    else:
        print(as_table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
